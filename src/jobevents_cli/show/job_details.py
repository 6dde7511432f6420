"""What `show` knows about a job or a plan, and how it asks the orchestrator for it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.errors import AccessDenied, RequestRefused, TokenRefused
from jobevents_cli.following.filters import node_filter
from jobevents_cli.model.event import CLOSING_STATES
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.node import Node
from jobevents_cli.model.outcome import Outcome, outcome_of
from jobevents_cli.model.plan import Plan
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.details import node_text
from jobevents_cli.render.looks import CHANGED, FINISHED_WITH_ERROR, Look, look_of_node
from jobevents_cli.runtime.job_search import read_nodes
from jobevents_cli.runtime.loop import Pause, Requests
from jobevents_cli.runtime.retrying import retried
from jobevents_cli.show.node_result import result_lines

_LONGEST_WHAT: Final = 10_000
_LONGEST_TEXT: Final = 2_000
_SHORT: Final = 300
"""Characters of a node's result that are kept in a large job: 50,000 nodes must fit into memory."""

_MANY: Final = 5_000
"""Nodes after which only short texts are kept."""

_PIECE: Final = 500
"""Nodes after which the loop looks at signals."""

RUNNING: Final = "running"
NOT_STARTED: Final = ("new", "ready")
"""The states of nodes on which nothing has happened."""

_OVER: Final = (*CLOSING_STATES.values(), "stopped")


class ShownNode(NamedTuple):
    """A node as the formats show it. Texts are as the server sent them: each format escapes them."""

    name: str
    state: str
    look: Look
    started_at: float | None
    seconds: float | None
    what: str
    """What happened, on one line."""
    text: str
    """A failed node's whole result, if that is more than *what*; else empty."""
    link: str
    """The address of its report, or empty."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens on the node."""
        return self.state in _OVER

    @property
    def is_failure(self) -> bool:
        """Whether it failed, errored or was skipped, or finished with an error."""
        return self.look.is_failure

    @property
    def place(self) -> tuple[int, float, str]:
        """Where it stands: failures first, skipped ones last among them; then what runs, the longest first.

        The others follow by start time and name, and at the end those that did not start.
        """
        rank = 3
        if self.is_failure:
            rank = 1 if self.state == "skipped" else 0
        elif self.state == RUNNING:
            rank = 2
        return rank, float("inf") if self.started_at is None else self.started_at, self.name


@dataclass(frozen=True, slots=True)
class NodeChoice:
    """Which nodes are shown: `--node`, `--failures` and `--running`."""

    globs: tuple[str, ...] = ()
    failures: bool = False
    running: bool = False

    def __bool__(self) -> bool:
        """Whether it leaves any node out."""
        return bool(self.globs) or self.failures or self.running

    @property
    def has_name(self) -> Callable[[str], bool] | None:
        """Whether `--node` allows a node of a name; None allows all."""
        return node_filter(self.globs) if self.globs else None


class Nodes:
    """A job's nodes: how many are in each state, and of those that are shown what the format needs."""

    def __init__(self, choice: NodeChoice | None = None, *, as_json: bool = False) -> None:
        """*as_json*: keep the nodes as JSON and nothing else."""
        self.shown: list[ShownNode] = []
        self.lines: list[bytes] = []
        """The nodes as JSON, if that is the format; then *shown* is empty."""
        self.counts: Counter[str] = Counter()
        self.changed = 0
        self.with_error = 0
        """Nodes that finished with an error."""
        self._choice = choice or NodeChoice()
        self._has_name = self._choice.has_name
        self._as_json = as_json
        self._first: Node | None = None

    def add(self, node: Node, now: float, job: Job | None = None) -> None:
        """Count *node* of *job*, and keep it if it is shown; *now* is the orchestrator's clock."""
        look = look_of_node(node.state, node.detail, job)
        self.counts[node.state] += 1
        self.changed += look is CHANGED
        self.with_error += look is FINISHED_WITH_ERROR
        if not self._is_shown(node, look):
            return
        if self._as_json:
            self.lines.append(node.text)
            return
        self._first = self._first or node
        is_many = len(self.shown) >= _MANY
        what = node_text(node.state, node.detail, node.message)[: _SHORT if is_many else _LONGEST_WHAT]
        text = ""
        if look.is_failure:
            text = "\n".join(result_lines(node, longest=_SHORT if is_many else _LONGEST_TEXT))
        has_time = node.started_at is not None or node.state in _OVER
        self.shown.append(
            ShownNode(
                node.name,
                node.state,
                look,
                node.started_at,
                node.seconds(now) if has_time else None,
                what,
                "" if text == what else text,
                node.report_link,
            )
        )

    def _is_shown(self, node: Node, look: Look) -> bool:
        choice = self._choice
        if (choice.failures or choice.running) and not (
            (choice.failures and look.is_failure) or (choice.running and node.state == RUNNING)
        ):
            return False
        return self._has_name is None or self._has_name(node.name)

    @property
    def only(self) -> Node | None:
        """The only node that `--node` chose, else None."""
        return self._first if self._choice.globs and len(self.shown) == 1 else None


class Why(NamedTuple):
    """What went wrong, in the form that each format prints."""

    by_node: Mapping[str, str]
    """For each failed node its causes."""
    lines: Sequence[str]
    """The causes, grouped, for people."""
    objects: Sequence[Mapping[str, Any]]
    """The causes as JSON objects."""


@dataclass(frozen=True, slots=True)
class JobDetails:
    """A job with its nodes, or a plan with its jobs; *ref* is None for saved events that name no job."""

    ref: JobRef | None
    job: Job
    nodes: Nodes = field(default_factory=Nodes)
    outcome: Outcome | None = None
    """None if the job has not ended, as far as is known."""
    seconds: float | None = None
    """Seconds that the job took, or has taken so far."""
    problem: str = ""
    """Why this job of a plan could not be read."""
    jobs: Sequence["JobDetails"] = ()
    """A plan's jobs."""
    why: Why | None = None
    """None if causes are not shown."""

    @property
    def label(self) -> str:
        """The job's name in headings."""
        return self.ref.label.capitalize() if self.ref else "Job"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.job.is_over

    @property
    def plan(self) -> Plan | None:
        """The plan, if it is one."""
        return self.job if isinstance(self.job, Plan) else None


def job_details(
    client: Orchestrator, ref: JobRef, new_nodes: Callable[[], Nodes], *, with_nodes: bool = True
) -> Requests[JobDetails]:
    """Return the job or plan *ref* as it is now; each job's nodes are added to new ones of *new_nodes*.

    *with_nodes*: also request the nodes of a plan's jobs. Requests that fail are repeated for 5 s.
    """
    job = yield from retried(partial(client.job, ref))
    if not isinstance(job, Plan):
        return (yield from _with_nodes(client, ref, job, new_nodes()))
    jobs = []
    for number, state in sorted(job.child_states.items()):
        jobs.append((yield from _child(client, JobRef.job(number), state, new_nodes() if with_nodes else None)))
    progress = Progress()
    progress.take_job(job)
    outcome = outcome_of(Kind.PLAN, progress, None) if job.is_over else None
    return JobDetails(ref, job, outcome=outcome, seconds=job.seconds(client.server_time()), jobs=jobs)


def _child(client: Orchestrator, ref: JobRef, state: str, nodes: Nodes | None) -> Requests[JobDetails]:
    """Return one of a plan's jobs. If it cannot be read, what the plan says about it, and why."""
    try:
        job = yield from retried(partial(client.job, ref))
        if nodes is not None:
            return (yield from _with_nodes(client, ref, job, nodes))
        return JobDetails(ref, job, seconds=job.seconds(client.server_time()))
    except TokenRefused:
        raise
    except (AccessDenied, RequestRefused) as error:
        return JobDetails(ref, Job({"name": str(ref.number), "state": state}), problem=f"not readable: {error}")


def _with_nodes(client: Orchestrator, ref: JobRef, job: Job, nodes: Nodes) -> Requests[JobDetails]:
    found: list[Node] = []
    yield from read_nodes(client.nodes, ref.number, job.node_count, found.extend)
    now = client.server_time()
    for count, node in enumerate(found):
        nodes.add(node, now, job)
        if count % _PIECE == 0:
            yield Pause(0)
    progress = Progress({f"node_{state}": count for state, count in nodes.counts.items()})
    progress.take_job(job)
    outcome = outcome_so_far(outcome_of(Kind.JOB, progress, None), nodes, is_over=job.is_over)
    return JobDetails(ref, job, nodes, outcome, job.seconds(now))


def outcome_so_far(outcome: Outcome, nodes: Nodes, *, is_over: bool) -> Outcome | None:
    """Return how the job ended; None if it has not, unless a node has failed already: then the job will fail."""
    if nodes.with_error:
        outcome = max(outcome, Outcome.FAILED)
    return outcome if is_over or outcome is Outcome.FAILED else None
