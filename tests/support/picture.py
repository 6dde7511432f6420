"""Makes the README's picture anew, from a real run: `python -m support.picture`, in the folder `tests`."""

import io
import sys
from pathlib import Path

import pyte
from rich.console import Console
from rich.text import Text

from support.terminal import Terminal

PICTURE = Path(__file__).parent.parent / "golden" / "tail.svg"
COLUMNS = 136


def main() -> None:
    """Run the demo on a terminal and keep its last screen as an SVG."""
    with Terminal(["jobevents", "demo"], columns=COLUMNS, rows=40) as terminal:
        terminal.wait_for_end()
        lines = _lines(terminal.screen)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ jobevents demo", style="bold"))
    for line in lines:
        console.print(line, soft_wrap=True)
    console.save_svg(str(PICTURE), title="jobevents tail")
    sys.stdout.write(f"{PICTURE}\n")


def _lines(screen: pyte.Screen) -> list[Text]:
    lines = []
    for row in range(screen.lines):
        line = Text()
        for column in range(screen.columns):
            cell = screen.buffer[row][column]
            color = "" if cell.fg == "default" else cell.fg.replace("brown", "yellow")
            line.append(cell.data, " ".join(filter(None, ["bold" if cell.bold else "", color])))
        line.rstrip()
        lines.append(line)
    while lines and not lines[-1].plain:
        lines.pop()
    return lines


if __name__ == "__main__":
    main()
