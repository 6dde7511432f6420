"""Prints what a command prints once: text, JSON values, checks. For events see `event_printer.py`."""

import sys
from collections.abc import Iterable
from typing import Any, Final

from jobevents_cli.model.json_text import encoded
from jobevents_cli.output.capabilities import can_encode, is_terminal
from jobevents_cli.output.streams import print_bytes, print_text
from jobevents_cli.render.escape import safe
from jobevents_cli.render.json_line import safe_json


def print_lines(values: Iterable[Any] = (), *, text: str = "") -> None:
    """Print *text*, and each of *values* as a line of JSON."""
    print_text(text)
    on_terminal = is_terminal(sys.stdout)
    lines = map(encoded, values)
    print_bytes(b"".join(b"%b\n" % (safe_json(line) if on_terminal else line) for line in lines))


_CHECK_WIDTH: Final = 20
"""Columns of a check's name."""


def print_check(
    name: str, found: str, cure: str | None, *, is_good: bool | None, is_warning: bool = False, as_json: bool
) -> None:
    """Print the result of one check: a line, and one for the *cure* if there is one."""
    if as_json:
        print_lines([{"check": name, "ok": is_good, "found": found, "cure": cure}])
        return
    symbols = {True: "✔", False: "✘", None: "-"} if can_encode("✔✘", sys.stdout) else {True: "+", False: "x", None: "-"}
    symbol = "!" if is_warning else symbols[is_good]
    cured = f"  {'':<{_CHECK_WIDTH}}  {safe(cure)}\n" if cure else ""
    print_lines(text=f"{symbol} {name:<{_CHECK_WIDTH}}  {safe(found)}\n{cured}")
