"""Reading the events of a job once, for `list`."""

from typing import Any

import pytest

from jobevents_cli.errors import RequestRefused, TransientFault
from jobevents_cli.following.notices import ContactLost
from jobevents_cli.following.snapshot import SnapshotReader
from jobevents_cli.following.update import CheckJob, Done, Fetch, Wait
from jobevents_cli.model.event import Event, event_of
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome

CUT = TransientFault("cut off")
REFUSED = RequestRefused("400")


def _reader(**how: Any) -> SnapshotReader:
    return SnapshotReader(ref=JobRef.job(352), sample=lambda: 0.5, **how)


def _events(*kinds: str) -> list[Event]:
    return [
        event_of(
            {"id": number, "type": kind, "timestamp": f"2026-11-23T10:00:{number:02d}Z", "details": {"node": "web01"}}
        )
        for number, kind in enumerate(kinds, 1)
    ]


def _ending(reader: SnapshotReader, now: float) -> Outcome | None:
    step = reader.next_step(now)
    assert isinstance(step, Done)
    return step.ending.outcome


def test_one_page_and_the_end() -> None:
    """One request for all events; the outcome is not asked for, so it is not known."""
    reader = _reader()
    assert reader.next_step(100) == Fetch(None, 10)
    news, took = reader.receive_events(_events("node_running", "node_finished", "job_finished"), 101)
    assert (len(news), took) == (3, [None, 1.0, None])
    reader.end_of_page(102)
    assert _ending(reader, 102) is None
    assert reader.page_is_whole
    assert reader.has_ended
    assert not reader.is_lost


def test_events_from_an_id_on() -> None:
    """The request starts with the event before; nothing is counted where no times are wanted."""
    reader = _reader(start=2, wants_progress=False)
    assert reader.next_step(100) == Fetch(1, 10)
    news, took = reader.receive_events(_events("node_running", "node_finished"), 101)
    assert ([event.id for event in news], took) == ([2], [None])
    assert reader.receive_events(_events("node_running"), 101) == ([], [])


def test_a_broken_response_is_continued_and_read_again() -> None:
    """A sorted response that broke off continues after its last event; joined parts are read a second time."""
    reader = _reader()
    reader.next_step(100)
    reader.receive_events(_events("node_running", "node_finished"), 101)
    reader.receive_fault(CUT, 101)
    assert reader.take_notices() == (ContactLost("cut off", 300, had_contact=True),)
    assert reader.next_step(101) == Wait(0.5)
    assert reader.next_step(101.5) == Fetch(2, 30)
    reader.end_of_page(102)
    again = reader.next_step(102)
    assert isinstance(again, Fetch)
    assert reader.receive_events(_events("node_running", "node_finished"), 103) == ([], [])
    reader.end_of_page(103)
    assert _ending(reader, 103) is None


def test_a_final_fault_of_the_events_is_raised() -> None:
    """Where the events cannot be read, there is nothing to print."""
    reader = _reader()
    reader.next_step(100)
    with pytest.raises(RequestRefused):
        reader.receive_fault(REFUSED, 101)


@pytest.mark.parametrize("answers", [True, False])
def test_the_job_may_be_read_before_its_events(*, answers: bool) -> None:
    """Once, for its node count; if that fails, the events are read all the same."""
    reader = _reader(job_first=True)
    assert reader.next_step(100) == CheckJob(10)
    if answers:
        reader.receive_job(Job({"state": "running"}), 101)
    else:
        reader.receive_job_fault(REFUSED, 101)
    assert isinstance(reader.next_step(101), Fetch)
    reader.end_of_page(102)
    assert _ending(reader, 102) is None
