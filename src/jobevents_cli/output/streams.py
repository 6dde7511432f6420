"""Writes to standard output and standard error, and notices when a reader has closed its end."""

import errno
import os
import select
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from jobevents_cli.errors import OutputFailed, PipeClosed

STDOUT: Final = 1


class Output:
    """Standard output as bytes. Errors become ours; nothing stays in a buffer that a later exit would flush."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._poll = _watch_reader()

    def write(self, data: bytes) -> None:
        """Keep *data* until the next flush."""
        self._pieces.append(data)

    def write_first(self, data: bytes) -> None:
        """Put *data* before what is kept."""
        self._pieces.insert(0, data)

    def flush(self) -> None:
        """Write what was kept. PipeClosed where the reader has gone, OutputFailed where it cannot be written."""
        data = memoryview(b"".join(self._pieces))
        self._pieces.clear()
        try:
            while data:
                data = data[_write(data) :]
        except BrokenPipeError:
            raise PipeClosed("standard output was closed by its reader") from None
        except OSError as error:
            if sys.platform == "win32" and error.errno == errno.EINVAL:  # what Windows says of a closed pipe
                raise PipeClosed("standard output was closed by its reader") from None
            raise OutputFailed(
                f"standard output cannot be written: {error.strerror}",
                hint="is the disk full?" if error.errno in (errno.ENOSPC, errno.EDQUOT) else None,
            ) from None

    def check_reader(self) -> None:
        """PipeClosed where the reader has gone, noticed without writing."""
        if self._poll and self._poll():
            raise PipeClosed("standard output was closed by its reader")


def _write(data: memoryview) -> int:
    if sys.stdout is None:  # closed from the start: another file may bear its number by now
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    try:
        if sys.platform == "win32" and sys.stdout.isatty():
            return sys.stdout.buffer.raw.write(data)  # type: ignore[attr-defined]
        return os.write(STDOUT, data)
    except BlockingIOError:  # whoever started us made the pipe non-blocking
        select.select([], [STDOUT], [])
        return 0


def _watch_reader() -> Callable[[], bool] | None:
    """A function that tells whether the reader of standard output has gone, where the system can tell."""
    if sys.stdout is None or not hasattr(select, "poll"):
        return None
    poll = select.poll()
    poll.register(STDOUT, 0)

    def is_gone() -> bool:
        return any(happened & select.POLLERR for _, happened in poll.poll(0))

    return is_gone


def say(text: str) -> None:
    """Write the line *text* to standard error, where there is one that can be written."""
    if sys.stderr is None:
        return
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def give_up_stdout() -> None:
    """Let nothing more reach standard output, nor an error about it: not even when Python ends."""
    with suppress(OSError, ValueError):
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, STDOUT)
        os.close(sink)
