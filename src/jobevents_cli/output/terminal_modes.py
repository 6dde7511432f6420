"""Switches echo off while a footer is shown, and on again in every case but kill -9."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Final

_FATAL: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
"""The signals that end the process, by our own handler or by default."""

_LOCAL_FLAGS: Final = 3
"""The index of the local flags in what tcgetattr returns."""


class TerminalModes:
    """The settings of one terminal.

    They are changed only while the process is in the foreground: otherwise the terminal belongs to another process.
    ECHOCTL is cleared together with ECHO, as a mark: when several of these programs share a terminal, each knows by
    it that echo was on before the first one started. So the last one switches it on, in whatever order they end.
    """

    def __init__(self, number: int, clear: Callable[[], None]) -> None:
        """Manage the terminal behind the descriptor *number*.

        *clear* is called before a signal stops the process, or ends it without another handler. It runs in a signal
        handler, but never within `undisturbed`, and calls `leave`.
        """
        self._number = number
        self._clear = clear
        self.is_ending = False
        """Whether a signal is ending the process: then it is too late to change settings again."""
        self._is_quiet = False
        self._is_busy = False
        self._due: int | None = None
        self._previous: dict[int, Any] = {}

    @property
    def is_foreground(self) -> bool:
        """Whether this process has the terminal, so that it may change settings and draw."""
        if sys.platform == "win32":
            return True
        try:
            return os.tcgetpgrp(self._number) == os.getpgrp()
        except OSError:  # not our controlling terminal, so without job control
            return True

    def enter(self) -> None:
        """Switch echo off. Call it again from time to time: another program may have switched it on."""
        if sys.platform == "win32":
            return
        import termios

        if not self._previous:
            self._handle_signals()
        with suppress(OSError, termios.error):
            attributes = termios.tcgetattr(self._number)
            if attributes[_LOCAL_FLAGS] & termios.ECHO:
                self._is_quiet = True
                attributes[_LOCAL_FLAGS] &= ~(termios.ECHO | termios.ECHOCTL)
                self._set(attributes)
            elif not attributes[_LOCAL_FLAGS] & termios.ECHOCTL:
                self._is_quiet = True

    def leave(self) -> None:
        """Switch echo on, if it was on before. Output that Ctrl-S holds continues: the footer is to be erased."""
        if sys.platform == "win32" or not self._is_quiet:
            return
        import termios

        self._is_quiet = False
        with suppress(OSError, termios.error):
            if self.is_foreground:
                attributes = termios.tcgetattr(self._number)
                attributes[_LOCAL_FLAGS] |= termios.ECHO | termios.ECHOCTL
                # Without flow control for a moment: that ends a Ctrl-S.
                self._set([attributes[0] & ~termios.IXON, *attributes[1:]])
                self._set(attributes)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Let signals without another handler wait while something is written to the terminal."""
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False
        if self._due is not None:
            self._obey(self._due)

    def _set(self, attributes: list[Any]) -> None:
        if sys.platform != "win32":
            import termios

            # If the shell takes the foreground just now, SIGTTOU would stop the process here.
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
            try:
                termios.tcsetattr(self._number, termios.TCSANOW, attributes)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _handle_signals(self) -> None:
        """Run before the existing handlers. A signal that is ignored stays ignored."""
        atexit.register(self.leave)
        for name in _FATAL:
            number = getattr(signal, name)
            previous = signal.getsignal(number)
            if previous not in (signal.SIG_IGN, None):
                self._previous[number] = previous
                signal.signal(number, self._on_fatal)
        if sys.platform != "win32" and signal.getsignal(signal.SIGTSTP) == signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, self._on_stop)

    def _on_fatal(self, number: int, frame: FrameType | None) -> None:
        previous = self._previous[number]
        if callable(previous):
            self.leave()
            self.is_ending = True
            signal.signal(number, previous)
            previous(number, frame)
            return
        if self._is_busy:
            self.leave()
        self._obey(number)

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        self._obey(number)

    def _obey(self, number: int) -> None:
        """Do what the signal does by default, on a terminal as it was. Returns once a stopped process is continued."""
        if self._is_busy:
            self._due = number
            return
        self._due = None
        self._clear()
        handler = signal.getsignal(number)
        signal.signal(number, signal.SIG_DFL)
        if sys.platform != "win32":
            # Sent to this thread, it arrives before the next line runs.
            signal.pthread_kill(threading.get_ident(), number)
        signal.signal(number, handler)
