"""Reads files that the user names. Size and waiting time are limited, whatever the file is."""

import errno
import os
import select
import stat
import time
from pathlib import Path
from typing import Final

from jobevents_cli.errors import UsageProblem

LARGEST: Final = 1024 * 1024
"""Bytes in the largest file that is read."""

_PIPE_WAIT: Final = 5.0
"""Seconds that a pipe, such as bash's `<(command)`, may take to deliver everything."""

_PIECE: Final = 64 * 1024


def expanded(name: str, origin: str) -> Path:
    """The path *name* with its `~` expanded. UsageProblem, naming *origin*, if there is no such home directory."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise UsageProblem(
            f"{name!r} ({origin}) cannot be expanded: that home directory is not known",
            hint="write the path without ~, or set HOME",
        ) from None


def read_user_file(path: Path, *, largest: int = LARGEST, wait: float = _PIPE_WAIT) -> bytes:
    """The bytes in *path*. OSError if it cannot be read, is larger than *largest*, or is a pipe that stays silent.

    *wait* is how many seconds a pipe may take.
    """
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError:  # a NUL or a character that no file name can have
        raise OSError(errno.EINVAL, "no file can have this name") from None
    try:
        mode = os.fstat(number)
        if stat.S_ISREG(mode.st_mode) and mode.st_size > largest:
            raise _too_large(largest)
        return _all_of(number, largest, time.monotonic() + wait)
    finally:
        os.close(number)


def _all_of(number: int, largest: int, deadline: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        try:
            piece = os.read(number, _PIECE)
        except BlockingIOError:
            if not select.select([number], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise OSError(errno.EAGAIN, "it is a pipe, and nothing came from it") from None
            continue
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        size += len(piece)
        if size > largest:
            raise _too_large(largest)


def _too_large(largest: int) -> OSError:
    return OSError(errno.EFBIG, f"it is larger than {largest // 1024} KB")
