"""The colours of a terminal that shows 256."""

import io

from rich.console import Console

from jobevents_cli.render.theme import THEME, painter

CONSOLE = Console(file=io.StringIO(), width=80, color_system="256", force_terminal=True, theme=THEME)
colored = painter(CONSOLE)
