"""What `why` found out about a job, a plan or saved events: counts, causes, and how to run the failed nodes again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jobevents_cli.model.causes import Cause, CauseKind
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.model.node_failures import FAILED_STATES, EndedNode
from jobevents_cli.model.node_result import is_noop
from jobevents_cli.model.plan import Plan

_TASKS: Final = ("task", "plan_task")


@dataclass(frozen=True, slots=True)
class Again:
    """What `puppet job run` or, with a *task*, `puppet task run` needs to run the *nodes* again."""

    nodes: tuple[str, ...]
    task: str = ""
    environment: str = ""
    noop: bool = False
    has_parameters: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many nodes there are, how many failed or errored, were skipped, and finished although with an error."""

    nodes: int
    failed: int = 0
    skipped: int = 0
    finished_with_error: int = 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a job failed. *ref* is None for saved events that name no job.

    *state* and *title* are the orchestrator's (`failed`, `deploy in production`), empty if not known. *notices* are
    sentences for standard error: what is missing, and how to get it. *is_narrowed*: only some nodes were looked at.
    """

    ref: JobRef | None
    state: str
    title: str
    counts: Counts
    causes: tuple[Cause, ...]
    is_running: bool = False
    is_narrowed: bool = False
    again: Again | None = None
    notices: tuple[str, ...] = ()

    @property
    def has_problems(self) -> bool:
        """Whether anything went wrong."""
        return bool(self.causes) or self.counts.skipped > 0


def title_of(job: Job) -> str:
    """Return what *job* or plan it is, in a few words: `deploy in production`."""
    what = job.plan_name if isinstance(job, Plan) else job.type
    if job.type in _TASKS:
        what = f"{what} {as_text(as_mapping(job.raw.get('options')).get('task'))}".strip()
    return f"{what} in {job.environment}" if job.environment else what


def counts_of(nodes: Iterable[EndedNode], node_count: int) -> Counts:
    """Return the counts of *nodes*, those that ended badly, among *node_count*."""
    failed = skipped = finished = 0
    for node in nodes:
        failed += node.state in FAILED_STATES
        skipped += node.state == "skipped"
        finished += node.has_finished_with_error
    return Counts(node_count, failed, skipped, finished)


def again_for(job: Job | None, nodes: Iterable[EndedNode]) -> Again | None:
    """Return how to run those of *nodes* again that failed, errored or were skipped; None if nothing can.

    Without a *job* (saved events) it is a Puppet run if a result says so.
    """
    wanted = [node for node in nodes if node.state in FAILED_STATES or node.state == "skipped"]
    names = tuple(sorted({node.name for node in wanted}))
    if not names:
        return None
    if job is None:
        runs = [node.detail for node in wanted if node.kind is CauseKind.RUN]
        environment = next((text for run in runs if (text := as_text(run.get("environment")))), "")
        noop = any(is_noop(run.get("noop")) for run in runs)
        return Again(names, environment=environment, noop=noop) if runs else None
    options = as_mapping(job.raw.get("options"))
    if job.type == "deploy":
        return Again(names, environment=job.environment, noop=is_noop(options.get("noop")))
    task = as_text(options.get("task"))
    if job.type == "task" and task:
        has_parameters = bool(options.get("params") or options.get("parameters"))
        return Again(names, task=task, has_parameters=has_parameters)
    return None
