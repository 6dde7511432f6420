"""Stops a regular expression that takes too long. A match holds the interpreter, so only a signal can end it."""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Final

from jobevents_cli.errors import UsageProblem
from jobevents_cli.following.filters import Filter

LONGEST_MATCH: Final = 2.0
"""Seconds that one match may take."""

_TICK: Final = 0.5


class PatternGuard:
    """While it is entered, UsageProblem is raised if one match takes longer than LONGEST_MATCH.

    It works in the main thread alone, and not on Windows, which has no timer that interrupts a match.
    """

    def __init__(self, wanted: Filter | None, look: Callable[[], None]) -> None:
        """Watch the patterns of *wanted*, if it has any. *look* is called regularly, and may raise."""
        self._filter = wanted if wanted and wanted.has_patterns else None
        self._call = look
        self._lines = 0
        self._seen = (-1, -1)
        self._ticks = 0

    def begin_line(self) -> None:
        """Note that the patterns are now looked for in one more line, to highlight what they match."""
        self._lines += 1

    def __enter__(self) -> None:
        if sys.platform == "win32":
            return
        if self._filter is not None and threading.current_thread() is threading.main_thread():
            self._seen = (-1, -1)
            signal.signal(signal.SIGALRM, self._look)
            signal.setitimer(signal.ITIMER_REAL, _TICK, _TICK)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if sys.platform != "win32" and self._filter is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _look(self, _number: int, _frame: FrameType | None) -> None:
        watched = self._filter
        if watched is None:
            return
        self._call()
        now = (watched.matches, self._lines)
        if now != self._seen:
            self._seen, self._ticks = now, 0
        self._ticks += 1
        if self._ticks * _TICK > LONGEST_MATCH:
            raise UsageProblem(
                f"{watched.pattern} takes more than {LONGEST_MATCH:g} s for one event",
                hint="write a pattern without nested repetition: a+ instead of (a+)+",
            )
