"""Turn events into lines for standard output, as the options say."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from jobevents_cli.following.filters import Filter
from jobevents_cli.model.event import Event
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.output.terminal import (
    encoding_of,
    is_terminal,
    paint_for,
    shows_symbols,
    times_for,
    width_of,
)
from jobevents_cli.render.json_line import JsonLines

if TYPE_CHECKING:
    from jobevents_cli.render.event_line import TextLines


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


class EventLines:
    """Lines of events, in the order in which they are printed."""

    def __init__(self, options: LineOptions) -> None:
        self._wanted = options.wanted
        self._quiet = options.quiet
        self._tagged = options.tagged
        self.text = None if options.as_json or options.quiet else _new_text_lines(options)
        """How events become text; None for JSON Lines."""
        self._json = JsonLines(on_terminal=is_terminal(sys.stdout), tagged=options.tagged)
        self._seen = 0
        self._shown = 0
        """How many events the filters have seen, and let through."""

    def know(self, refs: Iterable[JobRef] = (), nodes: Iterable[str] = ()) -> None:
        """Size the columns for these jobs and nodes, unless a line was printed already."""
        if self.text and self.text.rows:
            self.text.rows.know_tags(map(str, refs) if self._tagged else ())
            self.text.rows.know_nodes(nodes)

    def shows(self, event: Event) -> bool:
        """Whether *event* is printed."""
        is_shown = not self._quiet and (self._wanted is None or self._wanted(event))
        self._seen += 1
        self._shown += is_shown
        return is_shown

    @property
    def hidden(self) -> str:
        """What to tell the user if the filters have hidden every event; else empty."""
        if self._shown or self._quiet or not self._seen:
            return ""
        events = "the only event" if self._seen == 1 else f"all {self._seen} events"
        return f"jobevents: the filters hid {events}"

    def render(self, ref: JobRef, events: Sequence[Event], took: Sequence[float | None]) -> list[bytes | None]:
        """Return a line for each of *events* of *ref*; None for one that is not printed.

        *took*: the seconds that each event's node took. A line ends with a line break; on a terminal it may have
        several rows.
        """
        if self._quiet:
            return [None] * len(events)
        wanted, text = self._wanted, self.text
        lines: list[bytes | None]
        if text is None:
            line = self._json.line
            lines = [line(event.text, ref) if wanted is None or wanted(event) else None for event in events]
        else:
            if text.rows:
                text.rows.columns = width_of(sys.stdout)
                text.rows.know_nodes(event.node for event in events)
            lines = [
                text.line(event, ref, seconds) if wanted is None or wanted(event) else None
                for event, seconds in zip(events, took, strict=True)
            ]
        self._seen += len(lines)
        self._shown += len(lines) - lines.count(None)
        return lines


def _new_text_lines(options: LineOptions) -> "TextLines":
    from jobevents_cli.render.event_line import TextLines
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
        symbols=shows_symbols(sys.stdout),
        rows=rows,
        encoding=encoding_of(sys.stdout),
        tagged=options.tagged,
    )
