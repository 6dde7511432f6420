"""The events that existed before following began are printed by time."""

from collections import deque

from jobevents_cli.following.position import Cursor
from jobevents_cli.following.update import Update
from jobevents_cli.model.event import event_of
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.first_pages import hold, in_order
from jobevents_cli.output.printed_job import PrintedJob
from jobevents_cli.output.rendering import Rendered


def _held(number: int, *pages: str) -> PrintedJob:
    """A job that holds *pages*: for each event the second in which it happened, `-` if it has no time."""
    job = PrintedJob(JobRef.job(number), Progress(), Cursor(-1, (), {}))
    job.held = deque()
    for page in pages:
        times = ["" if second == "-" else f"2026-11-24T10:00:0{second}Z" for second in page]
        events = tuple(event_of({"id": place, "timestamp": time}) for place, time in enumerate(times))
        lines = [b"line\n"] * len(events)
        hold(job, Rendered(Update(job.ref, events, next_start=None, cursor=None), lines), len(events))
    return job


def _order(*jobs: PrintedJob, last: int | None = None) -> list[tuple[int, list[int]]]:
    return [(job.ref.number, places) for job, _, places in in_order(jobs, last)]


def test_events_of_several_jobs_are_merged_by_time() -> None:
    """Events of one update that follow each other come together."""
    assert _order(_held(1, "125"), _held(2, "34")) == [(1, [0, 1]), (2, [0, 1]), (1, [2])]


def test_at_the_same_time_the_first_job_is_first() -> None:
    """The order is that in which the jobs were named."""
    assert _order(_held(1, "3"), _held(2, "3")) == [(1, [0]), (2, [0])]


def test_the_order_within_a_job_is_kept() -> None:
    """An event without a time, or with an earlier one, does not overtake the one before it."""
    assert _order(_held(1, "4-2"), _held(2, "3")) == [(2, [0]), (1, [0, 1, 2])]


def test_only_the_last_events_of_all_jobs_together() -> None:
    """The others are left out, whichever job they are of; nothing is held afterwards."""
    jobs = _held(1, "13"), _held(2, "24")
    assert _order(*jobs, last=2) == [(1, [1]), (2, [1])]
    assert [job.held for job in jobs] == [None, None]


def test_what_a_filter_leaves_out_is_not_held() -> None:
    """Neither is what comes after the events that count."""
    job = _held(1)
    events = tuple(event_of({"id": number}) for number in range(4))
    rendered = Rendered(Update(job.ref, events, next_start=None, cursor=None), [b"a\n", None, b"c\n", b"d\n"])
    assert hold(job, rendered, 3) == 2
    assert list(job.held or ()) == [(rendered, 0), (rendered, 2)]


def test_what_is_not_held_takes_no_memory() -> None:
    """Of an update only the events to print are kept; with a cursor, which counts them, all are."""
    events = tuple(event_of({"id": number}) for number in range(3))
    update = Update(JobRef.job(1), events, (None, None, 5.0), next_start=3, cursor=None)
    rendered = Rendered(update, [None, b"b\n", b"c\n"], ["", "", "2026-11-24"])
    job = _held(1)
    assert hold(job, rendered, 3) == 2
    assert job.held is not None
    (kept, _), last = job.held
    assert (kept.update.events, kept.update.took, kept.lines, kept.days) == (
        events[1:],
        (None, 5.0),
        [b"b\n", b"c\n"],
        ["", "2026-11-24"],
    )
    assert last == (kept, 1)
    assert job.latest == (Rendered(update._replace(events=(), took=()), [], []), 0)
    resumable = PrintedJob(JobRef.job(1), Progress(), Cursor(-1, (), {}), save=lambda _: None)
    resumable.held = deque()
    assert hold(resumable, rendered, 3) == 2
    assert list(resumable.held) == [(rendered, 1), (rendered, 2)]
