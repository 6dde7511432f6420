"""The colours of everything that people look at: one theme for Rich."""

import re
from collections.abc import Callable
from typing import Final

from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.style import Style
from rich.text import Text
from rich.theme import Theme

_JOBS: Final = (31, 133, 64, 130, 97, 29, 167, 68)
"""Colours that distinguish jobs: of medium brightness, so that they are readable on black and on white."""

_LINK_ID: Final = re.compile(r"\x1b]8;id=[^;]*;")

# Of the basic colours only red, green and magenta are readable on black and on white with most palettes.
THEME: Final = Theme(
    {
        "running": "color(31)",
        "finished": "green",
        "changed": "bold green",
        "failed": "bold red",
        "skipped": "magenta",
        "stopping": "bold magenta",
        "address": "underline",
        "match": "bold reverse",
        "table.header": "bold",
        **{f"job{number}": f"color({color})" for number, color in enumerate(_JOBS)},
    }
)
"""Styles by what they mean; `bold` and `dim` are Rich's own."""


def job_style(number: int) -> str:
    """Return the style that distinguishes job *number*."""
    return f"job{number % len(_JOBS)}"


def drawn(renderable: RenderableType, console: Console) -> str:
    """Return what *console* makes of *renderable*: rows, each with its line break."""
    with console.capture() as capture:
        console.print(renderable, soft_wrap=isinstance(renderable, Text))
    # Rich numbers hyperlinks: without their ids the same screen is the same text.
    return _LINK_ID.sub("\x1b]8;;", capture.get())


def painter(system: ColorSystem | None) -> Callable[[str, str], str]:
    """Return what puts a text into a style, a name of the theme or a definition, with the colours of *system*."""

    def paint(text: str, style: str) -> str:
        return (THEME.styles.get(style) or Style.parse(style)).render(text, color_system=system)

    return paint
