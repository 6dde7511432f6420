"""What the standard streams are, and writing to them: is it a terminal, is colour wanted, has the reader gone."""

import errno
import os
import select
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO

from jobevents_cli.errors import OutputFailed, PipeClosed

STDOUT: Final = 1


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


class Output:
    """Standard output as bytes. Errors become ours; nothing stays in a buffer that a later exit would flush."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._poll = _watch_reader()

    def write(self, data: bytes) -> None:
        """Keep *data* until the next flush."""
        self._pieces.append(data)

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
