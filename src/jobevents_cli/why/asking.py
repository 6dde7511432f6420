"""The time that an explanation may take, and what it waits for."""

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from jobevents_cli.runtime.loop import REQUEST_LIMIT, Ask, Pause, Requests
from jobevents_cli.runtime.retrying import retried
from jobevents_cli.why.report_findings import Steps

_LIMIT: Final = 60.0
"""Seconds that one request to PuppetDB may take."""

_GRACE: Final = 0.5
"""Seconds after which a request is given up that should have ended by itself: its own words say more."""

_PIECE: Final = 0.05
"""Seconds of work after which the loop looks at signals and deadlines."""

T = TypeVar("T")


class Asking:
    """Makes the requests of one explanation."""

    def __init__(
        self, within: float | None, note: Callable[[str], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """*within*: seconds for all requests together. *note* is told what is waited for, and "" after that."""
        self._clock = clock
        self._note = note
        self._until = None if within is None else clock() + within
        self._turn_at = clock() + _PIECE

    @property
    def limit(self) -> float:
        """Seconds that the next request to PuppetDB may take."""
        return _LIMIT if self._until is None else max(0.1, min(_LIMIT, round(self._until - self._clock(), 1)))

    def ask(self, what: str, work: Callable[[], Any]) -> Requests[Any]:
        """Return what the request *work* to the server *what* brings."""
        self._note(what)
        try:
            return (yield Ask(work, self.limit + _GRACE))
        finally:
            self._note("")

    def retried(self, what: str, work: Callable[[], T]) -> Requests[T]:
        """Return what *work* brings, repeated as the requests of every command are."""
        self._note(what)
        left = REQUEST_LIMIT if self._until is None else self.limit
        try:
            return (yield from retried(work, retry_for=left, limit=left))
        finally:
            self._note("")

    def wait(self, seconds: float) -> Requests[bool]:
        """Wait *seconds*; False if there is no time for that."""
        if self._until is not None and self._clock() + seconds > self._until:
            return False
        yield Pause(seconds)
        return True

    def work(self, steps: Steps[T]) -> Requests[T]:
        """Return what *steps* come to; between them the loop has its turn now and then."""
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            yield from self.turn()

    def turn(self) -> Requests[None]:
        """Give the loop its turn if enough work was done since the last one."""
        if self._clock() > self._turn_at:
            yield Pause(0)
            self._turn_at = self._clock() + _PIECE
