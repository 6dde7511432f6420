"""What `show` knows about a job or a plan, in the small form that each of its formats prints."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Any, Final, NamedTuple

from jobevents_cli.model.event import CLOSING_STATES
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.json_text import encoded, without_key
from jobevents_cli.model.node import Node
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.render.details import report_link, what_happened
from jobevents_cli.render.json_line import JsonLines, safe_json
from jobevents_cli.render.looks import CHANGED, FINISHED_WITH_ERROR, Look, look_of
from jobevents_cli.render.node_result import result_lines

STATES: Final = ("finished", "failed", "errored", "skipped", "stopped", "stopping", "running", "ready", "new")
"""The states of nodes and jobs in the order in which counts are shown; unknown ones follow."""

_LONGEST_WHAT: Final = 10_000
_LONGEST_TEXT: Final = 2_000
_SHORT: Final = 300
"""Characters of a node's result that are kept in a large job: 50,000 nodes must fit into memory."""

_MANY: Final = 5_000
"""After so many nodes only short texts are kept."""

_PIECE: Final = 1_000
"""Nodes of JSON that are written at once."""

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

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens on the node."""
        return self.state in _OVER

    @property
    def is_failure(self) -> bool:
        """Whether it failed, errored or was skipped, or finished with an error."""
        return self.look.is_failure


@dataclass(frozen=True, slots=True)
class JobDetails:
    """A job and those of its nodes that are shown; *ref* is None for saved events that name no job.

    It has more than a dozen attributes because it holds all that any of the formats prints.
    """

    ref: JobRef | None
    job: Job
    nodes: Sequence[ShownNode] = ()
    counts: Counter[str] = field(default_factory=Counter)
    """How many nodes are in each state, the nodes that are not shown too."""
    changed: int = 0
    outcome: Outcome | None = None
    """None if the job has not ended, as far as is known."""
    only: Node | None = None
    """The only node that is shown, if `--node` chose it."""
    lines: Sequence[bytes] = ()
    """The nodes as JSON, if that is the format; then *nodes* is empty."""
    seconds: float | None = None
    """Seconds that the job took, or has taken so far."""
    problem: str = ""
    """Why this job of a plan could not be read."""
    why: Mapping[str, str] = field(default_factory=dict)
    """For each failed node its cause, if causes are shown."""
    why_lines: Sequence[str] = ()
    """The causes, grouped, for people."""
    causes: Sequence[Mapping[str, Any]] | None = None
    """The causes as JSON objects; None if causes are not shown."""

    @property
    def label(self) -> str:
        """The job's name in headings."""
        return self.ref.label.capitalize() if self.ref else "Job"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.job.is_over


@dataclass(frozen=True, slots=True)
class PlanDetails(JobDetails):
    """A plan with its jobs; it has no nodes. *job* is a `Plan`."""

    jobs: Sequence[JobDetails] = ()


class NodeChoice:
    """Which nodes are shown: `--node` and `--failures`."""

    def __init__(self, globs: Iterable[str] = (), *, failures: bool = False) -> None:
        self.globs = tuple(globs)
        self.failures = failures
        self._names = re.compile("|".join(translate(glob) for glob in self.globs)) if self.globs else None

    def __bool__(self) -> bool:
        """Whether it leaves any node out."""
        return self.failures or self._names is not None

    def __call__(self, node: Node, look: Look) -> bool:
        """Whether *node* is shown."""
        if self.failures and not look.is_failure:
            return False
        return self.has_name(node.name)

    def has_name(self, name: str) -> bool:
        """Whether `--node` allows a node of that *name*."""
        return self._names is None or self._names.match(name) is not None


class NodeCollector:
    """Takes a job's nodes one after the other and keeps only what is shown of them."""

    def __init__(self, choice: NodeChoice, now: float, *, as_json: bool = False, on_terminal: bool = False) -> None:
        """*now* is the orchestrator's clock. *as_json*: keep the nodes as JSON and nothing else."""
        self.counts: Counter[str] = Counter()
        self.changed = 0
        self.with_error = 0
        self.nodes: list[ShownNode] = []
        self.lines: list[bytes] = []
        self.now = now
        self._choice = choice
        self._as_json = as_json
        self._json = JsonLines(on_terminal=on_terminal)
        self._first: Node | None = None

    def add(self, node: Node) -> None:
        """Count *node*, and keep it if it is shown."""
        event = node.as_event()
        look = look_of(event)
        self.counts[node.state] += 1
        self.changed += look is CHANGED
        self.with_error += look is FINISHED_WITH_ERROR
        if not self._choice(node, look):
            return
        if self._as_json:
            self.lines.append(self._json.line(node.text, JobRef.unknown()).rstrip())
            return
        if not self.nodes:
            self._first = node
        is_many = len(self.nodes) >= _MANY
        what = what_happened(event)[: _SHORT if is_many else _LONGEST_WHAT]
        longest = _SHORT if is_many else _LONGEST_TEXT
        text = "\n".join(result_lines(node, longest=longest)) if look.is_failure else ""
        shown = ShownNode(
            node.name,
            node.state,
            look,
            node.started_at,
            node.seconds(self.now) if node.started_at is not None or node.state in _OVER else None,
            what,
            "" if text == what else text,
            report_link(event),
        )
        self.nodes.append(shown)

    @property
    def only(self) -> Node | None:
        """The only node that `--node` chose, else None."""
        return self._first if self._choice.globs and len(self.nodes) == 1 else None


def job_seconds(job: Job, now: float) -> float | None:
    """Return the seconds that the job took, or has taken until *now*."""
    if job.duration is not None:
        return job.duration
    if job.started_at is None or (job.is_over and job.finished_at is None):
        return None
    return max(0.0, (now if job.finished_at is None else job.finished_at) - job.started_at)


def in_order(nodes: Iterable[ShownNode]) -> list[ShownNode]:
    """Return *nodes* with the failures first, skipped ones last among these; then by start time and name.

    Nodes that did not start come after those that did.
    """
    return sorted(nodes, key=_place)


def _place(node: ShownNode) -> tuple[int, float, str]:
    rank = 2 if not node.is_failure else 1 if node.state == "skipped" else 0
    return rank, float("inf") if node.started_at is None else node.started_at, node.name


def json_pieces(details: Iterable[JobDetails], *, nodes_only: bool, on_terminal: bool) -> Iterator[bytes]:
    """Yield *details* as JSON Lines: each job with its nodes under `nodes`, each plan with its jobs under `jobs`.

    *nodes_only*: a line for each node instead. The nodes were collected as JSON.
    """
    for job in details:
        if nodes_only:
            for one in job.jobs if isinstance(job, PlanDetails) else (job,):
                yield from (b"\n".join((*piece, b"")) for piece in _in_pieces(one.lines))
        elif isinstance(job, PlanDetails):
            jobs = [safe_json(one.job.text) if on_terminal else one.job.text for one in job.jobs]
            yield from _with_list(job, "jobs", jobs, on_terminal=on_terminal)
        else:
            yield from _with_list(job, "nodes", job.lines, on_terminal=on_terminal)


def _with_list(job: JobDetails, key: str, elements: Sequence[bytes], *, on_terminal: bool) -> Iterator[bytes]:
    """Yield the job's document, its last key *key* with *elements*: the server's own is a link to them."""
    document = without_key(job.job.text, key)
    if job.causes is not None:
        document = without_key(document, "causes")
        comma = b"," if document != b"{}" else b""
        document = b'%b%b"causes":%b}' % (document[:-1], comma, encoded(job.causes))
    if on_terminal:
        document = safe_json(document)
    comma = b"," if document != b"{}" else b""
    yield document[:-1] + comma + b'"%s":[' % key.encode()
    between = b""
    for piece in _in_pieces(elements):
        yield between + b",".join(piece)
        between = b","
    yield b"]}\n"


def _in_pieces(elements: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (elements[at : at + _PIECE] for at in range(0, len(elements), _PIECE))


def ordered_counts(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the *counts* by state that are not zero, always in the same order."""
    known = [(state, counts[state]) for state in STATES if counts.get(state)]
    return known + sorted((state, count) for state, count in counts.items() if count and state not in STATES)
