"""Makes README's picture anew, from a real run: `python -m documents.picture`, in the folder `tests`."""

import io
import sys
from pathlib import Path
from typing import Final

import pyte
from rich.console import Console
from rich.text import Text
from support.terminal import Terminal

PICTURE: Final = Path(__file__).parent.parent / "golden" / "tail.svg"
COLUMNS: Final = 90
ROWS: Final = 40
FIRST: Final = "Job "
"""How the line begins that is the first one of a tail: what the demo says before it is left out."""


def main() -> None:
    """Run the demo on a terminal and keep its screen, amid the job, as an SVG."""
    with Terminal(["jobevents", "demo"], columns=COLUMNS, rows=ROWS) as terminal:
        terminal.wait_for(lambda seen: "failed: " in seen.text and seen.text.count("✔ finished") > 5)
        lines = _lines(terminal.screen)
    first = next(number for number, line in enumerate(lines) if line.plain.startswith(FIRST))
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ jobevents tail 1", style="bold"))
    for line in lines[first:]:
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
