"""Texts and their styles: how a text gets its style, how wide it is, how it is broken and cut to fit."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

Span = tuple[str, str]
"""A text and its style: a name of the theme, or words such as `bold red`."""

Paint = Callable[[str, str], str]
"""Puts a text into a style: (text, style) to what is written. See also `theme.painter`."""

_LEAST_TEXT: Final = 30
"""Columns that a text needs beside what is before it; where fewer are left, it begins on the next row."""

_INDENT: Final = 10


def plain(text: str, _style: str) -> str:
    """Return the text without any style."""
    return text


def painted(spans: Sequence[Span], paint: Paint) -> str:
    """Return *spans* as one text."""
    return "".join(paint(text, style) if style else text for text, style in spans)


def width(text: str) -> int:
    """Return the columns that *text* takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # off a terminal nothing is measured, and Rich is not loaded

    return cell_len(text)


def cut(text: str, columns: int, mark: str = "…") -> str:
    """Return *text*, if need be cut to *columns* with *mark* at its end."""
    if width(text) <= columns:
        return text
    from rich.cells import set_cell_size

    return set_cell_size(text, max(0, columns - len(mark))) + mark[: max(0, columns)]


def wrapped(text: str, room: int, *, breaks: bool = False) -> list[str]:
    """Return *text* broken between words into rows of *room* columns.

    A longer word is a row of its own, whole, unless it *breaks*; an address never does.
    """
    if width(text) <= room:
        return [text]
    rows: list[str] = []
    row = ""
    for word in _broken(text, room) if breaks else text.split(" "):
        longer = f"{row} {word}" if row else word
        if row and width(longer) > room:
            rows.append(row)
            longer = word
        row = longer
    return [*rows, row]


def _broken(text: str, room: int) -> Iterator[str]:
    from rich.cells import chop_cells

    for word in text.split(" "):
        if width(word) > room and "://" not in word:
            yield from chop_cells(word, room)
        else:
            yield word


def flowed(text: str, at: int, columns: int, used: int) -> list[tuple[int, str]]:
    """Return the rows of *text* beside what takes *used* columns, each with the column where it begins, *at* if it can.

    The first row continues the row of which so much is used; it is empty if the text begins below. That is so if less
    than 30 columns, or less than its longest word needs, remain beside. Words stay whole: what is longer than a row
    begins at the edge, and a terminal breaks it.
    """
    start = max(at, used)
    if start + width(text) <= columns:
        return [(start, text)]
    room = columns - at
    if room >= max(_LEAST_TEXT, *map(width, text.split(" "))):
        rows = [(at, row) for row in wrapped(text, room)]
        return rows if used <= at else [(used, ""), *rows]
    return [(used, ""), *((edge(row, columns), row) for row in wrapped(text, columns - _INDENT))]


def edge(text: str, columns: int) -> int:
    """Return the column where a row of its own begins that is not broken: indented, if *text* fits then."""
    return _INDENT if _INDENT + width(text) <= columns else 0
