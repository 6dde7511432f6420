"""Draws text with its colours as an SVG picture."""

import io


def svg(text: str, title: str, columns: int) -> str:
    """Return *text*, with terminal colours, on a picture of a terminal *columns* wide."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=io.StringIO(), width=columns, record=True, force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(text))
    return console.export_svg(title=title)
