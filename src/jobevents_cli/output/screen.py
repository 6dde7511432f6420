"""The live footer below the lines of a terminal."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from jobevents_cli.output.capabilities import encoding_of, is_same_terminal, size_of
from jobevents_cli.output.streams import STDERR, Output, say, write_to_stderr
from jobevents_cli.output.terminal_modes import TerminalModes

if TYPE_CHECKING:
    from os import terminal_size

_DRAW_EVERY: Final = 0.1
"""The shortest time, in seconds, between two drawings of the footer."""

_SHARE: Final = 10
"""Drawing the footer may take one part in so many of the time."""

_MOST_ROWS: Final = 3

_HEIGHT_SHARE: Final = 4
"""The footer takes at most one part in so many of the terminal's rows."""

_NARROW: Final = 40
"""Columns to which a window may become narrower: that breaks each row of the footer into several, and what scrolls off
the top cannot be erased."""

_CLEAR_WITHIN: Final = 1.0
"""How long, in seconds, erasing the footer at the end may take on a terminal that is blocked."""

_ERASE: Final = "\x1b7\x1b[K\x1b[C\x1b[J\x1b8"
"""Clears everything from the cursor on, in two steps: tmux keeps a screen that is cleared at once in its history."""

_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"


class Screen:
    """Standard output and standard error, and a footer below their lines.

    While the footer is shown, the cursor rests at the start of its first row. Whatever the terminal does with its rows
    when its size changes, the footer is then all that lies below the cursor: erasing that erases the footer.
    """

    def __init__(self, footer: Callable[[int], list[str]] | None = None) -> None:
        """*footer* returns the rows to show for so many columns; None for no footer."""
        self.output = Output()
        self.written = 0
        """How many bytes of what was given to `write` are on standard output."""
        self._kept: list[bytes] = []
        self._footer = footer
        self._modes = TerminalModes(STDERR, self.clear)
        self._is_shared = footer is not None and is_same_terminal(sys.stdout, sys.stderr)
        self._is_shown = False
        self._hides_cursor = False
        self._drawn = ""
        self._drawn_for: terminal_size | None = None
        self._due_at = 0.0

    def write(self, data: bytes) -> None:
        """Keep *data* for standard output until the next flush."""
        self._kept.append(data)

    def flush(self) -> None:
        """Write what was kept, with the footer below it."""
        data = b"".join(self._kept)
        self._kept.clear()
        if self._footer is None:
            self._write("", data, "")
            return
        with self._modes.undisturbed():
            self._show(data, self._footer)

    def say(self, text: str) -> None:
        """Write the line *text* to standard error, above the footer."""
        with self._modes.undisturbed():
            if self._footer:
                write_to_stderr(self._erasure(), while_blocked=self.output.while_blocked)
                self._is_shown = False
            say(text, while_blocked=self.output.while_blocked)
        self.flush()

    def refresh(self) -> None:
        """Bring the footer up to date."""
        if self._footer and time.monotonic() >= self._due_at:
            self.flush()

    def clear(self) -> None:
        """Erase the footer and leave the terminal as it was found."""
        self._modes.leave()
        if self._hides_cursor:
            erasure = self._erasure() if self._is_shown else ""
            self._is_shown = self._hides_cursor = False
            self._due_at = 0.0
            write_to_stderr(erasure + _SHOW_CURSOR, within=_CLEAR_WITHIN)

    def _show(self, data: bytes, footer: Callable[[int], list[str]]) -> None:
        """Write *data*, and the *footer* if the terminal is ours; both at once if they go to the same terminal."""
        is_foreground = self._modes.is_foreground
        if not is_foreground:  # another program may have written below
            self._is_shown = False
        may_draw = is_foreground and not self._modes.is_ending
        before = self._drawn if self._is_shown else ""
        after = self._drawing(footer) if may_draw else ""
        erasure = self._erasure()
        self._hides_cursor = self._hides_cursor or bool(after)
        if data and self._is_shared:
            self._is_shown = bool(after)
            self._write(erasure, data, after)
            return
        self._write("", data, "")
        if after != before:
            self._is_shown = bool(after)
            write_to_stderr(erasure + after, while_blocked=self.output.while_blocked)

    def _erasure(self) -> str:
        """The sequence that erases the footer: ours, or that of another jobevents on the same terminal."""
        return "\r" + _ERASE if self._is_shown and self._modes.is_foreground else _ERASE

    def _drawing(self, footer: Callable[[int], list[str]]) -> str:
        """The sequence that draws the footer, made again when it is due or the terminal's size has changed."""
        size = size_of(sys.stderr)
        now = time.monotonic()
        if now >= self._due_at or size != self._drawn_for:
            most = min(_MOST_ROWS, max(1, size.lines // _HEIGHT_SHARE))
            # The last column stays free: a row that fills it would wrap on some terminals.
            rows = footer(min(size.columns - 1, _NARROW * max(1, (size.lines - 1) // most)))[:most]
            # Without wrapping, so that the rows are cut if the terminal becomes narrower meanwhile.
            lines = "\r\n".join(rows) + "\x1b[A" * (len(rows) - 1)
            self._drawn = f"{_HIDE_CURSOR}{_NO_WRAP}{lines}{_WRAP}\r" if rows else ""
            self._drawn_for = size
            self._modes.enter()
            then = time.monotonic()
            self._due_at = then + max(_DRAW_EVERY, _SHARE * (then - now))
        return self._drawn

    def _write(self, before: str, data: bytes, after: str) -> None:
        """Write *data* to standard output: after *before* erases the footer, before *after* draws it."""
        start = self.output.written + len(before)
        try:
            self.output.write(before.encode() + data + after.encode(encoding_of(sys.stderr), "replace"))
        finally:
            self.written += min(max(self.output.written - start, 0), len(data))
