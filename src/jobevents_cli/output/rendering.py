"""Turns updates into lines. Runs where the updates are made, in worker threads, so that the writer only writes."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jobevents_cli.following.filters import Filter
from jobevents_cli.following.update import Update
from jobevents_cli.model.event import END_TYPES, Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.json_values import as_mapping
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.capabilities import can_encode, encoding_of, is_terminal, wants_color, width_of
from jobevents_cli.render.event_line import Line, TextLines
from jobevents_cli.render.json_line import JsonLines
from jobevents_cli.render.looks import SYMBOLS
from jobevents_cli.render.rows import Rows
from jobevents_cli.render.styles import Paint, colored, plain
from jobevents_cli.render.times import TimeFormat, time_format


@dataclass(frozen=True, slots=True)
class LineOptions:
    """Which events are printed on standard output, and how."""

    wanted: Filter | None = None
    """None prints every event."""
    as_json: bool = False
    quiet: bool = False
    """Print no event."""
    time: str | None = None
    color: str = "auto"
    tagged: bool = False
    """Each line names its job."""
    messages: bool = False
    end_last: bool = False
    """In text, the line of a job's end is printed last, with the outcome."""


UNRENDERED: Final = Line(b"")
"""A line that the main thread is yet to render."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An *update*, and for each of its events the line to print; None for one that is not printed."""

    update: Update
    lines: tuple[Line | None, ...] = ()


class Renderer:
    """Renders updates as lines for standard output. Several threads may use it; the events of one job come in order."""

    def __init__(self, options: LineOptions) -> None:
        self.options = options
        self._text = None if options.as_json else _text_lines(options)
        self._json = JsonLines(on_terminal=is_terminal(sys.stdout), tagged=options.tagged)
        has_patterns = options.wanted is not None and options.wanted.has_patterns
        # A pattern can take for ever, which only the main thread can end. Relative times count from the first event
        # that is shown, which is known where the lines are put into order.
        self.is_for_main_thread = has_patterns or (self._text is not None and options.time == "relative")

    @property
    def holds_ends(self) -> bool:
        """Whether the line of a job's end is printed last."""
        return self.options.end_last and self._text is not None

    @property
    def today(self) -> str:
        """The day that needs no date line before the first event."""
        return self._text.today if self._text else ""

    def date_line(self, day: str) -> bytes:
        """The line to print where the date changes to *day*; empty if dates have no lines of their own."""
        return self._text.date_line(day) if self._text else b""

    def know_jobs(self, refs: Iterable[JobRef]) -> None:
        """Size the column of jobs for *refs*, unless a line was rendered already."""
        if self._text:
            self._text.know_jobs(refs)

    def render(self, update: Update) -> Rendered:
        """The *update* with the lines of its events."""
        if self.options.quiet:
            return Rendered(update, (None,) * len(update.events))
        if self._text:
            self._text.know_nodes(event.node for event in update.events)
            if update.job:
                self._text.know_nodes(_nodes_of(update.job))
        wanted, line, ref = self.options.wanted, self.line, update.ref
        if self.is_for_main_thread:
            return Rendered(
                update, tuple(UNRENDERED if wanted is None or wanted(event) else None for event in update.events)
            )
        return Rendered(
            update,
            tuple(
                line(event, ref, took) if wanted is None or wanted(event) else None
                for event, took in zip(update.events, update.took, strict=True)
            ),
        )

    def line(self, event: Event, ref: JobRef, took: float | None) -> Line:
        """The line of one *event* of *ref*, whose node took *took* seconds."""
        return self._text.line(event, ref, took) if self._text else Line(self._json.line(event, ref))

    def ends(self, event: Event) -> bool:
        """Whether the line of *event* is held back until the outcome is known."""
        return self.holds_ends and event.type in END_TYPES

    def end_line(self, ref: JobRef, outcome: Outcome, progress: Progress, event: Event) -> Line:
        """The last line of *ref*, which ended with *outcome* and *event*."""
        return self._text.end_line(ref, outcome, progress, event) if self._text else self.line(event, ref, None)


def paint_for(color: str, stream: object) -> Paint:
    """How to style text on *stream* by the option's choice *color*."""
    return colored if wants_color(color, stream) else plain  # type: ignore[arg-type] # None if it is closed


def times_for(choice: str | None) -> TimeFormat | None:
    """How standard output shows times by the option's *choice*: local on a terminal, else UTC, by default."""
    on_terminal = is_terminal(sys.stdout)
    default = "local" if on_terminal else "utc"
    return time_format(choice or default, short=on_terminal, today=datetime.now().astimezone())


def _nodes_of(job: Job) -> list[str]:
    """The nodes that the *job* says it runs on; empty if it does not list them."""
    nodes = as_mapping(as_mapping(job.raw.get("options")).get("scope")).get("nodes")
    return [name for name in nodes if type(name) is str] if isinstance(nodes, list) else []


def _text_lines(options: LineOptions) -> TextLines:
    paint = paint_for(options.color, sys.stdout)
    time = times_for(options.time)
    rows = None
    if is_terminal(sys.stdout):
        rows = Rows(
            width_of(sys.stdout),
            paint=paint,
            links=options.color != "never",
            highlight=options.wanted.grep if options.wanted else (),
            has_time=time is not None,
        )
    return TextLines(
        paint=paint,
        time=time,
        symbols=can_encode(SYMBOLS, sys.stdout),
        rows=rows,
        encoding=encoding_of(sys.stdout),
        tagged=options.tagged,
        messages=options.messages,
    )
