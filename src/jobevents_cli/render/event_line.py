"""One event, one line of text: time, symbol and status, job, node, how long the node took, what happened.

Not on a terminal that is one line, its columns separated by two spaces. On a terminal the columns stay where they
are, and what does not fit continues on the next row.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from jobevents_cli.model.event import PLAN_EVENT_TYPES, Event
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.render.details import report_link, what_happened
from jobevents_cli.render.escape import safe, safe_lines
from jobevents_cli.render.looks import KNOWN, job_style, look_of
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
        self._time = time
        self._paint = paint
        self._symbols = symbols
        self._rows = rows
        self._encoding = encoding
        self._tagged = tagged
        self._heads = {look: paint(look.text(symbols=symbols), look.style) for look in KNOWN}
        self._last_time = ("", self._time_before(""))
        self._day = time.today if time else ""
        self._depths: dict[JobRef, int] = {}

    def fit(self, columns: int) -> None:
        """Lay out the next lines for a terminal of so many *columns*."""
        if self._rows:
            self._rows.columns = columns

    def know_nodes(self, names: Iterable[str]) -> None:
        """Size the node column for *names*, unless a line was rendered already."""
        if self._rows:
            self._rows.know_nodes(safe(name) for name in names)

    def know_jobs(self, refs: Iterable[JobRef]) -> None:
        """Size the job column for *refs*, unless a line was rendered already."""
        if self._rows and self._tagged:
            self._rows.know_tags(str(ref) for ref in refs)

    def line(self, event: Event, ref: JobRef, took: float | None = None) -> bytes:
        """Return the *event* of *ref* as text with its line break; its node took *took* seconds.

        On a terminal it may have several rows, and a row with the day comes first where that changes.
        """
        text = self._on_terminal(self._rows, event, ref, took) if self._rows else self._in_one_line(event, ref, took)
        return text.encode(self._encoding, "backslashreplace")

    def _in_one_line(self, event: Event, ref: JobRef, took: float | None) -> str:
        look = look_of(event)
        node = safe(event.node) if event.node else self._no_node(event, ref)
        text = safe(what_happened(event)) if ref.kind is _JOB else _NEXT_LINE.join(self._plan_lines(event, ref))
        link = safe(report_link(event)) if look.is_failure else ""
        job = self._tag(ref)
        tag = f"  {self._paint(job, job_style(ref.number))}" if job else ""
        if event.timestamp != self._last_time[0]:  # many events share a second
            self._last_time = (event.timestamp, self._time_before(event.timestamp))
        head = self._heads.get(look) or self._paint(look.text(symbols=self._symbols), look.style)
        text = f"{self._last_time[1]}{head}{tag}  {node}  {took_text(took)}  {text}  {link}".rstrip()
        return f"{text}\n"

    def _on_terminal(self, rows: Rows, event: Event, ref: JobRef, took: float | None) -> str:
        look = look_of(event)
        node = safe(event.node) if event.node else self._no_node(event, ref)
        what = [safe(what_happened(event))] if ref.kind is _JOB else self._plan_lines(event, ref)
        what = [text for text in what if text]
        tag = self._tag(ref)
        if not tag:
            rows.know_nodes([ref.label])
        if not rows.matches([node, *what]) and (message := _unsaid(event, what)):
            what.append(message)
        moment = self._time(event.timestamp) if self._time else Moment("")
        text = rows.laid_out(
            Cells(
                time=moment.text,
                head=look.text(symbols=self._symbols),
                head_style=look.style,
                tag=tag,
                tag_style=job_style(ref.number),
                node=node,
                took=took_text(took),
                what=what,
                link=safe(report_link(event)) if look.is_failure else "",
            )
        )
        if moment.day in ("", self._day):
            return text
        self._day = moment.day
        return f"{self._paint(moment.day, 'dim')}\n{text}"

    def _no_node(self, event: Event, ref: JobRef) -> str:
        """Return the text of the node column for an event without node."""
        if ref.kind is _JOB and not event.type.startswith("job_"):
            return "-"
        return "" if self._tag(ref) else ref.label

    def _tag(self, ref: JobRef) -> str:
        """Return what names *ref* in a line; empty if nothing is to name it."""
        return str(ref) if self._tagged and ref.is_known else ""

    def _time_before(self, timestamp: str) -> str:
        """Return the time with the gap after it."""
        return f"{self._paint(self._time(timestamp).text, 'dim')}  " if self._time else ""

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


def _unsaid(event: Event, what: Sequence[str]) -> str:
    """Return the orchestrator's own message; empty if *what* contains it."""
    message = safe(event.message)
    return "" if any(message in text for text in what) else message
