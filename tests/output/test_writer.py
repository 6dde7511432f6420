"""Lines are written together, and only then the positions move."""

import pytest

from jobevents_cli.following.position import Cursor
from jobevents_cli.following.update import Update
from jobevents_cli.model.event import event_of
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.printed_job import PrintedJob
from jobevents_cli.output.rendering import Rendered
from jobevents_cli.output.screen import Screen
from jobevents_cli.output.writer import Writer


def _writer(today: str = "") -> Writer:
    return Writer(Screen(), today=today, date_line=lambda day: f"{day}\n".encode(), begins_line=False)


def _job(saved: list[Cursor] | None = None) -> PrintedJob:
    save = None if saved is None else saved.append
    return PrintedJob(JobRef.job(352), Progress(), Cursor(-1, (), {}), next_start=1, save=save)


def _rendered(job: PrintedJob, *ids: int) -> Rendered:
    events = tuple(event_of({"id": number}) for number in ids)
    cursor = Cursor(-1, ids, {})
    return Rendered(Update(job.ref, events, next_start=ids[-1] + 1, cursor=cursor), [b"a line\n"] * len(ids))


def test_the_position_moves_after_the_write(capfd: pytest.CaptureFixture[str]) -> None:
    """Until then nothing is written, and a later run begins before the lines that wait."""
    saved: list[Cursor] = []
    writer, job = _writer(), _job(saved)
    writer.put(job, _rendered(job, 1, 2), [b"one\n", b"two\n"], [0, 1], 2)
    assert (job.resume_start, saved, capfd.readouterr().out) == (1, [], "")
    writer.flush()
    assert (job.resume_start, saved, capfd.readouterr().out) == (3, [Cursor(-1, (1, 2), {})], "one\ntwo\n")


def test_the_lines_of_several_jobs_keep_their_order(capfd: pytest.CaptureFixture[str]) -> None:
    """They are written together."""
    writer, job, other = _writer(), _job(), PrintedJob(JobRef.job(353), Progress(), Cursor(-1, (), {}))
    writer.put(job, _rendered(job, 1, 2), [b"one\n", b"two\n"], range(2), 2)
    writer.put(other, _rendered(other, 3), [b"three\n"], [0], 1)
    writer.flush()
    assert capfd.readouterr().out == "one\ntwo\nthree\n"
    assert (job.resume_start, other.resume_start) == (3, 4)


def test_few_lines_can_wait_for_more(capfd: pytest.CaptureFixture[str]) -> None:
    """Many are written at once, and nothing waits after a write."""
    writer, job = _writer(), _job()
    assert not writer.is_waiting
    writer.put(job, _rendered(job, 1), [b"few\n"], [0], 1)
    assert writer.is_waiting
    writer.flush()
    assert not writer.is_waiting
    writer.put(job, _rendered(job, 2), [b"x" * 1_000_000 + b"\n"], [0], 1)
    assert not writer.is_waiting
    assert capfd.readouterr().out == "few\n"


def test_a_day_has_a_line_before_its_first_event(capfd: pytest.CaptureFixture[str]) -> None:
    """Today needs none, and neither does an event without a time."""
    writer, job = _writer(today="2026-11-23"), _job()
    days = ["2026-11-23", "", "2026-11-24", "2026-11-24", "2026-11-23"]
    writer.put(job, _rendered(job, 1, 2, 3, 4, 5), [b"a\n", b"b\n", b"c\n", b"d\n", b"e\n"], range(5), 5, days=days)
    writer.flush()
    assert capfd.readouterr().out.split() == ["a", "b", "2026-11-24", "c", "d", "2026-11-23", "e"]


def test_what_was_not_written_is_dropped_at_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    """The position stays before it."""
    writer, job = _writer(), _job()
    writer.put(job, _rendered(job, 1), [b"one\n"], [0], 1)
    writer.stop()
    assert (job.resume_start, capfd.readouterr().out) == (1, "")


def test_a_signal_while_the_cursor_is_saved_loses_no_position() -> None:
    """What was written is saved at the end, so that the next run does not repeat it."""
    saved: list[Cursor] = []
    writer, job = _writer(), _job(saved)

    def save(cursor: Cursor) -> None:
        if not saved:
            saved.append(Cursor(-1, (), {}))
            raise KeyboardInterrupt
        saved.append(cursor)

    job.save = save
    writer.put(job, _rendered(job, 1, 2), [b"one\n", b"two\n"], [0, 1], 2)
    with pytest.raises(KeyboardInterrupt):
        writer.flush()
    writer.stop()
    assert saved[-1] == Cursor(-1, (1, 2), {})
