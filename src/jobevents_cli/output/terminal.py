"""What a standard stream can do: whether it is a terminal, and its colours, width and encoding."""

import io
import os
import stat
import sys
from typing import TYPE_CHECKING, Final, Literal, TextIO

if TYPE_CHECKING:
    from rich.console import Console

    from jobevents_cli.render.styles import Paint
    from jobevents_cli.render.times import TimeFormat

_LARGEST: Final = 10_000
"""The most columns or lines that count: a larger size is a mistake of the terminal or the environment."""


def is_terminal(stream: TextIO | None) -> bool:
    """Whether *stream* is a real terminal that understands cursor movement; FORCE_COLOR does not make it one."""
    try:
        return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:  # closed
        return False


def wants_color(choice: str, stream: TextIO | None) -> bool:
    """Whether to colour *stream*: the option's *choice*, then NO_COLOR, then FORCE_COLOR, then the stream."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR", "")
    if forced and forced.lower() not in ("0", "false"):
        return True
    return is_terminal(stream) and not _is_legacy_console()


def _is_legacy_console() -> bool:
    if sys.platform != "win32":
        return False
    from rich.console import detect_legacy_windows

    return detect_legacy_windows()


def shows_symbols(stream: TextIO | None) -> bool:
    """Whether *stream* shows more than ASCII: its encoding has it, and the locale is not C or POSIX.

    Python writes UTF-8 even then, to a console that may expect ASCII.
    """
    from jobevents_cli.render.looks import SYMBOLS

    said = {os.environ.get(name) for name in (("LC_ALL",) if os.environ.get("LC_ALL") else ("LC_CTYPE", "LANG"))}
    try:
        SYMBOLS.encode(encoding_of(stream))
    except UnicodeEncodeError:
        return False
    return said.isdisjoint({"C", "POSIX"})


def encoding_of(stream: TextIO | None) -> str:
    """The encoding of what is written to *stream*."""
    return getattr(stream, "encoding", None) or "utf-8"


def size_of(stream: TextIO | None) -> os.terminal_size:
    """The size of the terminal behind *stream*; what COLUMNS and LINES say, or 80 by 24, if it has none."""
    try:
        size = os.get_terminal_size(stream.fileno()) if stream else os.terminal_size((0, 0))
    except (OSError, ValueError):
        size = os.terminal_size((0, 0))
    if 0 in size:
        import shutil  # with its archive formats it takes 2 ms to load

        size = shutil.get_terminal_size()
    return size if max(size) <= _LARGEST else os.terminal_size((80, 24))


def width_of(stream: TextIO | None) -> int:
    """The columns of the terminal behind *stream*."""
    return size_of(stream).columns


def takes_footer(*, wanted: bool | None) -> bool:
    """Whether to show a footer: it can be *wanted* or not; None if the user has not said.

    Standard error must be a terminal and standard output one, a file or /dev/null: if it is a pipe, its reader may
    write to the same terminal. A CI system's terminal is a log.
    """
    if wanted is False or (wanted is None and os.environ.get("CI")):
        return False
    if not is_terminal(sys.stderr) or sys.stdout is None or not _moves_cursor():
        return False
    if is_terminal(sys.stdout):
        return True
    try:
        found = os.fstat(sys.stdout.fileno())
        return stat.S_ISREG(found.st_mode) or os.path.samestat(found, os.stat(os.devnull))  # noqa: PTH116 - pathlib takes 3 ms to load
    except (OSError, ValueError):
        return False


def is_same_terminal(first: TextIO | None, second: TextIO | None) -> bool:
    """Whether both streams are one and the same terminal."""
    if first is None or second is None or not (is_terminal(first) and is_terminal(second)):
        return False
    if sys.platform == "win32":  # a process has one console
        return True
    return os.fstat(first.fileno()).st_rdev == os.fstat(second.fileno()).st_rdev


def _moves_cursor() -> bool:
    """Whether the terminal understands escape sequences. A Windows console needs a mode for that."""
    if sys.platform != "win32":
        return True
    import ctypes

    enable_vt = 0x0004
    kernel = ctypes.windll.kernel32
    for number in (-11, -12):  # standard output, standard error
        handle, mode = kernel.GetStdHandle(number), ctypes.c_uint32()
        if kernel.GetConsoleMode(handle, ctypes.byref(mode)):
            is_on = kernel.SetConsoleMode(handle, mode.value | enable_vt)
            if not is_on:
                return False
    return True


def paint_for(color: str, stream: TextIO | None) -> "Paint":
    """How to style text on *stream* by the option's choice *color*. Rich is loaded only if there are colours."""
    from jobevents_cli.render.styles import plain

    if not wants_color(color, stream):
        return plain
    from jobevents_cli.render.theme import painter

    return painter(console_for(color, stream))


def times_for(choice: str | None, *, to_file: bool = False) -> "TimeFormat | None":
    """How standard output or a file shows times by the option's *choice*: local on a terminal, else UTC, by default."""
    from datetime import UTC, datetime

    from jobevents_cli.render.times import TimeFormat

    if choice == "none":
        return None
    on_terminal = not to_file and is_terminal(sys.stdout)
    zone = None if choice == "local" or (choice is None and on_terminal) else UTC
    return TimeFormat(zone, short=on_terminal, today=datetime.now().astimezone())


def console_for(color: str, stream: TextIO | None) -> "Console":
    """Rich's console for *stream* by the option's choice *color*. It prints nothing: whoever uses it captures.

    It decides which colours there are. Whether to use them is decided here: FORCE_COLOR=0 means yes to Rich.
    """
    from rich.console import Console

    from jobevents_cli.render.theme import THEME

    is_colored = wants_color(color, stream)
    size = size_of(stream)  # Rich cannot read every COLUMNS
    # Where no terminal says what it can do, as in CI, all that is known shows 256 colours.
    system: Literal["auto", "256"] = "auto" if os.environ.get("TERM") or sys.platform == "win32" else "256"
    return Console(
        file=io.StringIO(),
        width=size.columns,
        height=size.lines,
        force_terminal=is_colored,
        no_color=not is_colored,
        color_system=system if is_colored else None,
        legacy_windows=False,
        theme=THEME,
        markup=False,
        emoji=False,
        highlight=False,
    )
