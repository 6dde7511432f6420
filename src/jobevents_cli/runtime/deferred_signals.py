"""Lets a loop finish its work when a signal arrives; a second signal ends the program at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


class DeferredSignals:
    """The signals that arrived."""

    def __init__(self) -> None:
        self._pending: Callable[[], Any] | None = None
        self._wants_stats = False

    @property
    def is_pending(self) -> bool:
        """Whether a signal arrived that is to end the program."""
        return self._pending is not None

    def obey(self) -> None:
        """Run the usual handler of the signal that arrived, which ends the program; nothing if none did."""
        if self._pending is not None:
            self._pending()

    def take_stats_request(self) -> bool:
        """Whether SIGUSR1 arrived since the last call."""
        wants_stats, self._wants_stats = self._wants_stats, False
        return wants_stats

    def _defer(self, usual: Callable[[int, FrameType | None], Any], number: int, frame: FrameType | None) -> None:
        if self._pending is not None:
            self._pending()
        self._pending = lambda: usual(number, frame)

    def _note_stats(self, _number: int, _frame: FrameType | None) -> None:
        self._wants_stats = True

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle signals while entered, except those that the program ignores."""
        usual: dict[int, Any] = {}
        for name in _ENDING:
            number = getattr(signal, name, None)
            handler = signal.getsignal(number) if number is not None else None
            if number is not None and callable(handler):
                usual[number] = signal.signal(number, partial(self._defer, handler))
        if hasattr(signal, "SIGUSR1"):
            usual[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, self._note_stats)
        try:
            yield
        finally:
            for number, handler in usual.items():
                signal.signal(number, handler)
