"""Standard output: lines are written whole, and it is known how many are out."""

import errno
import os
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import accumulate
from typing import Final

from jobevents_cli.config.redaction import redact
from jobevents_cli.errors import JobEventsError, OutputFailed, PipeClosed
from jobevents_cli.output.descriptor import Descriptor, ReaderWatch
from jobevents_cli.output.terminal import encoding_of, is_terminal

STDOUT: Final = 1

_LOOK_EVERY: Final = 0.1
"""Seconds that a write waits for room before it asks again whether to stop."""

_FINISH_WITHIN: Final = 0.5
"""Seconds that the rest of a line may take after a write is to stop."""

_TOGETHER: Final = 256 * 1024
"""About how many bytes are joined at a time: the lines of a response can be 256 MB."""


def never() -> bool:
    """Never stop."""
    return False


class Stdout:
    """Standard output. While its reader does not read, `write` waits; *must_stop* ends that between two lines."""

    def __init__(self, must_stop: Callable[[], bool] = never, *, begins_line: bool = False) -> None:
        """Write until *must_stop* says True: it is asked before each write to the system, and every 0.1 s.

        *begins_line*: if standard output is appended to a file whose last line is broken off, begin with a line break.
        """
        self.is_terminal = is_terminal(sys.stdout)
        self.written = 0
        """How many lines of the last `write` are out, whole; also if it raised an error."""
        self._must_stop = must_stop
        self._begins_line = begins_line
        self._descriptor: Descriptor | None = None
        self._watch: ReaderWatch | None = None

    def write(self, lines: Sequence[bytes]) -> int:
        """Write *lines*, each with its line break. Returns how many are out, whole.

        These are fewer than given only if `must_stop` said so. Then the rest of a line that was begun, because it is
        longer than a pipe takes at once, has 0.5 s more. PipeClosed if the reader has gone, OutputFailed if standard
        output cannot be written; `written` says how many lines are out even then.
        """
        self.written = 0
        ends = list(accumulate(map(len, lines)))
        try:
            while self.written < len(lines):
                first = self.written
                start = ends[first - 1] if first else 0
                last = max(first + 1, bisect_right(ends, start + _TOGETHER))
                self._write_together(lines[first:last])
                if self.written < last:
                    break
        except OSError as error:
            raise _as_ours(error) from None
        return self.written

    def _write_together(self, lines: Sequence[bytes]) -> None:
        data = b"".join(lines)
        if redact(data) != data:
            lines = [redact(line) for line in lines]
            data = b"".join(lines)
        descriptor = self._open()
        ends = list(accumulate(map(len, lines)))
        before = self.written
        out = done = 0
        stop_by: float | None = None
        while done < len(data):
            if self._must_stop():
                is_between_lines = done == (ends[out - 1] if out else 0)
                stop_by = stop_by or time.monotonic() + _FINISH_WITHIN
                if is_between_lines or time.monotonic() >= stop_by:
                    return
            done += descriptor.write(data, done, _LOOK_EVERY)
            out = bisect_right(ends, done)
            self.written = before + out

    def _open(self) -> Descriptor:
        if self._descriptor is None:
            if sys.stdout is None:  # closed from the start: another file may have its number by now
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            self._descriptor = Descriptor(STDOUT)
            if self._begins_line and _ends_in_half_a_line():
                self._descriptor.write(b"\n", 0, _LOOK_EVERY)
        return self._descriptor

    def check_reader(self) -> None:
        """PipeClosed if the reader has gone, noticed without writing."""
        if self._watch is None and sys.stdout is not None:
            with suppress(OSError):
                self._watch = ReaderWatch(STDOUT)
        if self._watch and self._watch.is_gone:
            raise PipeClosed("standard output was closed by its reader")


def print_text(text: str) -> None:
    """Print *text* as it is: help, a completion script, whatever is printed without a loop.

    PipeClosed if the reader has gone, OutputFailed if standard output cannot be written.
    """
    Stdout().write([text.encode(encoding_of(sys.stdout), "backslashreplace")])


def _ends_in_half_a_line() -> bool:
    """Whether standard output is a file that is appended to and whose last line has no line break.

    Only Linux lets a program read a file that was opened for writing.
    """
    if sys.platform != "linux":
        return False
    import fcntl

    with suppress(OSError):
        if fcntl.fcntl(STDOUT, fcntl.F_GETFL) & os.O_APPEND and (size := os.fstat(STDOUT).st_size):
            descriptor = os.open(f"/proc/self/fd/{STDOUT}", os.O_RDONLY | os.O_NONBLOCK)
            try:
                return os.pread(descriptor, 1, size - 1) not in (b"\n", b"")
            finally:
                os.close(descriptor)
    return False


def _as_ours(error: OSError) -> JobEventsError:
    """The *error* of a write to standard output as one of our errors."""
    # Windows reports a closed pipe as EINVAL. A socket's peer that has gone can reset the connection.
    if isinstance(error, ConnectionError) or (sys.platform == "win32" and error.errno == errno.EINVAL):
        return PipeClosed("standard output was closed by its reader")
    return OutputFailed(
        f"standard output cannot be written: {error.strerror}",
        hint="is the disk full?" if error.errno in (errno.ENOSPC, errno.EDQUOT) else None,
    )
