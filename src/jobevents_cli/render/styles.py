"""Styled text for a line of limited width."""

from collections.abc import Callable, Sequence

Span = tuple[str, str]
"""A text and its style."""


Paint = Callable[[str, str], str]
"""Puts a text into a style: (text, style) to what is written."""


def plain(text: str, _style: str) -> str:
    """The text without any style."""
    return text


class Painter:
    """Puts texts into Rich styles, each rendered once: a console call a line would cost a hundredfold."""

    def __init__(self) -> None:
        self._codes: dict[str, tuple[str, str]] = {}

    def __call__(self, text: str, style: str) -> str:
        """*text* between the codes of *style*."""
        codes = self._codes.get(style)
        if codes is None:
            codes = self._codes[style] = self._rendered(style)
        return codes[0] + text + codes[1]

    @staticmethod
    def _rendered(style: str) -> tuple[str, str]:
        from rich.color import ColorSystem
        from rich.style import Style

        before, after = Style.parse(style).render("\0", color_system=ColorSystem.STANDARD).split("\0")
        return before, after


def width(text: str) -> int:
    """The columns that *text* takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def fitted(spans: Sequence[Span], columns: int) -> list[Span]:
    """*spans* cut to at most *columns*."""
    kept: list[Span] = []
    left = columns
    for text, style in spans:
        needed = width(text)
        if needed > left:
            from rich.cells import set_cell_size

            kept.append((set_cell_size(text, max(0, left)), style))
            break
        kept.append((text, style))
        left -= needed
    return kept


def painted(spans: Sequence[Span], paint: Paint) -> str:
    """*spans* as one text."""
    return "".join(paint(text, style) if style else text for text, style in spans)
