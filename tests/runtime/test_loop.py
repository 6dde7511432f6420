"""The loop performs the follower's steps, and passes on what they bring."""

import pytest

from jobevents_cli.errors import RequestRefused, TransientFault
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.notices import ContactBack, ContactLost
from jobevents_cli.following.update import Update, Wait
from jobevents_cli.following2.page import Page
from jobevents_cli.model.event import Event, event_of
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.runtime.loop import tail

JOB = JobRef.job(352)
RUNNING = event_of({"id": 1, "type": "node_running", "details": {"node": "n1"}})
FINISHED = event_of({"id": 2, "type": "node_finished", "details": {"node": "n1"}})
END = event_of({"id": 3, "type": "job_finished"})
ALL = [RUNNING, FINISHED, END]


class _Scripted:
    """An orchestrator that has one job; after the *responses*, it gives all events from the start on."""

    def __init__(self, *responses: list[Event] | Exception) -> None:
        self._responses = iter(responses)

    def events(self, ref: JobRef, start: int | None) -> Page:
        assert ref == JOB
        response = next(self._responses, [event for event in ALL if (event.id or 0) >= (start or 0)])
        if isinstance(response, Exception):
            raise response
        return Page(response)

    def job(self, ref: JobRef) -> Job:
        return Job({"name": str(ref.number), "state": "finished", "node_count": 1})


def _tailed(orchestrator: _Scripted, *, with_cursor: bool = False) -> list[Update]:
    """All updates, on a clock that only the waits move."""
    now = [0.0]
    updates = []
    follower = Follower(ref=JOB, sample=lambda: 0.5)
    for step in tail(orchestrator, follower, clock=lambda: now[0], with_cursor=with_cursor, at_once=2):
        if isinstance(step, Wait):
            now[0] += step.seconds
        else:
            updates.append(step)
    return updates


def _ids(updates: list[Update]) -> list[list[int | None]]:
    return [[event.id for event in update.events] for update in updates if update.events]


def test_the_events_of_a_response_are_passed_on_some_at_a_time() -> None:
    """The last update says how the job ended, and no other does."""
    updates = _tailed(_Scripted(ALL), with_cursor=True)
    assert _ids(updates) == [[1, 2], [3]]
    assert [update.ending.outcome for update in updates if update.ending] == [Outcome.SUCCEEDED]
    assert updates[-1].ending
    assert updates[0].cursor


def test_a_broken_response_is_requested_again() -> None:
    """The outage is told once at each end."""
    fault = TransientFault("broken off")
    updates = _tailed(_Scripted([RUNNING], fault, fault, ALL))
    assert _ids(updates) == [[1], [2], [3]]
    notices = [notice for update in updates for notice in update.notices]
    assert list(map(type, notices)) == [ContactLost, ContactBack]


def test_a_jobs_state_is_passed_on_when_it_changes() -> None:
    """It is requested again and again while the job is silent."""

    class Silent(_Scripted):
        states = iter(["new", "running", "running", "running"])

        def job(self, ref: JobRef) -> Job:
            assert ref == JOB
            return Job({"name": "352", "state": next(self.states, "finished"), "node_count": 1})

    nothing: list[Event] = []
    updates = _tailed(Silent([RUNNING], *[nothing] * 9))
    assert [update.job.state for update in updates if update.job] == ["new", "running", "finished"]


def test_an_error_that_is_not_retried_ends_the_loop() -> None:
    """It is the error of the request."""
    with pytest.raises(RequestRefused, match="not for you"):
        _tailed(_Scripted(RequestRefused("not for you")))
