"""Prints the events of one or more jobs on standard output, in order."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from jobevents_cli.output.first_pages import hold, in_order
from jobevents_cli.output.printed_job import PrintedJob
from jobevents_cli.output.rendering import Rendered, Renderer
from jobevents_cli.output.screen import Screen
from jobevents_cli.output.writer import Writer

if TYPE_CHECKING:
    from jobevents_cli.model.job_ref import JobRef

_GATHER_FOR: Final = 2.0
"""Seconds for which the first pages of a plan and its jobs are waited for, to print them by time."""

_GATHER_LAST_FOR: Final = 10.0
"""The same if only the last events of all of them together are printed."""

_MOST_HELD: Final = 20_000
"""Events that are held at most while the first pages come in."""


class EventPrinter:
    """The events of all followed jobs. All methods are for the main thread."""

    def __init__(
        self,
        renderer: Renderer,
        screen: Screen,
        *,
        last_of_all: int | None = None,
        begins_line: bool = False,
    ) -> None:
        """Print what *renderer* makes on *screen*.

        *last_of_all*: of the events of all first pages together, print only so many. *begins_line*: see Writer.
        """
        self.renderer = renderer
        self.screen = screen
        self._writer = Writer(screen, today=renderer.today, date_line=renderer.date_line, begins_line=begins_line)
        self._last_of_all = last_of_all
        self._gathering: dict[JobRef, PrintedJob] = {}
        """The jobs whose first pages are printed together."""
        self._gather_until = 0.0
        self._held = 0

    def hold(self, job: PrintedJob) -> None:
        """Hold the first page of *job*, of which only the last events are printed, until it is complete."""
        job.held = deque(maxlen=job.last)

    def gather(self, jobs: Iterable[PrintedJob]) -> None:
        """Print the first pages of *jobs*, a plan and its jobs, together, by time."""
        for job in jobs:
            self.hold(job)
            if not self._gathering:
                limit = _GATHER_FOR if self._last_of_all is None else _GATHER_LAST_FOR
                self._gather_until = time.monotonic() + limit
            self._gathering[job.ref] = job

    def take(
        self, job: PrintedJob, rendered: Rendered, count: int | None = None, *, more_is_here: bool = False
    ) -> list[str]:
        """Print what an update of *job* brings, or only its first *count* events; returns warnings.

        *more_is_here*: the next update has arrived, so that both can be written together.
        PipeClosed if the reader has gone, which is checked if nothing is written.
        """
        update = rendered.update
        count = len(update.events) if count is None else count
        before = self.screen.output.written
        # In an outage what came is printed; but which events are the last ones, only the whole page shows.
        is_given_up = update.is_lost and job.last is None
        job.has_begun = job.has_begun or update.is_page_end or is_given_up or update.ending is not None
        if job.held is None:
            self._put(job, rendered, rendered.shown(count), count)
        else:
            self._held += hold(job, rendered, count)
            if job.ref not in self._gathering and job.has_begun:
                self._release([job])
            elif self._held > _MOST_HELD and job.last is None:
                self._release_all()
        self._release_if_complete()
        # Where a cursor is saved after each write, writes are small: a kill repeats what the last one brought.
        if more_is_here and job.save is None and self._writer.is_waiting:
            return []
        warnings = self._writer.flush()
        if self.screen.output.written == before:
            self.screen.output.check_reader()
        return warnings

    def flush(self) -> list[str]:
        """Write what waits to be written together with more; returns warnings."""
        return self._writer.flush() if self._writer.is_waiting else []

    def forget(self, job: PrintedJob) -> None:
        """Stop waiting for the first page of *job*."""
        job.has_begun = True
        if job.held is not None and job.ref not in self._gathering:
            self._release([job])
        self._release_if_complete()
        self._writer.flush()

    def release_all(self, jobs: Iterable[PrintedJob]) -> None:
        """Print what is held of *jobs*, which are all that are followed: no more will come."""
        held = [job for job in jobs if job.held is not None]
        for job in held:
            job.has_begun = True
        self._gathering.clear()
        self._release(held)
        self._writer.flush()

    def tick(self) -> None:
        """Check the reader and refresh the footer while nothing arrives. PipeClosed if the reader has gone."""
        if self._gathering:
            self._release_if_complete()
            self._writer.flush()
        self.screen.output.check_reader()
        self.screen.refresh()

    def stop(self) -> None:
        """End before the jobs have ended: finish half a line, so that the positions are final."""
        self._writer.stop()

    def _put(self, job: PrintedJob, rendered: Rendered, places: Sequence[int], count: int) -> None:
        """Write the events of *rendered* at *places*; then *count* of its events are done."""
        if len(places) == len(rendered.lines):
            data, days = rendered.lines, rendered.days  # each of them is shown
        else:
            data = [rendered.lines[place] for place in places]
            days = [rendered.days[place] for place in places] if rendered.days else []
        self._writer.put(job, rendered, data, places, count, days=days)  # type: ignore[arg-type] # none is None

    def _release_if_complete(self) -> None:
        jobs = self._gathering.values()
        if jobs and (all(job.has_begun for job in jobs) or time.monotonic() >= self._gather_until):
            self._release_all()

    def _release_all(self) -> None:
        jobs = list(self._gathering.values())
        self._gathering.clear()
        # If only the last events of a job are printed and it is late, its first page is still waited for.
        self._release([job for job in jobs if job.has_begun or job.last is None])

    def _release(self, jobs: list[PrintedJob]) -> None:
        for job, rendered, places in in_order(jobs, self._last_of_all):
            self._put(job, rendered, places, places[-1] + 1)
        for job in jobs:
            if job.latest:
                rendered, count = job.latest
                self._put(job, rendered, [], count)
                job.latest = None
