"""Prints what a command prints once: text, JSON values, files. For events see `lines.py`."""

import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from jobevents_cli.config.private_files import replace_file
from jobevents_cli.errors import OutputFailed
from jobevents_cli.model.json_text import encoded
from jobevents_cli.output.stdout import Stdout, print_text
from jobevents_cli.render.json_line import safe_json

_PRIVATE: Final = 0o600


def print_lines(values: Iterable[Any] = (), *, text: str = "") -> None:
    """Print *text*, and each of *values* as a line of JSON."""
    if text:
        print_text(text)
    print_pieces((b"%b\n" % encoded(value) for value in values), is_json=True)


def print_pieces(pieces: Iterable[bytes], *, is_json: bool = False) -> None:
    """Print *pieces* on standard output. JSON is escaped on a terminal, so that it cannot control it."""
    stdout = Stdout()
    for piece in pieces:
        stdout.write([safe_json(piece) if is_json and stdout.is_terminal else piece])


def write_file(name: str, pieces: Iterable[bytes]) -> None:
    """Write *pieces* to the file *name*, as a whole or not at all. A new file can be read by its owner only.

    OutputFailed if it cannot be written: what was in it is kept then.
    """
    path = Path(name)
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else _PRIVATE
        replace_file(path, pieces, mode=mode)
    except OSError as error:
        raise OutputFailed(f"--output {name} cannot be written: {error.strerror or error}") from None
