"""Prints saved events as `list` prints those of a server."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby, islice

from jobevents_cli.errors import UnknownJob
from jobevents_cli.following.position import Cursor
from jobevents_cli.following.update import Update
from jobevents_cli.model.event import Event
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.event_printer import EventPrinter
from jobevents_cli.output.printed_job import Held, PrintedJob
from jobevents_cli.output.rendering import LineOptions, Renderer
from jobevents_cli.output.screen import Screen

_AT_ONCE = 500
"""Events that are written at once."""

Saved = tuple[JobRef | None, Event]


def print_saved(
    events: Iterable[Saved],
    lines: LineOptions,
    *,
    jobs: Collection[JobRef] = (),
    start: int | None = None,
    last: int | None = None,
) -> None:
    """Print saved *events* as *lines* says, in saved order.

    Only those of *jobs*, unless that is empty, from id *start* on, and only the *last* ones. A line names its job if
    the saved one does and no job is chosen. UnknownJob if there is no event of a job that is chosen.
    """
    screen = Screen()
    printer = EventPrinter(Renderer(lines._replace(tagged=not jobs)), screen)
    listed = {ref: _ListedJob(ref) for ref in jobs}
    wanted = _wanted(events, jobs)
    held: deque[tuple[_ListedJob, Held]] = deque(maxlen=last)
    for ref, group in groupby(wanted, key=lambda saved: saved[0]):
        job = listed.setdefault(ref, _ListedJob(ref))
        while batch := list(islice(group, _AT_ONCE)):
            rendered = printer.renderer.render(job.update([event for _, event in batch], start))
            if last is None:
                printer.take(job.printed, rendered)
            else:
                held.extend((job, (rendered, place)) for place, line in enumerate(rendered.lines) if line is not None)
    for job, (rendered, shown) in held:
        only = [line if place == shown else None for place, line in enumerate(rendered.lines)]
        printer.take(job.printed, rendered._replace(lines=only))
    missing = [job.ref for job in listed.values() if not job.has_events]
    if missing:
        raise UnknownJob(f"there are no events of {missing[0].label} among the saved ones")


def _wanted(events: Iterable[Saved], jobs: Collection[JobRef]) -> Iterator[tuple[JobRef, Event]]:
    for ref, event in events:
        if not jobs or ref in jobs:
            yield ref or JobRef.unknown(), event


class _ListedJob:
    """What was printed of one job, and its progress by its events."""

    def __init__(self, ref: JobRef) -> None:
        self.ref = ref
        self.has_events = False
        self._progress = Progress()
        self.printed = PrintedJob(ref, self._progress, Cursor(-1, (), {}))

    def update(self, events: list[Event], start: int | None) -> Update:
        """The update that brings those *events* whose id is at least *start*; all of them are counted."""
        self.has_events = True
        took = self._progress.take_all(events)
        shown = [
            (event, seconds)
            for event, seconds in zip(events, took, strict=True)
            if start is None or (event.id is not None and event.id >= start)
        ]
        return Update(self.ref, tuple(event for event, _ in shown), tuple(seconds for _, seconds in shown))
