"""What a standard stream can do: is it a terminal, does it want colour, how wide is it, what can it encode."""

import os
import shutil
import sys
from typing import TextIO


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


def can_encode(text: str, stream: TextIO | None) -> bool:
    """Whether *stream* can show *text* as it is."""
    try:
        text.encode(encoding_of(stream))
    except UnicodeEncodeError:
        return False
    return True


def encoding_of(stream: TextIO | None) -> str:
    """The encoding of what is written to *stream*."""
    return getattr(stream, "encoding", None) or "utf-8"


def width_of(stream: TextIO | None) -> int:
    """The columns of the terminal behind *stream*."""
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream else 80
    except (OSError, ValueError):
        return shutil.get_terminal_size().columns
