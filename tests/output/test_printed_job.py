"""How far a job is printed: what a later run begins with, after any part of any update."""

from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.following.position import Cursor
from jobevents_cli.following.update import Update
from jobevents_cli.model.event import Event, event_of
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.printed_job import PrintedJob

JOB = JobRef.job(352)


def _event(number: int, kind: str = "node_running") -> Event:
    return event_of({"id": str(number), "type": kind, "timestamp": "2026-11-24T10:00:00Z", "details": {"node": "n"}})


def _updates(sizes: list[int]) -> list[Update]:
    """Updates of so many events each, with ids from 1 on."""
    updates, last = [], 0
    for size in sizes:
        ids = range(last + 1, last + size + 1)
        last += size
        cursor = Cursor(-1, tuple(range(1, last + 1)), {"node_running": last} if last else {})
        updates.append(Update(JOB, tuple(map(_event, ids)), start=ids.start, next_start=last + 1, cursor=cursor))
    return updates


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.data())
def test_a_later_run_begins_after_the_last_event_written(sizes: list[int], data: st.DataObject) -> None:
    """Whatever part of an update was written: neither --start nor the cursor loses or repeats an event."""
    job = PrintedJob(JOB, Progress(), Cursor(-1, (), {}), next_start=1)
    updates = _updates(sizes)
    last = data.draw(st.integers(0, len(updates) - 1))
    count = data.draw(st.integers(0, sizes[last]))
    for update in updates[:last]:
        job.written(update, len(update.events))
    job.written(updates[last], count)
    written = sum(sizes[:last]) + count
    assert job.resume_start == written + 1
    assert job.resume_cursor.above == tuple(range(1, written + 1))
    assert sum(job.resume_cursor.counts.values()) == written
