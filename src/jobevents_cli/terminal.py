"""What the standard streams are, and writing to them: is it a terminal, is colour wanted, has the reader gone."""

import errno
import os
import select
import shutil
import sys
import time
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


class Screen:
    """Standard output and standard error of one program, and a footer below them where one is a terminal.

    The footer stands on standard output where that is a terminal, else on standard error. It is taken away before
    anything is written and put back after, in the same write where it can be: it never scrolls.
    """

    def __init__(self, footer: Callable[[int], list[tuple[str, int]]] | None = None) -> None:
        """*footer*: for so many columns, the lines to show, each with the columns it takes; None for no footer."""
        self.output = Output()
        self._stream = sys.stdout if is_terminal(sys.stdout) else sys.stderr if is_terminal(sys.stderr) else None
        self._footer = footer if self._stream else None
        self._lengths: list[int] = []
        self._drawn = ""
        self._drawn_lengths: list[int] = []
        self._due_at = 0.0

    def write(self, data: bytes) -> None:
        """Keep *data* for standard output until the next flush."""
        self.output.write(data)

    def flush(self) -> None:
        """Write what was kept, and the footer again below it."""
        if self._footer is None:
            self.output.flush()
            return
        if self._stream is sys.stdout:
            self.output.write_first(self._erasure().encode())
            self.output.write(self._drawing().encode(encoding_of(sys.stdout), "replace"))
            self.output.flush()
        else:
            self.clear()
            self.output.flush()
            self._direct(self._drawing())

    def say(self, text: str) -> None:
        """Write the line *text* to standard error, above the footer."""
        self.clear()
        say(text)
        self.flush()

    def refresh(self) -> None:
        """Bring the footer up to date."""
        if self._footer and time.monotonic() >= self._due_at:
            self.flush()

    def clear(self) -> None:
        """Take the footer away."""
        self._direct(self._erasure())
        self._lengths = []

    def _erasure(self) -> str:
        """What takes the footer away: back to its first row, and all below cleared."""
        if not self._lengths:
            return ""
        rows = len(self._lengths)
        columns = width_of(self._stream)
        if _reflows():
            rows = sum(max(1, -(-length // columns)) for length in self._lengths)
        return "\r" + "\x1b[A" * (rows - 1) + "\x1b[J"

    def _drawing(self) -> str:
        """The footer, told anew at most ten times a second."""
        if self._footer is None:
            return ""
        now = time.monotonic()
        if now >= self._due_at or not self._drawn:
            self._due_at = now + 0.1
            # The last column stays free: a line that fills it would wrap on some terminals.
            lines = self._footer(width_of(self._stream) - 1)
            # Without automatic wrapping: what is on its way while the terminal becomes narrower is cut, not wrapped.
            # The cursor rests at the left: the ^C that the terminal itself writes must not begin another row.
            self._drawn = "\x1b[?7l" + "\n".join(text for text, _ in lines) + "\x1b[?7h\r"
            self._drawn_lengths = [columns for _, columns in lines]
        self._lengths = list(self._drawn_lengths)
        return self._drawn

    def _direct(self, text: str) -> None:
        if self._stream is None or not text:
            return
        with suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


def _reflows() -> bool:
    """Whether the terminal breaks long lines anew when it becomes narrower: most do, xterm does not."""
    names = ("TMUX", "VTE_VERSION", "TERM_PROGRAM", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "WT_SESSION")
    return any(os.environ.get(name) for name in names)


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
