"""The colours of everything that people look at: one theme for Rich."""

from collections.abc import Callable
from typing import Final

from rich.color import ColorSystem
from rich.style import Style
from rich.theme import Theme

_JOBS: Final = (31, 133, 64, 130, 97, 29, 167, 68)
"""Colours that distinguish jobs: of medium brightness, so that they are readable on black and on white."""

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


def link_style(address: str) -> Style:
    """Return the style of a hyperlink to *address*, which must be linkable. Its id is always the same."""
    style = Style(underline=True, link=address)
    style._link_id = "report"  # noqa: SLF001 - Rich numbers links, and so the same screen would never come twice
    return style


def painter(system: ColorSystem | None) -> Callable[[str, str], str]:
    """Return what makes of a text and a style, a name of the theme or a definition, what a terminal of *system* shows."""

    def paint(text: str, style: str) -> str:
        return (THEME.styles.get(style) or Style.parse(style)).render(text, color_system=system)

    return paint
