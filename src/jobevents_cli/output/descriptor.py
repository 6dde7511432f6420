"""Writes to a file descriptor in pieces that do not block, so that the number of bytes written is always known."""

import os
import select
import stat
import sys
import weakref
from contextlib import suppress
from typing import Final, Protocol

_ATOMIC: Final = getattr(select, "PIPE_BUF", 512)
"""Bytes that a pipe or socket with room takes at once, as a whole."""


class Descriptor:
    """An open file descriptor. Pipes, sockets and terminals are written in small pieces, files in one."""

    def __init__(self, number: int) -> None:
        """Write to the descriptor *number*. OSError if it is not open."""
        mode = os.fstat(number).st_mode
        self.is_terminal = os.isatty(number)
        self._number = self._own_terminal(number) if self.is_terminal else number
        self._may_block = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or self.is_terminal
        self._capacity = _capacity_of(number) if stat.S_ISFIFO(mode) else 0
        self._poll = _polled(self._number) if self._may_block else None

    def _own_terminal(self, number: int) -> int:
        """The terminal *number*, opened anew so that writing does not block. Whoever shares it notices nothing.

        A terminal that says that it has room may have less than is written, and block until a signal comes.
        """
        if sys.platform != "win32":
            with suppress(OSError):
                number = os.open(os.ttyname(number), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
                weakref.finalize(self, os.close, number)
        return number

    def write(self, data: bytes, start: int, wait: float) -> int:
        """Write a piece of *data*, from index *start* on. Waits up to *wait* seconds for room.

        Returns how many bytes were taken, 0 if there was no room. OSError if the write fails.
        """
        if self._poll and not self._poll.poll(wait * 1000):
            return 0
        end = len(data)
        if self._may_block and end - start > _ATOMIC:
            room = self._room()
            if end - start > room:
                # Whole lines if possible: then a reader that stops here has no half line.
                end = data.rfind(b"\n", start, start + room) + 1 or start + room
        try:
            return _write(self._number, memoryview(data)[start:end])
        except BlockingIOError:  # a parent process made the pipe non-blocking
            return 0

    def _room(self) -> int:
        """How many bytes can be written now without blocking."""
        if sys.platform == "win32" or not self._capacity:
            return _ATOMIC
        import fcntl
        import termios

        unread = int.from_bytes(fcntl.ioctl(self._number, termios.FIONREAD, bytes(4)), sys.byteorder)
        return _ATOMIC if unread else self._capacity


class ReaderWatch:
    """Notices, without writing, that the reader of the pipe or socket *number* has gone, if the system reports it.

    Of a socket, POLLRDHUP only says that the other end sends nothing more: `nc -N`, for example, does so at once and
    continues to read. Sending nothing fails if the other end does not read. TCP tells that only after a line was sent.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._is_socket = _is_stream_socket(number)
        self._poll = None if self._is_socket else _polled(number, for_room=False)

    @property
    def is_gone(self) -> bool:
        """Whether nobody can read any more what is written."""
        if self._is_socket:
            try:
                os.write(self._number, b"")
            except BlockingIOError:
                return False
            except OSError:
                return True
        if sys.platform == "win32" or self._poll is None:
            return False
        return any(happened & select.POLLERR for _, happened in self._poll.poll(0))


def _is_stream_socket(number: int) -> bool:
    if not stat.S_ISSOCK(os.fstat(number).st_mode):
        return False
    import socket

    with socket.socket(fileno=os.dup(number)) as found:
        return found.type == socket.SOCK_STREAM


class _Poll(Protocol):
    """What is used of `select.poll`."""

    def poll(self, timeout: float | None = ..., /) -> list[tuple[int, int]]:
        """The descriptors to which something happened within *timeout* milliseconds, each with what."""


def _polled(number: int, *, for_room: bool = True) -> _Poll | None:
    """Waits for room to write to *number*, or only for its end; None where the system cannot: on Windows."""
    if sys.platform == "win32":
        return None
    poll = select.poll()
    poll.register(number, select.POLLOUT if for_room else 0)
    return poll


def _capacity_of(pipe: int) -> int:
    """How many bytes the *pipe* takes at once when it is empty; 0 if the system does not say."""
    if sys.platform != "linux":
        return 0
    import fcntl

    try:
        return fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
    except OSError:
        return 0


def _write(number: int, data: memoryview) -> int:
    if sys.platform == "win32" and os.isatty(number):  # the console takes text, not bytes
        stream = sys.stdout if number == 1 else sys.stderr
        return int(stream.buffer.raw.write(data))  # type: ignore[union-attr]
    return os.write(number, data)
