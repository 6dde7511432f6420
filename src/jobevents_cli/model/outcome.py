"""How a job or plan ended, by its events and by its own state: the worse of the two counts."""

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.model.event import JOB_ABORTED, JOB_STOPPING, PLAN_FAILED, Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import Kind
from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.model.progress import Progress


class Outcome(Enum):
    """How a job ended, from good to worst: `max` gives the worst. `str(outcome)` is its name."""

    SUCCEEDED = 0
    FAILED = 1
    STOPPED = 2

    def __str__(self) -> str:
        return self.name

    def __lt__(self, other: "Outcome") -> bool:
        return self.value < other.value

    @property
    def is_bad(self) -> bool:
        """Whether anything went wrong."""
        return self is not Outcome.SUCCEEDED

    @property
    def status(self) -> ExitStatus:
        """The exit status for it."""
        return (ExitStatus.DONE, ExitStatus.NODES_FAILED, ExitStatus.STOPPED)[self.value]


class Ending(NamedTuple):
    """What is known about a job when following it ends; *outcome* is None if the job has not ended."""

    outcome: Outcome | None
    job: Job | None


_JOB_STATES: Final[Mapping[str, Outcome]] = {
    "finished": Outcome.SUCCEEDED,
    "failed": Outcome.FAILED,
    "stopped": Outcome.STOPPED,
    "aborted": Outcome.STOPPED,
}
_PLAN_STATES: Final[Mapping[str, Outcome]] = {
    "success": Outcome.SUCCEEDED,
    "failure": Outcome.FAILED,
    "stopped": Outcome.STOPPED,
}


def outcome_of(kind: Kind, progress: Progress, last: Event | None) -> Outcome:
    """The outcome of a job or plan that is over.

    *progress* holds its events and its own state, *last* is the event of its end; either may be unknown. A plan's
    outcome is its own: it can succeed although one of its jobs failed.
    """
    if kind is Kind.PLAN:
        return _plan_outcome(progress)
    return _job_outcome(progress, last)


def _plan_outcome(progress: Progress) -> Outcome:
    by_events = Outcome.FAILED if progress.counts[PLAN_FAILED] else Outcome.SUCCEEDED
    by_state = _PLAN_STATES.get(progress.job.state if progress.job else "", Outcome.SUCCEEDED)
    return max(by_events, by_state)


def _job_outcome(progress: Progress, last: Event | None) -> Outcome:
    """The outcome of a job. Manuals say only that job_finished has "the final state": any known word counts."""
    states = {progress.job.state} if progress.job else set()
    if last:
        states |= _states_in(last)
    known = {_JOB_STATES[state] for state in states if state in _JOB_STATES}
    stop_was_requested = progress.counts[JOB_STOPPING] > 0 and not known
    if progress.counts[JOB_ABORTED] or stop_was_requested:
        known.add(Outcome.STOPPED)
    if progress.failed_nodes:
        known.add(Outcome.FAILED)
    return max(known, default=Outcome.SUCCEEDED)


def _states_in(last: Event) -> set[str]:
    places = (last.details, last.detail, as_mapping(last.details.get("job")))
    return {as_text(place.get(key)).lower() for place in places for key in ("state", "status")}
