"""How the parts of the follower work together, step by step, on a clock of the test."""

from typing import Any

import pytest
from support.events import event_of
from support.world import JOB, PLAN, date_at, middle, raw_event, timestamp

from jobevents_cli.errors import JobEventsError, RequestRefused, TokenRefused, TransientFault, UnknownJob
from jobevents_cli.following.follower import FAULTS_FOR, LONGEST_REQUEST, Due, Follower, State
from jobevents_cli.following.notices import (
    ContactBack,
    ContactLost,
    JobNotRead,
    LateEventsNotRead,
    PlanPending,
    PlanSilent,
    WaitingForJob,
)
from jobevents_cli.following.page import Page
from jobevents_cli.following.plan_notices import SILENT_FOR
from jobevents_cli.following.printed import Saved
from jobevents_cli.following.schedule import Stream
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.plan import Plan

CUT = TransientFault("cut off")
REFUSED = RequestRefused("400")
UNKNOWN = UnknownJob("no such job")
RUNNING = Job({"state": "running", "node_count": 1})
OVER = Job({"state": "finished", "node_count": 1, "node_states": {"finished": 1}})
LONG_AGO = 50.0
"""All that happened then is settled at 100, when the tests begin."""


def _follower(ref: JobRef = JOB, **how: Any) -> Follower:
    return Follower(ref, sample=middle, **how)


def _story(at: float) -> list[Event]:
    kinds = ["node_running", "node_finished", "job_finished"]
    return [event_of(raw_event(number, kind, "web01", at=at)) for number, kind in enumerate(kinds, 1)]


def _due(follower: Follower, stream: Stream, now: float) -> Due:
    """The request of *stream* that is due at *now*, neither earlier nor later."""
    planned = follower.next(0)
    assert planned is not None
    assert (planned.stream, planned.at or now) == (stream, now), "0: at once"
    due = follower.next(now)
    assert due is not None
    return due


def _page(follower: Follower, events: list[Event], now: float) -> list[int | None]:
    """Give *events* as the page that is due at *now*; the ids that are new."""
    _due(follower, Stream.EVENTS, now)
    news, _ = follower.receive_page(Page(events, date_at(now)), now)
    follower.printed.add(news)
    return [event.id for event in news]


def _job(follower: Follower, job: Job, now: float) -> None:
    """Give *job* as the job's own state, which is due at *now*."""
    _due(follower, Stream.JOB, now)
    follower.receive_job(job, now)


def _fault(follower: Follower, stream: Stream, fault: JobEventsError, now: float) -> float:
    """Let the request of *stream*, which is due by *now*, fail at once; when the next request is due."""
    due = follower.next(now)
    assert due is not None
    assert (due.stream, due.at) == (stream, now)
    follower.receive_fault(stream, fault, now)
    after = follower.next(0)
    return after.at or now if after else now


def _outcome(follower: Follower) -> Outcome | None:
    assert follower.state is State.SETTLED
    assert follower.next(1000) is None
    assert follower.ending
    return follower.ending.outcome


# From the start to the end.


@pytest.mark.parametrize("start", [None, 1, 0, 17])
def test_the_first_request(start: int | None) -> None:
    """It is due at once, for all events or from an id on; servers may leave out the id itself."""
    follower = _follower(start=start)
    assert follower.state is State.WAITING
    asks = {None: None, 0: None, 1: 0, 17: 16}[start]
    assert follower.next(100) == Due(100, Stream.EVENTS, asks, LONGEST_REQUEST)
    assert follower.printed.next_start == (start or None)


def test_a_finished_job_is_settled_with_its_first_page() -> None:
    """One request for its events, one for its own state."""
    follower = _follower()
    assert _page(follower, _story(LONG_AGO), 100) == [1, 2, 3]
    assert follower.state is State.ENDED
    assert follower.has_ended
    _job(follower, OVER, 100)
    assert _outcome(follower) is Outcome.SUCCEEDED
    assert follower.ending
    assert follower.ending.job is OVER


def test_a_finished_job_that_was_read_before_is_not_read_again() -> None:
    """Its own state came after its end."""
    follower = _follower(job_first=True)
    _job(follower, OVER, 100)
    assert follower.has_ended
    assert _page(follower, _story(LONG_AGO), 100) == [1, 2, 3]
    assert _outcome(follower) is Outcome.SUCCEEDED


def test_a_job_that_ends_while_it_is_followed_takes_one_more_poll() -> None:
    """The job counts one node, whose end is there; the poll shows what came while the job was read."""
    follower = _follower()
    assert _page(follower, _story(99.5)[:1], 100) == [1]
    assert follower.state is State.RUNNING
    assert _page(follower, _story(99.5), 101) == [2, 3]
    _job(follower, OVER, 101)
    assert _page(follower, _story(99.5), 101) == []
    assert _outcome(follower) is Outcome.SUCCEEDED


@pytest.mark.parametrize("said", [RUNNING, Job({"state": "finished", "node_count": 2})], ids=["lags", "counts more"])
def test_a_job_that_does_not_count_the_same_settles_by_time(said: Job) -> None:
    """Polls at once, then at the interval, and when the settle time is over."""
    follower = _follower()
    _page(follower, _story(99.5), 100.5)
    _job(follower, said, 100.5)
    for now in (100.5, 101.5, 102.5, 103.5):
        assert not follower.ending
        _page(follower, _story(99.5), now)
    assert _outcome(follower) is Outcome.SUCCEEDED


def test_an_event_that_comes_after_the_end_settles_too() -> None:
    """It is printed, and polls go on until nothing else can come."""
    follower = _follower(interval=60)
    _page(follower, [_story(100)[2]], 100.5)
    _job(follower, RUNNING, 100.5)
    _page(follower, [_story(100)[2]], 100.5)
    assert _page(follower, _story(102)[1:], 103.5) == [2]
    _page(follower, _story(102)[1:], 106.5)
    assert _outcome(follower) is Outcome.SUCCEEDED


@pytest.mark.parametrize("has_time", [True, False])
def test_a_job_that_ends_without_an_event(*, has_time: bool) -> None:
    """Its own state shows the end: at the first empty page. One more page shows what came meanwhile.

    The finish time tells whether events are settled.
    """
    follower = _follower()
    over = Job({**OVER.raw, "finished_timestamp": timestamp(LONG_AGO) if has_time else None})
    _page(follower, _story(LONG_AGO)[:2], 100)
    _page(follower, _story(LONG_AGO)[:2], 101)
    _job(follower, over, 101)
    for now in (101,) if has_time else (101, 102, 103, 104):
        assert not follower.ending
        _page(follower, _story(LONG_AGO)[:2], now)
    assert _outcome(follower) is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("ref", "kinds", "outcome"),
    [
        (JOB, ["job_stopping", "plan_finished"], None),
        (JOB, ["job_finished"], Outcome.SUCCEEDED),
        (JOB, ["job_finished", "job_aborted", "job_finished"], Outcome.STOPPED),
        (PLAN, ["plan_start", "plan_end", "job_finished"], None),
        (PLAN, ["plan_failed", "plan_finished"], Outcome.FAILED),
        (PLAN, ["plan_finished"], Outcome.SUCCEEDED),
    ],
)
def test_which_event_is_the_end(ref: JobRef, kinds: list[str], outcome: Outcome | None) -> None:
    """job_stopping ends no job, sub-plans end no plan; of two ends the bad one counts."""
    follower = _follower(ref)
    _page(follower, [event_of(raw_event(number, kind, at=LONG_AGO)) for number, kind in enumerate(kinds)], 100)
    assert follower.has_ended is (outcome is not None)
    if outcome is not None:
        _job(follower, Job({}), 100)
        assert _outcome(follower) is outcome


def test_the_worse_of_events_and_state_counts() -> None:
    """All nodes finished, but the job's own state is stopped."""
    follower = _follower()
    _page(follower, _story(LONG_AGO), 100)
    _job(follower, Job({"state": "stopped"}), 100)
    assert _outcome(follower) is Outcome.STOPPED


def test_how_long_nodes_took_is_said_beside_the_events() -> None:
    """A node whose start was seen has a time when it ends."""
    follower = _follower()
    follower.next(100)
    events = [*_story(LONG_AGO)[:1], *_story(LONG_AGO + 7)[1:]]
    assert follower.receive_page(Page(events, None), 100) == (events, [None, 7.0, None])


# Once: `list`.


@pytest.mark.parametrize("job", [None, RUNNING, OVER])
def test_once_is_one_page(job: Job | None) -> None:
    """Perhaps after the job itself; the outcome is not looked for."""
    follower = _follower(once=True, job_first=job is not None, wants_progress=False)
    if job:
        _job(follower, job, 100)
    due = follower.next(100)
    assert due == Due(100, Stream.EVENTS, None, LONGEST_REQUEST)
    events, took = follower.receive_page(Page(_story(99.5), None), 100)
    assert (len(events), took) == (3, [None] * 3)
    assert _outcome(follower) is None
    assert follower.ending
    assert follower.ending.job is job


def test_once_is_retried_like_a_tail() -> None:
    """For 5 s, as nothing was read before."""
    follower = _follower(once=True)
    assert _fault(follower, Stream.EVENTS, CUT, 100) == 100.5
    assert _fault(follower, Stream.EVENTS, CUT, 104) == 105
    with pytest.raises(TransientFault):
        _fault(follower, Stream.EVENTS, CUT, 105)


# Faults.


def test_a_fault_while_the_job_runs_is_raised_when_its_time_is_over() -> None:
    """How the job ends is not known."""
    follower = _follower(retry_for=2)
    _page(follower, _story(99.5)[:1], 100)
    assert _fault(follower, Stream.EVENTS, CUT, 101) == 101.5
    assert follower.is_lost
    assert follower.progress.is_lost
    assert follower.take_notices() == [ContactLost("cut off", 2, had_contact=True)]
    _page(follower, [], 101.5)
    assert not follower.progress.is_lost
    assert follower.take_notices() == [ContactBack(0.5)]
    _job(follower, RUNNING, 101.5)
    _job(follower, RUNNING, 102.5)
    _fault(follower, Stream.EVENTS, CUT, 102.5)
    with pytest.raises(TransientFault):
        follower.receive_fault(Stream.EVENTS, CUT, 110)
    assert follower.state is State.GIVEN_UP
    assert follower.next(110) is None
    assert follower.ending is None


@pytest.mark.parametrize("fault", [REFUSED, UNKNOWN, TokenRefused("401")])
def test_a_final_fault_is_raised_at_once(fault: JobEventsError) -> None:
    """A refused request is not repeated, nor one for a job that never was there."""
    follower = _follower()
    with pytest.raises(type(fault)):
        _fault(follower, Stream.EVENTS, fault, 100)
    assert follower.state is State.GIVEN_UP
    assert not follower.had_contact


def test_a_job_that_does_not_exist_yet_is_waited_for() -> None:
    """`--wait`: polls at the usual pace, one notice, and an end when the time is over."""
    follower = _follower(wait_for=10, interval=4)
    assert _fault(follower, Stream.EVENTS, UNKNOWN, 100) == 104
    assert follower.take_notices() == [WaitingForJob(10)]
    assert _fault(follower, Stream.EVENTS, UNKNOWN, 107) == 110
    assert follower.take_notices() == []
    with pytest.raises(UnknownJob):
        _fault(follower, Stream.EVENTS, UNKNOWN, 110)


def test_a_job_that_was_read_may_be_unknown_for_30_seconds() -> None:
    """A proxy may answer 404 while the orchestrator restarts."""
    follower = _follower(retry_for=float("inf"))
    _page(follower, _story(99.5)[:1], 100)
    _fault(follower, Stream.EVENTS, UNKNOWN, 101)
    assert _fault(follower, Stream.EVENTS, UNKNOWN, 130.5) == 131
    with pytest.raises(UnknownJob):
        _fault(follower, Stream.EVENTS, UNKNOWN, 131)


def test_the_job_is_requested_once_before_its_events() -> None:
    """If that fails nothing is said: the events show whether there is contact. A plan's state is needed."""
    follower = _follower(job_first=True)
    assert _fault(follower, Stream.JOB, REFUSED, 100) == 100
    assert follower.take_notices() == []
    _page(follower, [], 100)
    plan = _follower(PLAN, job_first=True)
    assert _fault(plan, Stream.JOB, CUT, 100) == 100
    assert plan.take_notices() == [ContactLost("cut off", 5.0, had_contact=False)]
    _page(plan, [], 100)
    _job(plan, Plan({"state": "running"}), 100.5)


def test_after_the_end_faults_delay_it_by_15_seconds_in_all() -> None:
    """Then it ends with what is known, and says so; a request has no more time than that."""
    follower = _follower()
    _page(follower, _story(99.5), 100)
    due = follower.next(100)
    assert due
    assert due.limit == FAULTS_FOR
    now = _fault(follower, Stream.JOB, CUT, 100)
    assert now == 100, "the events are polled meanwhile"
    limits = []
    while due := follower.next(now):
        now = due.at
        limits.append(due.limit)
        follower.receive_fault(due.stream, CUT, now)
    assert now == 100 + FAULTS_FOR == 115
    assert limits[0] == FAULTS_FOR
    assert limits[-1] == 1
    assert _outcome(follower) is Outcome.SUCCEEDED
    assert type(follower.take_notices()[-1]) in (LateEventsNotRead, JobNotRead)


@pytest.mark.parametrize("failing", Stream)
def test_after_the_end_no_long_pause_is_waited_for(failing: Stream) -> None:
    """What failed while the job ran is requested at once when its end is seen by the other request."""
    follower = _follower()
    _page(follower, _story(99.5)[:1], 100)
    _page(follower, [], 101)
    busy = TransientFault("busy", retry_after=200)
    if failing is Stream.JOB:
        _fault(follower, Stream.JOB, busy, 101)
        _page(follower, _story(99.5)[1:], 102)
        _job(follower, OVER, 102)
    else:
        _job(follower, RUNNING, 101)
        follower.next(102)
        follower.receive_fault(Stream.EVENTS, busy, 102)
        _job(follower, OVER, 102)
    _page(follower, _story(99.5)[1:], 102)


def test_after_the_end_a_job_that_cannot_be_read_is_given_up() -> None:
    """A final fault: how it ended is known by the events, which are read until they have settled."""
    follower = _follower()
    _page(follower, _story(99.5), 100)
    _fault(follower, Stream.JOB, REFUSED, 100)
    assert follower.take_notices() == [JobNotRead("400")]
    for now in (100, 101, 102, 103):
        _page(follower, _story(99.5), now)
    assert _outcome(follower) is Outcome.SUCCEEDED


def test_a_retry_after_the_end_keeps_its_time() -> None:
    """A page that comes meanwhile does not hurry it, nor does the job hurry a poll."""
    follower = _follower()
    _page(follower, _story(99.5), 100)
    assert _fault(follower, Stream.JOB, TransientFault("busy", retry_after=5), 100) == 100
    assert _fault(follower, Stream.EVENTS, TransientFault("busy", retry_after=7), 100) == 105
    _job(follower, RUNNING, 105)
    _page(follower, _story(99.5), 107)
    assert _outcome(follower) is Outcome.SUCCEEDED


def test_after_the_end_late_events_that_cannot_be_read_are_given_up() -> None:
    """The event of the end has come, so the events were read to the end; the job itself still counts."""
    follower = _follower()
    _page(follower, _story(99.5), 100)
    _fault(follower, Stream.JOB, CUT, 100)
    _fault(follower, Stream.EVENTS, REFUSED, 100)
    assert follower.take_notices()[1:] == [LateEventsNotRead("400")]
    _job(follower, Job({"state": "stopped"}), 100.5)
    assert _outcome(follower) is Outcome.STOPPED


def test_a_job_whose_events_cannot_be_read_to_its_end_has_no_outcome() -> None:
    """Its own state says that it finished, its events are out of reach: the fault is raised after 15 s."""
    follower = _follower(job_first=True)
    _job(follower, OVER, 100)
    due = follower.next(100)
    assert due
    assert due.limit == LONGEST_REQUEST, "the first page may be large"
    now = 100.0
    while now < 100 + FAULTS_FOR:
        now = _fault(follower, Stream.EVENTS, CUT, now)
    with pytest.raises(TransientFault):
        _fault(follower, Stream.EVENTS, CUT, now)
    assert now == 100 + FAULTS_FOR
    assert (follower.state, follower.ending) == (State.GIVEN_UP, None)


def test_a_page_after_the_end_is_enough_where_no_event_tells_it() -> None:
    """Older orchestrators send none: then late events are missed with a notice."""
    follower = _follower(job_first=True)
    _job(follower, OVER, 100)
    _page(follower, _story(99.5)[:2], 100)
    _fault(follower, Stream.EVENTS, REFUSED, 101)
    assert follower.take_notices() == [LateEventsNotRead("400")]
    assert _outcome(follower) is Outcome.SUCCEEDED


def test_without_a_limit_an_outage_after_the_end_is_waited_for() -> None:
    """`forward` loses no event, however long the orchestrator is away."""
    follower = _follower(retry_for=float("inf"))
    _page(follower, _story(99.5), 100)
    _job(follower, RUNNING, 100)
    _fault(follower, Stream.EVENTS, CUT, 100)
    _fault(follower, Stream.EVENTS, CUT, 4000)
    _page(follower, _story(99.5), 4001)
    assert _outcome(follower) is Outcome.SUCCEEDED


# Plans.


def test_a_plan_says_what_it_waits_for() -> None:
    """It waits to start; later it may be dead; each is said once."""
    follower = _follower(PLAN, job_first=True)
    _job(follower, Plan({"state": "pending"}), 100)
    assert follower.take_notices() == [PlanPending()]
    _page(follower, [event_of(raw_event(1, "plan_start"))], 100)
    follower.receive_job(Plan({"state": "running"}), 101)
    follower.receive_job(Plan({"state": "running"}), 100 + SILENT_FOR)
    assert follower.take_notices() == [PlanSilent(SILENT_FOR)]


def test_the_end_of_a_plans_last_job_is_a_reason_to_look_at_the_plan() -> None:
    """The look is due at once."""
    follower = _follower(PLAN)
    _page(follower, [event_of(raw_event(1, "task_start"))], 100)
    assert not follower.jobs_running(100.1, are_running=True)
    assert follower.jobs_running(100.5, are_running=False)
    _job(follower, Plan({"state": "running"}), 100.5)


@pytest.mark.parametrize("state", ["over", "failing"])
def test_no_second_look_is_planned(state: str) -> None:
    """A plan that is over and a look that is being retried need none."""
    follower = _follower(PLAN, job_first=True)
    if state == "over":
        _job(follower, Plan({"state": "success"}), 100)
    else:
        _fault(follower, Stream.JOB, CUT, 100)
    assert not follower.jobs_running(100, are_running=True)
    assert not follower.jobs_running(100, are_running=False)
    _page(follower, [], 100)


def test_a_job_that_is_no_plan_has_no_jobs() -> None:
    """What is said about its jobs changes nothing."""
    follower = _follower()
    _page(follower, _story(99.5)[:1], 100)
    assert not follower.jobs_running(100, are_running=True)
    assert not follower.jobs_running(100, are_running=False)


# What is printed.


def _received(follower: Follower, ids: list[int], now: float) -> list[Event]:
    """The new events of a page with *ids* that is due at *now*; nothing of it is printed yet."""
    follower.next(now)
    events = [event_of(raw_event(number, "node_running", at=LONG_AGO)) for number in ids]
    return follower.receive_page(Page(events, date_at(now)), now)[0]


def test_what_is_printed_follows_what_came() -> None:
    """Event by event: what is saved names no event as printed that is not, and is short amid a long page."""
    follower = _follower()
    events = _received(follower, [5, 7, 9], 100)
    assert (follower.received.low, follower.printed.next_start) == (9, None)
    assert follower.printed.saved() == Saved(4, [], {}, 0)
    follower.printed.add(events[:1])
    assert (follower.printed.saved()[:2], follower.printed.next_start) == ((6, []), 7)
    follower.printed.add(events[1:])
    assert follower.printed.saved() == Saved(9, [], {"node_running": 3}, 0)
    assert follower.printed.next_start == 10


def test_events_may_be_printed_in_any_order() -> None:
    """A plan's first pages are printed by time; the next start is the lowest id that is not out."""
    follower = _follower()
    events = _received(follower, [5, 7, 9], 100)
    follower.printed.add(events[2:])
    assert (follower.printed.saved()[:2], follower.printed.next_start) == ((4, [9]), 5)
    follower.printed.add(events[:1])
    assert (follower.printed.saved()[:2], follower.printed.next_start) == ((6, [9]), 7)
    assert _received(follower, [3, 9, 12], 101)[0].key == 12, "what is settled is not new"
    assert follower.printed.next_start == 7


def test_another_run_continues_after_what_was_printed() -> None:
    """With the same events, and the same counts."""
    follower = _follower()
    follower.next(100)
    finished = {**raw_event(2, "node_finished", "web01", at=LONG_AGO), "details": {"detail": {"status": "changed"}}}
    without_id = raw_event(None, "unknown_type")
    events = [_story(LONG_AGO)[0], event_of(finished), event_of(without_id), *_story(LONG_AGO)[2:]]
    follower.receive_page(Page(events, date_at(100)), 100)
    follower.printed.add(events[:3])
    saved = follower.printed.saved()
    assert saved.counts == {"node_running": 1, "node_finished": 1}
    assert (saved.low, saved.changed, len(saved.seen)) == (2, 1, 1)
    assert follower.printed.low_and_seen == (saved.low, list(saved.seen))
    resumed = _follower(saved=saved)
    assert resumed.next(200) == Due(200, Stream.EVENTS, 2, LONGEST_REQUEST)
    again = [event_of(without_id), *_story(LONG_AGO)[2:]]
    assert resumed.receive_page(Page(again, date_at(200)), 200)[0] == again[1:]
    assert (resumed.progress.count("finished"), resumed.progress.changed) == (1, 1)


def test_counts_are_those_of_what_is_out() -> None:
    """Amid a page, after pages that are out, and after what an earlier run has counted."""
    follower = _follower(saved=Saved(2, (), {"node_failed": 4}, 3))
    follower.printed.add(_received(follower, [3, 4], 100))
    events = _received(follower, [5, 6, 7], 101)
    follower.printed.add(events[:1])
    assert follower.printed.saved() == Saved(5, [], {"node_running": 3, "node_failed": 4}, 3)
    follower.printed.add(events[1:2])
    assert follower.printed.saved().counts["node_running"] == 4
    follower.printed.add(events[2:])
    assert follower.printed.saved().counts["node_running"] == 5


def test_another_run_knows_which_nodes_finished_with_an_error() -> None:
    """Of those that are out, amid a page and after it."""
    follower = _follower()
    follower.next(100)
    detail = {"detail": {"_error": {"msg": "no"}}}
    finished = [{**raw_event(one, "node_finished", f"web{one}", at=LONG_AGO), "details": detail} for one in (1, 2)]
    events = [event_of(one) for one in finished]
    follower.receive_page(Page(events, date_at(100)), 100)
    for out in (1, 2):
        follower.printed.add(events[out - 1 : out])
        saved = follower.printed.saved()
        assert saved.counts["node_finished"] == out
        assert _follower(saved=saved).progress.with_error == out
