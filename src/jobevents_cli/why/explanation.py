"""What `why` found out about a job, a plan or saved events: counts, causes, and how to run the failed nodes again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.model.plan import Plan
from jobevents_cli.why.again import Again
from jobevents_cli.why.causes import Cause
from jobevents_cli.why.failures import FAILED_STATES, EndedNode

_TASKS: Final = ("task", "plan_task")


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

    def text(self, width: int | None = None) -> str:
        """Return what `jobevents why` prints on a screen *width* columns wide; without one in whole lines."""
        from jobevents_cli.why.text import plain_text

        return plain_text(self, width)

    def markdown(self) -> str:
        """Return the same as Markdown, safe to append to a step summary or a message."""
        from jobevents_cli.why.text import markdown_text

        return markdown_text(self)


def title_of(job: Job) -> str:
    """Return what *job* or plan it is, in a few words: `deploy in production`."""
    what = job.plan_name if isinstance(job, Plan) else job.type
    if job.type in _TASKS:
        what = f"{what} {as_text(as_mapping(job.raw.get('options')).get('task'))}".strip()
    return f"{what} in {job.environment}" if job.environment else what


def counts_of(nodes: Iterable[EndedNode], node_count: int) -> Counts:
    """Return the counts of *nodes*, those that ended badly, among *node_count*. A node counts once in each state."""
    failed: set[str] = set()
    skipped: set[str] = set()
    finished: set[str] = set()
    for node in nodes:
        if node.state in FAILED_STATES:
            failed.add(node.name)
        elif node.state == "skipped":
            skipped.add(node.name)
        elif node.has_finished_with_error:
            finished.add(node.name)
    return Counts(max(node_count, len(failed | skipped | finished)), len(failed), len(skipped), len(finished))
