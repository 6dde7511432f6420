"""From the events and the job's own state to how the job ended: the worse of the two counts."""

from dataclasses import dataclass
from enum import IntEnum

from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import TERMINAL_STATES, Job
from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.model.progress import Progress


class Outcome(IntEnum):
    """How a job ended, from good to worst."""

    SUCCEEDED = 0
    FAILED = 1
    STOPPED = 2

    @property
    def status(self) -> ExitStatus:
        """The exit status that tells it."""
        return (ExitStatus.DONE, ExitStatus.NODES_FAILED, ExitStatus.STOPPED)[self]


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known of a job when following it ends; *outcome* is None where the job goes on."""

    outcome: Outcome | None
    job: Job | None
    event: Event | None = None


def outcome_of(progress: Progress, last: Event | None, job: Job | None) -> Outcome:
    """The outcome of a job that is over.

    *last* is its job_finished or job_aborted event, *job* what `GET /jobs/:job-id` said at the end; either
    may be None. What job_finished carries is documented only as "the final state": a known word is believed.
    """
    states = {job.state} if job else set()
    if last:
        states |= _states_in(last)
    known = states & {*TERMINAL_STATES, "aborted"}
    stop_was_asked = progress.counts["job_stopping"] > 0 and not known
    if progress.counts["job_aborted"] or known & {"stopped", "aborted"} or stop_was_asked:
        return Outcome.STOPPED
    node_states = (job.node_states if job else None) or {}
    failed_nodes = sum(node_states.get(state, 0) for state in ("failed", "errored", "skipped"))
    if progress.failed_nodes or failed_nodes or "failed" in known:
        return Outcome.FAILED
    return Outcome.SUCCEEDED


def _states_in(last: Event) -> set[str]:
    places = (last.details, last.detail, as_mapping(last.details.get("job")))
    return {as_text(place.get(key)).lower() for place in places for key in ("state", "status")}
