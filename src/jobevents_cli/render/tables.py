"""Tables for people and pipes, and `View`: the width, times and colours of what is printed once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from jobevents_cli.model.json_values import as_text
from jobevents_cli.render.escape import is_linkable, safe
from jobevents_cli.render.looks import Look, look_of_state
from jobevents_cli.render.styles import Paint, Span, painted, plain, width
from jobevents_cli.render.times import TimeFormat

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

NOTHING: Final = "-"
"""Stands for what is not known."""

STATES: Final = ("finished", "failed", "errored", "skipped", "stopped", "stopping", "running", "ready", "new")
"""The states of nodes and jobs in the order in which counts are shown; unknown ones follow."""

_GAP: Final = "  "
ALWAYS: Final = 9
"""The `keep` of a column that is never left out."""

_NARROW: Final = 60
_AT_ONCE: Final = 500
"""Rows that are drawn together."""

_PLAN_STATES: Final = {
    "success": Look("success", "✔", "+", "bold green"),
    "failure": Look("failure", "✘", "x", "bold red"),
    "pending": Look("pending", "•", "-", ""),
}
"""The states that only plans have."""


@dataclass(frozen=True, slots=True)
class View:
    """How things are shown. *console* draws on the terminal, and is None if it is not one; then *paint* colours."""

    time: TimeFormat | None = None
    console: "Console | None" = None
    paint: Paint = plain
    symbols: bool = True
    links: bool = False
    encoding: str = "utf-8"

    @property
    def is_narrow(self) -> bool:
        """Whether it is a terminal that is too narrow for a text beside other columns."""
        return self.columns is not None and self.columns < _NARROW

    @property
    def columns(self) -> int | None:
        """The terminal's width; None if it is not one."""
        return self.console.width if self.console else None

    def moment(self, timestamp: object) -> str:
        """Return a *timestamp* with its date."""
        text = as_text(timestamp)
        return self.time.full(text) if self.time and text else NOTHING

    def short_moment(self, timestamp: object) -> str:
        """Return a *timestamp* for a table: on a terminal today's `HH:MM:SS`, another day's `MM-DD HH:MM`."""
        text = as_text(timestamp)
        if self.console is None or not self.time or not text:
            return self.moment(text)
        moment = self.time(text)
        if not moment.day or moment.day == self.time.today:
            return moment.text
        return f"{moment.day[len('2026-') : len('2026-11-23')]} {moment.text[: len('HH:MM')]}"

    def look(self, state: str) -> Look:
        """Return how a job, plan or node in *state* is shown."""
        return _PLAN_STATES.get(state) or look_of_state(state)

    def state(self, state: str) -> Span:
        """Return *state*, with its symbol on a terminal."""
        look = self.look(state)
        if self.console is None:
            return safe(state) or NOTHING, look.style
        return look.text(symbols=self.symbols), look.style

    def counts(self, counts: Mapping[str, int], *, words: bool, notes: str = "") -> list[Span]:
        """Return *counts* by state, in the same order always; on a terminal as symbols unless with *words*.

        *notes* follow the finished ones.
        """
        spans: list[Span] = []
        for state, count in ordered_counts(counts):
            look = self.look(state)
            if self.console is None:
                text = f"{safe(state)} {count}"
            else:
                mark = look.mark(symbols=self.symbols)
                text = f"{mark} {count} {look.status}" if words else f"{mark}{count}"
            if spans:
                spans.append((", " if self.console is None else _GAP if words else " ", ""))
            spans.append((text, look.style))
            if state == "finished" and notes:
                spans.append((f" ({notes})", ""))
        return spans

    def rows(self, spans: Sequence[Span]) -> list[str]:
        """Return *spans* as one line, on a terminal broken between words where it ends."""
        if self.console is None:
            return [painted(spans, self.paint).rstrip()]
        from rich.text import Text

        return self.drawn(Text.assemble(*spans))

    def encoded(self, lines: Iterable[str]) -> Iterator[bytes]:
        """Yield *lines* as they are written, each with its line break."""
        return (f"{line}\n".encode(self.encoding, "backslashreplace") for line in lines)

    def below(self, text: str, *, wraps: bool = True) -> list[str]:
        """Return the rows of *text* on a narrow terminal: below what it belongs to, a little further right."""
        from rich.padding import Padding
        from rich.text import Text

        below = Text(text)
        self.cut(below, wraps=wraps)
        return self.drawn(Padding(below, (0, 0, 0, len(_GAP))))

    def cut(self, text: "Text", *, wraps: bool) -> None:
        """Cut *text* where its room ends; or let it continue on the next row, if it *wraps*."""
        text.no_wrap = not wraps
        text.overflow = "fold" if wraps else "ellipsis" if self.symbols else "crop"

    def drawn(self, renderable: "RenderableType") -> list[str]:
        """Return the rows that the terminal shows for *renderable*."""
        from rich.console import Group

        from jobevents_cli.render.theme import drawn

        if self.console is None:
            raise ValueError("only a terminal can be drawn on")
        return [row.rstrip() for row in drawn(Group(renderable), self.console).splitlines()]


class Column(NamedTuple):
    """A table's column. Where not all fit into a terminal, those with the highest *keep* are shown."""

    title: str
    right: bool = False
    keep: int = ALWAYS
    least: int = 0
    """The width to which it may be cut; 0: it is never cut."""
    width: int | None = None
    """Its width, if that is fixed."""


class Cell(NamedTuple):
    """A table's cell: texts that are safe to print, with their styles."""

    spans: Sequence[Span]
    wraps: bool = False
    """On a terminal what does not fit continues on the next row, and is not cut."""
    link: str = ""
    """The address to which it is a hyperlink on a terminal, if that is a web address."""

    @property
    def width(self) -> int:
        """The columns that it takes."""
        return sum(width(text) for text, _ in self.spans)


def cell(text: str, *, wraps: bool = False, link: str = "") -> Cell:
    """Return a cell with one *text*; it and the *link* may be a server's."""
    return Cell([(safe(text) or NOTHING, "")], wraps, safe(link))


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], view: View, *, titles: bool = True
) -> Iterator[str]:
    """Yield the lines of a table of *rows*, with *titles* with those of *columns* above them.

    On a terminal columns that do not fit are cut or left out. Elsewhere each column is as wide as its widest cell, and
    two spaces separate it from the next.
    """
    lines = [[Cell([(column.title, "bold")]) for column in columns]] if titles else []
    lines += map(list, rows)
    widths = [
        column.width or max(cell.width for cell in cells)
        for column, cells in zip(columns, zip(*lines, strict=True), strict=True)
    ]
    if view.console:
        yield from _on_terminal(columns, widths, lines, view)
        return
    for line in lines:
        texts = []
        for column, wide, each in zip(columns, widths, line, strict=True):
            blanks, text = " " * (wide - each.width), painted(each.spans, view.paint)
            texts.append(blanks + text if column.right else text + blanks)
        yield _GAP.join(texts).rstrip()


def _on_terminal(
    columns: Sequence[Column], widths: Sequence[int], rows: Sequence[Sequence[Cell]], view: View
) -> Iterator[str]:
    from rich.style import Style
    from rich.table import Table
    from rich.text import Text

    def text(cell: Cell) -> Text:
        drawn = Text.assemble(*cell.spans)
        view.cut(drawn, wraps=cell.wraps)
        if view.links and is_linkable(cell.link):
            drawn.stylize(Style(link=cell.link))
        return drawn

    shown = _fitting(columns, widths, view.columns or 0)
    for at in range(0, len(rows), _AT_ONCE):
        grid = Table(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), show_header=False)
        for column in (columns[number] for number in shown):
            grid.add_column(width=column.width, no_wrap=not column.least, justify="right" if column.right else "left")
        for row in rows[at : at + _AT_ONCE]:
            grid.add_row(*(text(row[number]) for number in shown))
        yield from view.drawn(grid)


def _fitting(columns: Sequence[Column], widths: Sequence[int], room: int) -> list[int]:
    """Return the numbers of the columns that fit into *room* once those that may be cut are."""
    least = [min(wide, column.least or wide) for column, wide in zip(columns, widths, strict=True)]
    shown: list[int] = []
    for number in sorted(range(len(columns)), key=lambda number: -columns[number].keep):
        more = [*shown, number]
        if columns[number].keep == ALWAYS or sum(least[each] + len(_GAP) for each in more) - len(_GAP) <= room:
            shown = more
    return sorted(shown)


def ordered_counts(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the *counts* by state that are not zero, always in the same order."""
    known = [(state, counts[state]) for state in STATES if counts.get(state)]
    return known + sorted((state, count) for state, count in counts.items() if count and state not in STATES)
