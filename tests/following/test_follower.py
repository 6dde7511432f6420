"""How the parts of the follower work together, step by step, on a clock of the test."""

from typing import Any

import pytest

from jobevents_cli.errors import RequestRefused, TransientFault
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.notices import (
    ContactLost,
    EventsRestored,
    JobNotRead,
    LateEventsNotRead,
    PlanPending,
    PlanSilent,
)
from jobevents_cli.following.plan_watch import SILENT_FOR
from jobevents_cli.following.update import CheckJob, Done, Fetch, Wait
from jobevents_cli.model.event import Event, event_of
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.plan import Plan

CUT = TransientFault("cut off")
REFUSED = RequestRefused("400")
RUNNING = Job({"state": "running", "node_count": 1})
OVER = Job({"state": "finished", "node_count": 1, "node_states": {"finished": 1}})


def _follower(ref: JobRef | None = None, **how: Any) -> Follower:
    return Follower(ref=ref or JobRef.job(352), sample=lambda: 0.5, **how)


def _event(number: int, kind: str, second: int = 0) -> Event:
    timestamp = f"2026-11-23T10:00:{second:02d}Z"
    return event_of({"id": number, "type": kind, "timestamp": timestamp, "details": {"node": "web01"}})


STORY = [_event(1, "node_running"), _event(2, "node_finished", 4), _event(3, "job_finished", 5)]


def _page(follower: Follower, events: list[Event], now: float, job: Job = RUNNING) -> list[int | None]:
    """Perform the Fetch that is due at *now*, after a look at the *job* if one is due; the ids that were new."""
    step = follower.next_step(now)
    if isinstance(step, CheckJob):
        follower.receive_job(job, now)
        step = follower.next_step(now)
    assert isinstance(step, Fetch), step
    news, _ = follower.receive_events(events, now)
    follower.end_of_page(now)
    return [event.id for event in news]


def _outcome(follower: Follower, now: float) -> Outcome | None:
    step = follower.next_step(now)
    assert isinstance(step, Done), step
    return step.ending.outcome


def test_a_short_job_from_its_first_event_to_its_end() -> None:
    """Events, the job at the end, the events once more; then nothing can be missing."""
    follower = _follower()
    assert _page(follower, STORY, 100) == [1, 2, 3]
    assert follower.has_ended
    assert follower.next_step(100) == CheckJob(15)
    follower.receive_job(OVER, 100.1)
    assert _page(follower, STORY, 100.1) == []
    assert _outcome(follower, 100.2) is Outcome.SUCCEEDED
    assert follower.had_contact


def test_a_job_that_ends_without_an_event() -> None:
    """Its own state shows the end; then events may be late for the settle time."""
    follower = _follower()
    _page(follower, STORY[:1], 100)
    _page(follower, STORY[:1], 101)
    assert follower.next_step(101) == CheckJob(30)
    follower.receive_job(OVER, 101)
    assert _page(follower, STORY[:1], 101) == []
    assert follower.next_step(101) == Wait(1)
    assert follower.next_step(102) == CheckJob(15)
    follower.receive_job(OVER, 102)
    assert _page(follower, STORY[:2], 102) == [2]
    follower.next_step(103)
    follower.receive_job(OVER, 103)
    _page(follower, STORY[:2], 103)
    follower.next_step(104)
    follower.receive_job(OVER, 104)
    _page(follower, STORY[:2], 104)
    assert _outcome(follower, 104) is Outcome.SUCCEEDED


def test_a_fault_while_the_job_runs_is_final_when_the_time_is_over() -> None:
    """It is raised: how the job ends is unknown."""
    follower = _follower(retry_for=2)
    _page(follower, STORY[:1], 100)
    follower.next_step(101)
    follower.receive_fault(CUT, 101)
    assert follower.is_lost
    assert follower.take_notices() == (ContactLost("cut off", 2, had_contact=True),)
    assert follower.next_step(101) == Wait(0.5)
    follower.next_step(101.5)
    with pytest.raises(TransientFault):
        follower.receive_fault(CUT, 110)


def test_a_final_fault_is_raised_at_once() -> None:
    """A refused request is not repeated."""
    follower = _follower()
    follower.next_step(100)
    with pytest.raises(RequestRefused):
        follower.receive_fault(REFUSED, 100)


def test_after_the_end_late_events_that_cannot_be_read_are_given_up() -> None:
    """Faults delay the end by 15 s at most; then it ends with what is known, and says so."""
    follower = _follower()
    _page(follower, STORY, 100)
    follower.next_step(100)
    follower.receive_job(OVER, 100)
    now = 100.0
    while not isinstance(step := follower.next_step(now), Done):
        if isinstance(step, Wait):
            now += step.seconds
        else:
            assert isinstance(step, Fetch)
            follower.receive_fault(CUT, now)
    assert step.ending.outcome is Outcome.SUCCEEDED
    assert now <= 115
    assert follower.take_notices()[-1] == LateEventsNotRead("cut off")


def test_after_the_end_a_job_that_cannot_be_read_is_given_up() -> None:
    """A final fault of the job: how it ended is known by the events, which are read until they have settled."""
    follower = _follower()
    _page(follower, STORY, 100)
    follower.next_step(100)
    follower.receive_job_fault(CUT, 100)
    _page(follower, STORY, 100)
    assert follower.next_step(100) == Wait(0.5), "the next page counts only after a look at the job"
    assert isinstance(follower.next_step(100.5), CheckJob)
    follower.receive_job_fault(REFUSED, 101)
    assert JobNotRead("400") in follower.take_notices()
    for now in (101, 102, 103):
        _page(follower, STORY, now)
    assert _outcome(follower, 103) is Outcome.SUCCEEDED


def test_a_job_that_does_not_answer_for_15_seconds_after_the_end() -> None:
    """Then nothing else is requested."""
    follower = _follower()
    _page(follower, STORY, 100)
    follower.next_step(100)
    follower.receive_job_fault(CUT, 120)
    assert follower.take_notices()[-1] == JobNotRead("cut off")
    assert _outcome(follower, 120) is Outcome.SUCCEEDED


def test_the_job_is_requested_once_before_its_events() -> None:
    """If that fails nothing is said: the events show whether there is contact. A plan's status names its jobs."""
    follower = _follower(job_first=True)
    assert follower.next_step(100) == CheckJob(10)
    follower.receive_job_fault(CUT, 100)
    assert isinstance(follower.next_step(100), Fetch)
    assert follower.take_notices() == ()
    plan = _follower(JobRef.plan(12), job_first=True)
    assert plan.next_step(100) == CheckJob(10)
    plan.receive_job_fault(CUT, 100)
    assert plan.take_notices() == (ContactLost("cut off", 5.0, had_contact=False),)


def test_a_page_before_the_end_of_the_job_does_not_count() -> None:
    """Events read before the end was seen may lack the last ones."""
    follower = _follower(job_first=True)
    assert follower.next_step(100) == CheckJob(10)
    follower.receive_job(RUNNING, 100)
    assert isinstance(follower.next_step(100), Fetch)
    follower.receive_events(STORY, 101)
    follower.end_of_page(102)
    assert follower.next_step(102) == CheckJob(15)
    follower.receive_job(OVER, 102)
    assert _page(follower, STORY, 102) == []
    assert _outcome(follower, 102) is Outcome.SUCCEEDED


def test_a_page_whose_first_part_came_before_the_end_does_not_count() -> None:
    """A response breaks off, the job is over meanwhile: its rest is read, and then the page once more."""
    follower = _follower(job_first=True)
    _page(follower, [], 100)
    assert follower.next_step(101) == CheckJob(30)
    follower.receive_job_fault(CUT, 101)
    follower.next_step(101.1)
    follower.receive_events(STORY[:2], 101.1)
    follower.receive_fault(CUT, 101.1)
    assert follower.next_step(101.5) == CheckJob(30)
    follower.receive_job(OVER, 101.5)
    assert _page(follower, STORY[1:], 101.6) == [3]
    assert _page(follower, STORY, 101.6) == []
    assert _outcome(follower, 101.6) is Outcome.SUCCEEDED


def test_a_restored_database_is_read_from_its_beginning() -> None:
    """Pages without the newest event are not believed for the settle time; then only later events are new."""
    follower = _follower()
    before = [_event(10, "node_running", 1), _event(11, "node_finished", 2)]
    for now in (100, 101):
        _page(follower, before, now)
    _page(follower, before[:1], 103)
    assert follower.take_notices() == ()
    _page(follower, before[:1], 110)
    assert follower.take_notices() == (EventsRestored(11),)
    assert _page(follower, [before[0], _event(11, "node_failed", 9)], 112) == [11]
    assert follower.cursor.newest_timestamp == "2026-11-23T10:00:09Z"


def test_a_plan_says_what_it_waits_for() -> None:
    """It waits to start; later it may be dead; each is said once."""
    follower = _follower(JobRef.plan(12), job_first=True)
    _page(follower, [], 100, job=Plan({"state": "pending"}))
    assert follower.take_notices() == (PlanPending(),)
    running = Plan({"state": "running"})
    _page(follower, [event_of({"id": 1, "type": "plan_start"})], 105, job=running)
    follower.receive_job(running, 106)
    follower.receive_job(running, 105 + SILENT_FOR)
    assert follower.take_notices() == (PlanSilent(SILENT_FOR),)


def test_the_end_of_a_plans_last_job_is_a_reason_to_look_at_the_plan() -> None:
    """The look is due at once."""
    follower = _follower(JobRef.plan(12))
    _page(follower, [event_of({"id": 1, "type": "task_start"})], 100)
    follower.jobs_running(100.1, are_running=True)
    follower.jobs_running(100.5, are_running=False)
    assert isinstance(follower.next_step(100.5), CheckJob)


@pytest.mark.parametrize("state", ["over", "failing"])
def test_no_second_look_is_planned(state: str) -> None:
    """A plan that is over and a look that is being retried need none."""
    follower = _follower(JobRef.plan(12), job_first=True)
    follower.next_step(100)
    if state == "over":
        follower.receive_job(Plan({"state": "success"}), 100)
    else:
        follower.receive_job(Plan({"state": "running"}), 100)
        follower.receive_job_fault(CUT, 100)
    follower.jobs_running(100.1, are_running=True)
    follower.jobs_running(100.2, are_running=False)
    assert isinstance(follower.next_step(100.2), Fetch)


def test_a_job_that_is_no_plan_has_no_jobs() -> None:
    """What is said about its jobs changes nothing."""
    follower = _follower()
    _page(follower, STORY[:1], 100)
    follower.jobs_running(100, are_running=True)
    follower.jobs_running(100, are_running=False)
    assert follower.next_step(100) == Wait(1)


def test_an_update_says_where_another_follower_continues() -> None:
    """Its cursor is given once; its start covers its events, its next start what comes after them."""
    follower = _follower()
    follower.next_step(100)
    news, took = follower.receive_events(STORY[:2], 100)
    update = follower.update(news, took, with_cursor=True)
    assert (update.start, update.next_start, update.took) == (None, 3, [None, 4.0])
    assert update.cursor is not None
    assert update.cursor.counts == {"node_running": 1, "node_finished": 1}
    follower.end_of_page(100)
    assert follower.page_is_whole
    assert follower.update(is_page_end=True, with_cursor=True).cursor is None
    resumed = _follower(cursor=update.cursor)
    assert _page(resumed, STORY, 200) == [3]
    assert resumed.next_start == 4
