"""The colours of everything that people look at: one theme for Rich."""

import re
from functools import lru_cache
from typing import Final

from rich.console import COLOR_SYSTEMS, Console, RenderableType
from rich.style import Style
from rich.text import Text
from rich.theme import Theme

from jobevents_cli.render.looks import JOB_STYLES
from jobevents_cli.render.styles import Paint

_JOB_COLORS: Final = (31, 133, 64, 130, 97, 29, 167, 68)
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
        **{style: f"color({color})" for style, color in zip(JOB_STYLES, _JOB_COLORS, strict=True)},
    }
)
"""Styles by what they mean; `bold` and `dim` are Rich's own."""


def drawn(renderable: RenderableType, console: Console) -> str:
    """Return what *console* makes of *renderable*: rows, each with its line break."""
    with console.capture() as capture:
        console.print(renderable, soft_wrap=isinstance(renderable, Text))
    # Rich numbers hyperlinks: without their ids the same screen is the same text.
    return _LINK_ID.sub("\x1b]8;;", capture.get())


def hyperlink(text: str, address: str) -> str:
    """Return *text*, which may be styled already, as a hyperlink to *address*, which must be linkable."""
    return _LINK_ID.sub("\x1b]8;;", Style(link=address).render(text))


def painter(console: Console) -> Paint:
    """Return what puts a text into a style, a name of the theme or a definition, with the colours of *console*."""
    system = COLOR_SYSTEMS[console.color_system or "standard"]  # a dumb terminal has colours if the user says so

    @lru_cache(maxsize=4096)  # many events share their times and styles
    def paint(text: str, style: str) -> str:
        return (THEME.styles.get(style) or Style.parse(style)).render(text, color_system=system)

    return paint
