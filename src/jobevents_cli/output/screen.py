"""The live footer below the lines of a terminal."""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Final

from jobevents_cli.output.stderr import draw, write_stderr
from jobevents_cli.output.stdout import Stdout
from jobevents_cli.output.terminal import encoding_of, is_same_terminal, size_of

if TYPE_CHECKING:
    from os import terminal_size

_DRAW_EVERY: Final = 0.1
"""The shortest time, in seconds, between two drawings of the footer."""

_SHARE: Final = 10
"""Making the footer may take one part in so many of the time."""

_MOST_ROWS: Final = 3

_HEIGHT_SHARE: Final = 4
"""The footer takes at most one part in so many of the terminal's rows."""

_NARROW: Final = 40
"""Columns to which a window may become narrower: that breaks each row of the footer into several, and what scrolls off
the top cannot be erased."""

_ERASE: Final = "\x1b7\x1b[K\x1b[C\x1b[J\x1b8"
"""Clears everything from the cursor on, in two steps: tmux keeps a screen that is cleared at once in its history."""

_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"


class Screen:
    """Standard output and standard error, and a footer below their lines.

    While the footer is shown, the cursor rests at the start of its first row. Whatever the terminal does with its rows
    when its size changes, the footer is then all that lies below the cursor: erasing that erases the footer. The cursor
    stays visible and echo stays on, so that nothing has to be restored however the program ends.
    """

    def __init__(self, stdout: Stdout, footer: Callable[[int], list[str]] | None = None) -> None:
        """Write to *stdout*. *footer* returns the rows to show for so many columns; None for no footer."""
        self.written = 0
        """How many lines of the last `write` are out, whole; also if it raised an error."""
        self.has_written = False
        """Whether a line was written; whoever wants to know it again sets it back."""
        self._stdout = stdout
        self._footer = footer
        self._is_shared = footer is not None and is_same_terminal(sys.stdout, sys.stderr)
        self._is_shown = False
        self._drawing = ""
        self._drawn_for: terminal_size | None = None
        self._due_at = 0.0
        self._handles_stop = False
        if footer and sys.platform != "win32" and signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, self._stop)
            self._handles_stop = True

    def write(self, lines: Sequence[bytes]) -> int:
        """Write *lines* as `Stdout.write` does, with the footer below them. Returns how many are out."""
        self.has_written = self.has_written or bool(lines)
        if not self._is_shared:
            try:
                self._stdout.write(lines)
            finally:
                self.written = self._stdout.written
            self.refresh()
            return self.written
        after = self._current()
        before, self._is_shown = self._erasure(), False
        pieces = [before.encode(), *lines, after.encode(encoding_of(sys.stderr), "replace")]
        try:
            self._is_shown = self._stdout.write(pieces) == len(pieces) and bool(after)
        finally:
            self.written = min(max(self._stdout.written - 1, 0), len(lines))
        return self.written

    def say(self, text: str) -> None:
        """Write the line *text* to standard error, above the footer."""
        self.has_written = True
        before, self._is_shown = self._erasure() if self._footer else "", False
        write_stderr(f"{before}{text}\n")
        self._show()

    def refresh(self) -> None:
        """Bring the footer up to date, if it is time."""
        if time.monotonic() >= self._due_at:
            self._show()

    def clear(self) -> None:
        """Erase the footer. It is drawn again with the next line or refresh."""
        if self._is_shown:
            draw(self._erasure())
        self._is_shown = False
        self._due_at = 0.0

    def close(self) -> None:
        """Erase the footer for good."""
        self.clear()
        self._footer = None
        self._is_shared = False
        if self._handles_stop and sys.platform != "win32":
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)

    def _show(self) -> None:
        """Draw the footer, if it is not shown as it should be."""
        before = self._drawing if self._is_shown else ""
        after = self._current()
        if after != before:
            erasure, self._is_shown = self._erasure(), False
            self._is_shown = draw(erasure + after) and bool(after)

    def _erasure(self) -> str:
        """The sequence that erases the footer: ours, or that of another jobevents on the same terminal."""
        return "\r" + _ERASE if self._is_shown else _ERASE

    def _current(self) -> str:
        """The sequence that draws the footer, made again when it is due or the terminal's size has changed."""
        if self._footer is None:
            return ""
        if not _is_foreground():
            self._is_shown = False  # another program may have written below
            return ""
        size = size_of(sys.stderr)
        now = time.monotonic()
        if now >= self._due_at or size != self._drawn_for:
            most = min(_MOST_ROWS, max(1, size.lines // _HEIGHT_SHARE))
            # The last column stays free: a row that fills it would wrap on some terminals.
            rows = self._footer(min(size.columns - 1, _NARROW * max(1, (size.lines - 1) // most)))[:most]
            # Without wrapping, so that the rows are cut if the terminal becomes narrower meanwhile.
            lines = "\r\n".join(rows) + "\x1b[A" * (len(rows) - 1)
            self._drawing = f"{_NO_WRAP}{lines}{_WRAP}\r" if rows else ""
            self._drawn_for = size
            then = time.monotonic()
            self._due_at = then + max(_DRAW_EVERY, _SHARE * (then - now))
        return self._drawing

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        """Stop at Ctrl-Z, on a screen without a footer. `fg` continues here."""
        self.clear()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        signal.signal(number, self._stop)


def _is_foreground() -> bool:
    """Whether this process has the terminal, so that it may draw."""
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(sys.stderr.fileno()) == os.getpgrp()
    except OSError:  # not our controlling terminal, so without job control
        return True
