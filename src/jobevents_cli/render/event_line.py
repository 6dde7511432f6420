"""One event, one line of text: time, symbol and status, job, node, how long the node took, what happened.

Not on a terminal that is one line, its columns separated by two spaces. On a terminal the columns stay where they
are, and what does not fit continues on the next row.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from jobevents_cli.model.event import Event
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.render.details import report_link, what_happened
from jobevents_cli.render.escape import safe, safe_lines
from jobevents_cli.render.looks import KNOWN, Look, look_of
from jobevents_cli.render.plan_text import plan_text
from jobevents_cli.render.rows import Cells, Rows
from jobevents_cli.render.styles import Paint, plain, tag_style
from jobevents_cli.render.times import Moment, TimeFormat, took_text

_JOB: Final = Kind.JOB
_NEXT_LINE: Final = "\\n"
"""Not on a terminal an event is one line: a message's line breaks are shown as escapes."""

_INDENT: Final = "  "


class Line(NamedTuple):
    """One event as bytes, and the *day* of its time if its line does not contain it."""

    data: bytes
    day: str = ""


class TextLines:
    """Renders events as text. Several threads may use it; the events of one job come in order."""

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
        self._heads = {look: self._paint(look.text(symbols=symbols), look.style) for look in KNOWN}
        self._last_time = ("", *self._newly_painted_time(""))
        self._depths: dict[JobRef, int] = {}

    @property
    def today(self) -> str:
        """The day that needs no date line before the first event."""
        return self._time.today if self._time else ""

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

    def date_line(self, day: str) -> bytes:
        """Return the line to print where the date changes to *day*."""
        return self._encoded(f"{self._paint(day, 'dim')}\n")

    def line(self, event: Event, ref: JobRef, took: float | None = None) -> Line:
        """Return the *event* of *ref* as text with its line break; its node took *took* seconds."""
        if self._rows:
            text, day = self._on_terminal(self._rows, event, ref, took)
        else:
            text, day = self._in_one_line(event, ref, took)
        return Line(self._encoded(text), day)

    def _in_one_line(self, event: Event, ref: JobRef, took: float | None) -> tuple[str, str]:
        """Return the line of *event* not on a terminal, and the day that it does not contain."""
        look = look_of(event)
        node = safe(event.node) if event.node else self._no_node(event, ref)
        text = safe(what_happened(event)) if ref.kind is _JOB else _NEXT_LINE.join(self._plan_lines(event, ref))
        link = safe(report_link(event)) if look.is_failure else ""
        job = self._tag(ref)
        tag = f"  {self._paint(job, tag_style(ref.number))}" if job else ""
        time, day = self._painted_time(event.timestamp)
        text = f"{time}{self._head(look)}{tag}  {node}  {took_text(took)}  {text}  {link}".rstrip()
        return f"{text}\n", day

    def _on_terminal(self, rows: Rows, event: Event, ref: JobRef, took: float | None) -> tuple[str, str]:
        """Return the line of *event* as *rows* lays it out, and the day that it does not contain."""
        look = look_of(event)
        node = safe(event.node) if event.node else self._no_node(event, ref)
        what = [safe(what_happened(event))] if ref.kind is _JOB else self._plan_lines(event, ref)
        what = [text for text in what if text]
        tag = self._tag(ref)
        if not tag:
            rows.know_nodes([ref.label])
        if not rows.matches([node, *what]) and (message := _unsaid(event, what)):
            what.append(message)
        moment = self._moment(event.timestamp)
        cells = Cells(
            time=moment.text,
            head=look.text(symbols=self._symbols),
            head_style=look.style,
            tag=tag,
            tag_style=tag_style(ref.number),
            node=node,
            took=took_text(took),
            what=what,
            link=safe(report_link(event)) if look.is_failure else "",
        )
        return rows.with_columns(cells), moment.day

    def _no_node(self, event: Event, ref: JobRef) -> str:
        """Return the text of the node column for an event without node."""
        if ref.kind is _JOB and not event.type.startswith("job_"):
            return "-"
        return "" if self._tag(ref) else ref.label

    def _tag(self, ref: JobRef) -> str:
        """Return what names *ref* in a line; empty if nothing is to name it."""
        return str(ref) if self._tagged and ref.is_known else ""

    def _head(self, look: Look) -> str:
        return self._heads.get(look) or self._paint(look.text(symbols=self._symbols), look.style)

    def _moment(self, timestamp: str) -> Moment:
        return self._time(timestamp) if self._time else Moment("")

    def _painted_time(self, timestamp: str) -> tuple[str, str]:
        """Return the painted time with the gap after it, and its day; many events share a second."""
        last = self._last_time  # several threads render: each uses only the value that it read or made
        if timestamp != last[0]:
            last = self._last_time = (timestamp, *self._newly_painted_time(timestamp))
        return last[1], last[2]

    def _newly_painted_time(self, timestamp: str) -> tuple[str, str]:
        if self._time is None:
            return "", ""
        moment = self._time(timestamp)
        return f"{self._paint(moment.text, 'dim')}  ", moment.day

    def _plan_lines(self, event: Event, ref: JobRef) -> list[str]:
        """Return what a plan's own *event* says, indented as deep as its sub-plan is."""
        depth = self._depths.get(ref, 0)
        if event.type == "plan_end":
            depth = self._depths[ref] = max(0, depth - 1)
        elif event.type == "plan_start":
            self._depths[ref] = depth + 1
        return [f"{_INDENT * depth}{text}" for text in safe_lines(plan_text(event))]

    def _encoded(self, text: str) -> bytes:
        return text.encode(self._encoding, "backslashreplace")


def _unsaid(event: Event, what: Sequence[str]) -> str:
    """Return the orchestrator's own message; empty if *what* contains it."""
    message = safe(event.message)
    return "" if any(message in text for text in what) else message
