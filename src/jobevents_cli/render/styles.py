"""Styled text: what a style is on a terminal, how wide a text is, how it is cut or broken to fit."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

Span = tuple[str, str]
"""A text and its style: words such as `bold red`, or a number of the 256 colours."""

Paint = Callable[[str, str], str]
"""Puts a text into a style: (text, style) to what is written."""

_CODES: Final = {
    "bold": "1",
    "dim": "2",
    "underline": "4",
    "reverse": "7",
    "red": "31",
    "green": "32",
    "magenta": "35",
}
"""The only basic colours that most palettes show readably on black and on white; blue, yellow and cyan are not."""

_TAG_STYLES: Final = ("31", "133", "64", "130", "97", "29", "167", "68")
"""Colours that distinguish jobs: of medium brightness, so that they are readable on black and on white."""


def plain(text: str, _style: str) -> str:
    """Return the text without any style."""
    return text


def colored(text: str, style: str) -> str:
    """Return *text* between the codes of *style*; without any if *style* is empty."""
    return f"{_start_of(style)}{text}\x1b[0m" if style else text


@lru_cache(maxsize=64)
def _start_of(style: str) -> str:
    return f"\x1b[{';'.join(_CODES.get(word) or f'38;5;{word}' for word in style.split())}m"


def tag_style(number: int) -> str:
    """Return the style that distinguishes job *number*."""
    return _TAG_STYLES[number % len(_TAG_STYLES)]


def is_linkable(link: str) -> bool:
    """Whether *link*, made safe, may become a hyperlink.

    Other schemes can run a program, and an address with an escape in it is not what the server sent.
    """
    return link.startswith(("https://", "http://")) and "\\" not in link


def hyperlink(text: str, link: str) -> str:
    """Return *text* as a terminal's hyperlink to *link*, which must be linkable."""
    return f"\x1b]8;;{link}\x1b\\{text}\x1b]8;;\x1b\\"


def painted(spans: Sequence[Span], paint: Paint) -> str:
    """Return *spans* as one text."""
    return "".join(paint(text, style) if style else text for text, style in spans)


def width(text: str) -> int:
    """Return the columns that *text* takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, columns: int, mark: str = "…") -> str:
    """Return *text*, if need be cut to *columns* with *mark* at its end."""
    if width(text) <= columns:
        return text
    return _head(text, max(0, columns - len(mark))) + mark[: max(0, columns)]


def cut_in_middle(text: str, columns: int, mark: str = "…") -> str:
    """Return *text*, if need be cut to *columns* in its middle, so that its beginning and its end distinguish it."""
    if width(text) <= columns:
        return text
    room = max(0, columns - len(mark))
    tail = _head(text[::-1], room // 2)[::-1]
    return _head(text, room - width(tail)) + mark[: max(0, columns)] + tail


def fitted(spans: Sequence[Span], columns: int, mark: str = "…") -> list[Span]:
    """Return *spans*, if need be cut to *columns* with *mark* at the end."""
    if sum(width(text) for text, _ in spans) <= columns:
        return list(spans)
    kept: list[Span] = []
    left = columns - len(mark)
    for text, style in spans:
        needed = width(text)
        if needed > left:
            kept.append((_head(text, max(0, left)) + mark[: max(0, columns)], style))
            break
        kept.append((text, style))
        left -= needed
    return kept


def wrapped(text: str, room: int, first: int | None = None) -> list[str]:
    """Return *text* broken between words into rows of at most *room* columns; *first* is the first row's room.

    Only a word wider than a whole row is broken itself.
    """
    room = max(1, room)
    left = room if first is None else first
    if width(text) <= left:
        return [text]
    rows: list[str] = []
    row = ""
    for word in text.split(" "):
        longer = f"{row} {word}" if row else word
        if width(longer) <= left:
            row = longer
            continue
        if row or left < room:
            rows.append(row)
            left = room
        row = word
        while width(row) > room:
            head = _head(row, room) or row[0]
            rows.append(head)
            row = row[len(head) :]
    return [*rows, row]


def _head(text: str, columns: int) -> str:
    """Return the longest beginning of *text* that takes at most *columns*."""
    if text.isascii():
        return text[:columns]
    taken = 0
    for index, character in enumerate(text):
        taken += width(character)
        if taken > columns:
            return text[:index]
    return text
