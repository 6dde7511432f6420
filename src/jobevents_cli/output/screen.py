"""The live footer below the lines of a terminal."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from jobevents_cli.output.capabilities import encoding_of, is_terminal, width_of
from jobevents_cli.output.streams import Output, say


class Screen:
    """Standard output and standard error of one program, and a footer below them where one is a terminal.

    The footer stands on standard output where that is a terminal, else on standard error. It is taken away before
    anything is written and put back after, in the same write where it can be: it never scrolls.
    """

    def __init__(self, footer: Callable[[int], list[tuple[str, int]]] | None = None) -> None:
        """*footer*: for so many columns, the lines to show, each with the columns it takes; None for no footer."""
        self.output = Output()
        self._kept: list[bytes] = []
        self._stream = sys.stdout if is_terminal(sys.stdout) else sys.stderr if is_terminal(sys.stderr) else None
        self._footer = footer if self._stream else None
        self._lengths: list[int] = []
        self._drawn = ""
        self._drawn_lengths: list[int] = []
        self._due_at = 0.0

    def write(self, data: bytes) -> None:
        """Keep *data* for standard output until the next flush."""
        self._kept.append(data)

    def flush(self) -> None:
        """Write what was kept, and the footer again below it."""
        data = b"".join(self._kept)
        self._kept.clear()
        if self._footer is None:
            self.output.write(data)
            return
        if self._stream is sys.stdout:
            erasure = self._erasure().encode()
            self.output.write(erasure + data + self._drawing().encode(encoding_of(sys.stdout), "replace"))
        else:
            self.clear()
            self.output.write(data)
            self._direct(self._drawing())

    def say(self, text: str) -> None:
        """Write the line *text* to standard error, above the footer."""
        self.clear()
        say(text, while_blocked=self.output.while_blocked)
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
