"""One event, one line of text: time, symbol and status, job, node, how long the node took, what happened.

Not on a terminal that is one line, its columns separated by two spaces. On a terminal the columns stay where they
are, and what does not fit continues on the next row.
"""

from functools import lru_cache
from typing import Final

from jobevents_cli.model.event import PLAN_EVENT_TYPES, Event
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.render.details import report_link, what_happened
from jobevents_cli.render.escape import safe, safe_lines
from jobevents_cli.render.looks import job_style, look_of
from jobevents_cli.render.plan_text import plan_text
from jobevents_cli.render.rows import Cells, Rows
from jobevents_cli.render.styles import Paint, plain
from jobevents_cli.render.times import Moment, TimeFormat, took_text

_JOB: Final = Kind.JOB
_NEXT_LINE: Final = "\\n"
"""Not on a terminal an event is one line: a message's line breaks are shown as escapes."""

_INDENT: Final = "  "


class TextLines:
    """Renders events as text, in the order in which they are printed."""

    def __init__(
        self,
        *,
        time: TimeFormat | None = None,
        paint: Paint = plain,
        symbols: bool = True,
        rows: Rows | None = None,
        encoding: str = "utf-8",
        tagged: bool = False,
    ) -> None:
        """Render for a terminal as *rows* says, or not for a terminal if it is None.

        *symbols*: the output can show more than ASCII. *tagged*: each line names its job.
        """
        self.rows = rows
        self._time = time
        self._paint = paint
        self._symbols = symbols
        self._encoding = encoding
        self._tagged = tagged
        self._day = time.today if time else ""
        self._depths: dict[JobRef, int] = {}
        # Off a terminal there are as many events as there may be, which share their times and their few looks.
        self._time_before = lru_cache(64)(lambda stamp: f"{paint(time(stamp).text, 'dim')}  " if time else "")
        self._head = lru_cache(64)(lambda look: paint(look.text(symbols=symbols), look.style))

    def line(self, event: Event, ref: JobRef, took: float | None = None) -> bytes:
        """Return the *event* of *ref* as text with its line break; its node took *took* seconds.

        On a terminal it may have several rows, and a row with the day comes first where that changes.
        """
        look = look_of(event)
        tag = str(ref) if self._tagged and ref.is_known else ""
        tag_style = job_style(ref.number) if tag else ""
        node = safe(event.node) if event.node else _no_node(event, ref, tag)
        what = [safe(what_happened(event))] if ref.kind is _JOB else self._plan_lines(event, ref)
        link = safe(report_link(event)) if look.is_failure else ""
        if self.rows is None:
            job = f"  {self._paint(tag, tag_style)}" if tag else ""
            said = f"{node}  {took_text(took)}  {_NEXT_LINE.join(what)}  {link}"
            text = f"{self._time_before(event.timestamp)}{self._head(look)}{job}  {said}".rstrip() + "\n"
        else:
            moment = self._time(event.timestamp) if self._time else Moment("")
            head = look.text(symbols=self._symbols)
            what = [text for text in what if text]
            if event.message and not self.rows.matches([head, node, *what]):
                what.append(safe(event.message))  # what `--grep` looks for is in it alone
            if not tag:
                self.rows.know_nodes([ref.label])
            cells = Cells(moment.text, head, look.style, tag, tag_style, node, took_text(took), what, link)
            text = self._day_before(moment.day) + self.rows.laid_out(cells)
        return text.encode(self._encoding, "backslashreplace")

    def _day_before(self, day: str) -> str:
        """Return the row with *day*, if that is another than the one of the line before."""
        if day in ("", self._day):
            return ""
        self._day = day
        return f"{self._paint(day, 'dim')}\n"

    def _plan_lines(self, event: Event, ref: JobRef) -> list[str]:
        """Return what a plan's own *event* says, indented as deep as its sub-plan is."""
        depth = self._depths.get(ref, 0)
        if event.type == "plan_end":
            depth = self._depths[ref] = max(0, depth - 1)
        elif event.type == "plan_start":
            self._depths[ref] = depth + 1
        return [f"{_INDENT * depth}{text}" for text in safe_lines(plan_text(event))]


def printed_text(event: Event) -> str:
    """Return what the line of *event* says beside its time: status, node and what happened; not yet escaped."""
    what = plan_text(event) if event.type in PLAN_EVENT_TYPES else what_happened(event)
    return f"{look_of(event).status}  {event.node}  {what}"


def _no_node(event: Event, ref: JobRef, tag: str) -> str:
    """Return the text of the node column for an event without node."""
    if ref.kind is Kind.JOB and not event.type.startswith("job_"):
        return "-"
    return "" if tag else ref.label
