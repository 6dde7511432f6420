"""When following ends: an end that was seen, events that settle, and faults that may delay it a little."""

import pytest

from jobevents_cli.following.end_watch import FAULTS_FOR, EndWatch
from jobevents_cli.model.event import Event, event_of
from jobevents_cli.model.job_ref import Kind


def _event(kind: str) -> Event:
    return event_of({"type": kind})


@pytest.mark.parametrize(
    ("kind", "types", "last"),
    [
        (Kind.JOB, ["node_finished", "job_stopping"], None),
        (Kind.JOB, ["job_finished"], "job_finished"),
        (Kind.JOB, ["job_finished", "job_aborted", "job_finished"], "job_aborted"),
        (Kind.PLAN, ["plan_start", "plan_end", "job_finished"], None),
        (Kind.PLAN, ["plan_failed"], "plan_failed"),
        (Kind.PLAN, ["plan_finished"], "plan_finished"),
    ],
)
def test_which_event_is_the_end(kind: Kind, types: list[str], last: str | None) -> None:
    """job_stopping ends no job, sub-plans end no plan; of two ends the bad one counts."""
    watch = EndWatch(kind)
    watch.see_events(map(_event, types), 100)
    assert (watch.last.type if watch.last else None) == last
    assert watch.ended_at == (100 if last else None)


def test_the_end_is_dated_when_it_was_seen_first() -> None:
    """The job's state and its event both show the end; the earlier one counts."""
    watch = EndWatch(Kind.JOB, settle=3)
    watch.see_end(100)
    watch.see_events([_event("job_finished")], 101)
    assert watch.ended_at == 100
    assert watch.settled_at(100) == 103


def test_before_the_end_faults_have_no_limit_here() -> None:
    """While the job runs, requests keep their own limits and retries their own delays."""
    watch = EndWatch(Kind.JOB)
    assert watch.fault_time_left == float("inf")
    assert watch.limit(30) == 30
    assert watch.delay_after_fault(20, 100, 105) == 20


def test_after_the_end_faults_delay_it_by_15_seconds_in_all() -> None:
    """Failed requests and the pauses after them use up the time; at last following ends with what is known."""
    watch = EndWatch(Kind.JOB)
    watch.see_end(100)
    assert watch.limit(30) == FAULTS_FOR
    assert watch.delay_after_fault(5, 98, 104) == 5, "4 s since the end, and a pause of 5 s"
    assert watch.fault_time_left == 6
    assert watch.delay_after_fault(20, 109, 110) == 5, "1 s, and a pause no longer than what is left"
    assert watch.fault_time_left == 0
    assert watch.limit(30) == 1, "a request has at least a second"
    assert watch.delay_after_fault(1, 115, 116) is None
