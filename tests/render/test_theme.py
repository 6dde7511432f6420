"""The colours: of events, of jobs and of hyperlinks."""

import io

import pytest
from rich.console import Console
from rich.style import Style
from rich.text import Text
from support.colors import CONSOLE, colored

from jobevents_cli.render.looks import KNOWN, job_style, look_of_state
from jobevents_cli.render.theme import THEME, drawn, hyperlink

PLAIN = Console(file=io.StringIO(), width=80, color_system=None, theme=THEME)


@pytest.mark.parametrize("number", range(10))
def test_the_colours_of_jobs_are_readable_on_black_and_on_white(number: int) -> None:
    """The colour of each job has a contrast of at least 3.5 to 1 with both (WCAG 2's formula)."""
    color = THEME.styles[job_style(number)].color
    assert color is not None
    red, green, blue = (_linear(value) for value in color.get_truecolor())
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert (light + 0.05) / 0.05 >= 3.5
    assert 1.05 / (light + 0.05) >= 3.5


def _linear(value: int) -> float:
    part = value / 255
    return part / 12.92 if part <= 0.03928 else float(((part + 0.055) / 1.055) ** 2.4)


def test_the_theme_has_every_style() -> None:
    """Of the basic colours it uses those that most palettes show readably on black and on white."""
    looks = [*KNOWN, *map(look_of_state, ("failed", "stopped", "aborted"))]
    styles = [THEME.styles[look.style] for look in looks if look.style]
    basic = {style.color.name for style in styles if style.color and style.color.number is not None}
    assert basic <= {"red", "green", "magenta", "color(31)"}


def test_what_a_style_is_on_a_terminal() -> None:
    """A name of the theme or a definition becomes codes around the text; no style, no codes."""
    assert colored("x", "failed") == "\x1b[1;31mx\x1b[0m"
    assert colored("x", "bold red") == "\x1b[1;31mx\x1b[0m"
    assert colored("x", "running") == "\x1b[38;5;31mx\x1b[0m"
    assert colored("x", "") == "x"


def test_a_drawing_is_the_same_text_each_time() -> None:
    """Rich numbers hyperlinks; in a drawing and in an event's line they have no numbers."""
    link = Text("report", Style(link="https://x/y"))
    assert drawn(link, CONSOLE) == "\x1b]8;;https://x/y\x1b\\report\x1b]8;;\x1b\\\n"
    assert hyperlink("report", "https://x/y") == drawn(link, CONSOLE).rstrip("\n")
    assert drawn(Text("x" * 200, "failed"), PLAIN) == "x" * 200 + "\n"
