"""Print the events of pages, and note what is out: only that counts as printed."""

from collections.abc import Sequence
from typing import Final

from jobevents_cli.model.event import Event
from jobevents_cli.output.lines import EventLines
from jobevents_cli.runtime.loop import Loop
from jobevents_cli.tail.report import Report
from jobevents_cli.tail.resume import Resume
from jobevents_cli.tail.tailed_job import TailedJob

_BATCH: Final = 500
"""Events that are printed together, and whose position is then saved: what a kill -9 can repeat."""

_FAIL_FAST: Final = ("node_failed", "node_errored")


class FailedFast(Exception):
    """The node of *event* failed, and `--fail-fast` was given."""

    def __init__(self, event: Event) -> None:
        super().__init__(event)
        self.event = event


class PagePrinter:
    """Prints events in batches. Between two lines a signal or the deadline can end it."""

    def __init__(
        self,
        loop: Loop,
        lines: EventLines,
        report: Report,
        *,
        resume: Resume | None = None,
        fail_fast: bool = False,
        keeps_positions: bool = True,
    ) -> None:
        """Print what *lines* makes of events above the footer of *report*.

        *resume* saves positions. *fail_fast*: stop after the first node that failed or errored. Without
        *keeps_positions* nobody asks later what was printed.
        """
        self._loop = loop
        self._lines = lines
        self._report = report
        self._resume = resume
        self._fail_fast = fail_fast
        self._keeps_positions = keeps_positions

    def print(self, job: TailedJob, events: Sequence[Event], took: Sequence[float | None]) -> None:
        """Print *events* of *job*, whose nodes took *took* seconds, and save its position as they come out.

        Raises what ends the run while standard output is blocked, and FailedFast after the first failure.
        """
        failure = None
        if self._fail_fast:
            failure = next((place for place, event in enumerate(events) if event.type in _FAIL_FAST), None)
        end = len(events) if failure is None else failure + 1
        for begin in range(0, end, _BATCH):
            upto = min(end, begin + _BATCH)
            self._write(job, events[begin:upto], took[begin:upto])
        if failure is not None:
            raise FailedFast(events[failure])

    def save(self, job: TailedJob) -> None:
        """Save the position of *job* for `--resume`."""
        if self._resume:
            self._report.warn(self._resume.save(job))

    def _write(self, job: TailedJob, events: Sequence[Event], took: Sequence[float | None]) -> None:
        lines = self._lines.render(job.ref, events, took)
        shown = [place for place, line in enumerate(lines) if line is not None]
        screen = self._report.screen
        try:
            screen.write([line for line in lines if line is not None])
        finally:
            if self._keeps_positions:
                # An event that a filter hides counts as printed once all before it are out.
                written = screen.written if shown else 0
                job.follower.printed.add(events[: shown[written] if written < len(shown) else len(events)])
                self.save(job)
        self._loop.check()  # a signal or the deadline may have ended the write
