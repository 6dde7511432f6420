"""Turns updates into lines, in the worker threads that make the updates, so that the writer only writes."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from jobevents_cli.config.redaction import redact_lines
from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.filters import Filter
from jobevents_cli.following.update import Update
from jobevents_cli.model.event import OUT_MESSAGE, Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.output.capabilities import can_encode, encoding_of, is_terminal, wants_color, width_of
from jobevents_cli.render.json_line import JsonLines

if TYPE_CHECKING:
    from jobevents_cli.render.event_line import TextLines
    from jobevents_cli.render.styles import Paint
    from jobevents_cli.render.times import TimeFormat


class LineOptions(NamedTuple):
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


_LONGEST_MESSAGE: Final = 1020
"""The list of a plan's events cuts messages off after 1,024 bytes, or before a character that would not fit."""


class MessageSource(Protocol):
    """Gives single events of plans."""

    def plan_event(self, number: int, event_id: int) -> Event:
        """The event *event_id* of plan job *number*."""


class Rendered(NamedTuple):
    """An *update*, and for each of its events the line to print; None for one that is not printed."""

    update: Update
    lines: Sequence[bytes | None] = ()
    days: Sequence[str] = ()
    """For each line the day of its time if the line does not contain it; empty if no line needs it."""

    def shown(self, count: int) -> Sequence[int]:
        """The places of the lines to print among those of the first *count* events."""
        return [place for place, line in enumerate(self.lines[:count]) if line is not None]

    def only(self, places: Sequence[int]) -> "Rendered":
        """The same update with the events at *places* alone."""
        if len(places) == len(self.lines):
            return self
        events = tuple(self.update.events[place] for place in places)
        took = tuple(self.update.took[place] for place in places)
        lines = [self.lines[place] for place in places]
        days = [self.days[place] for place in places] if self.days else ()
        return Rendered(self.update._replace(events=events, took=took), lines, days)


class Renderer:
    """Renders updates as lines for standard output. Several threads may use it; the events of one job come in order."""

    def __init__(self, options: LineOptions) -> None:
        self.options = options
        self._on_terminal = is_terminal(sys.stdout)
        self._text = None if options.as_json else _new_text_lines(options)
        self._json = JsonLines(on_terminal=self._on_terminal, tagged=options.tagged)

    @property
    def today(self) -> str:
        """The day that needs no date line before the first event."""
        return self._text.today if self._text else ""

    def date_line(self, day: str) -> bytes:
        """The line to print when the date changes to *day*; empty if dates have no lines of their own."""
        return self._text.date_line(day) if self._text else b""

    def know_jobs(self, refs: Iterable[JobRef]) -> None:
        """Make the job column wide enough for *refs*, unless a line was rendered already."""
        if self._text:
            self._text.know_jobs(refs)

    def with_whole_messages(self, update: Update, source: MessageSource) -> Update:
        """The *update* with the whole text of messages that the list of a plan's events cuts off.

        *source* is the orchestrator's client. A message that it does not return stays as it is. JSON shows each event
        as it was received.
        """
        if self._text is None or update.ref.kind is not Kind.PLAN or not any(map(_is_cut, update.events)):
            return update
        events = tuple(_whole(event, update.ref.number, source) for event in update.events)
        return update._replace(events=events)

    def render(self, update: Update) -> Rendered:
        """The *update* with the lines of its events."""
        if self.options.quiet:
            return Rendered(update, [None] * len(update.events))
        if self._text:
            self._fit(self._text)
            self._text.know_nodes(event.node for event in update.events)
            if update.job:
                self._text.know_nodes(_nodes_of(update.job))
        rendered = self._rendered_text(update, self._text) if self._text else self._rendered_json(update)
        return rendered._replace(lines=redact_lines(rendered.lines))

    def _rendered_json(self, update: Update) -> Rendered:
        wanted, line, ref = self.options.wanted, self._json.line, update.ref
        return Rendered(
            update,
            [line(event.text, ref) if wanted is None or wanted(event) else None for event in update.events],
        )

    def _rendered_text(self, update: Update, text: "TextLines") -> Rendered:
        wanted, line, ref = self.options.wanted, text.line, update.ref
        lines = [
            line(event, ref, took) if wanted is None or wanted(event) else None
            for event, took in zip(update.events, update.took, strict=True)
        ]
        data = [line and line.data for line in lines]
        return Rendered(update, data, [line.day if line else "" for line in lines])

    def _fit(self, text: "TextLines") -> None:
        """Lay lines out for the terminal as wide as it is now."""
        if self._on_terminal:
            text.fit(width_of(sys.stdout))


def paint_for(color: str, stream: object) -> "Paint":
    """How to style text on *stream* by the option's choice *color*."""
    from jobevents_cli.render.styles import colored, plain

    return colored if wants_color(color, stream) else plain  # type: ignore[arg-type] # None if it is closed


def times_for(choice: str | None) -> "TimeFormat | None":
    """How standard output shows times by the option's *choice*: local on a terminal, else UTC, by default."""
    from datetime import datetime

    from jobevents_cli.render.times import time_format

    on_terminal = is_terminal(sys.stdout)
    default = "local" if on_terminal else "utc"
    return time_format(choice or default, short=on_terminal, today=datetime.now().astimezone())


def _nodes_of(job: Job) -> list[str]:
    """The nodes that the *job* says it runs on; empty if it does not list them."""
    nodes = as_mapping(as_mapping(job.raw.get("options")).get("scope")).get("nodes")
    return [name for name in nodes if type(name) is str] if isinstance(nodes, list) else []


def _new_text_lines(options: LineOptions) -> "TextLines":
    from jobevents_cli.render.event_line import TextLines
    from jobevents_cli.render.looks import SYMBOLS
    from jobevents_cli.render.rows import Rows

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
    )


def _is_cut(event: Event) -> bool:
    """Whether *event* may be a message that the list of events cuts off."""
    if event.type != OUT_MESSAGE or event.id is None:
        return False
    return len(as_text(event.details.get("message")).encode()) > _LONGEST_MESSAGE


def _whole(event: Event, plan: int, source: MessageSource) -> Event:
    if event.id is None or not _is_cut(event):
        return event
    try:
        return source.plan_event(plan, event.id)
    except JobEventsError:
        return event
