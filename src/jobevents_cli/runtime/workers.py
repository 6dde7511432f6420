"""Lets few threads do the work of many jobs: each works for one until that has to wait, then for the next one due."""

import itertools
import queue
import threading
import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final, Generic, TypeVar

from jobevents_cli.following.schedule import MANY_JOBS, shared_delay
from jobevents_cli.following.update import Wait

Item = TypeVar("Item")


TICK: Final = 0.25
"""Seconds after which who takes the items looks round while nothing comes."""


_AHEAD: Final = 32
"""Items that the threads may be ahead of who takes them: memory stays bounded where the output is slow."""


_AT_ONCE: Final = 4
"""Threads that are started at once for as much work; for more of it, as it turns out to be late."""


_GRACE: Final = 0.05
"""Seconds that work may be late before one more thread is started for it: one that hangs holds up no other."""


_LONGEST_WAIT: Final = 3600.0
"""Seconds for which a thread waits at one go: a clock cannot tell every time that a user may name."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What comes last of a work: the *name* it was started with, and what went wrong."""

    name: Hashable
    error: BaseException | None = None


class Workers(Generic[Item]):
    """Threads that bring items, and one queue to take them from.

    A thread a job would do, and take twice the processor's time: a poll is over in milliseconds, and the next one
    finds the caches as it needs them only where the same thread makes it. So as many threads stay as are busy, and
    one that waits for what is due next.
    """

    def __init__(self) -> None:
        self._arrivals: queue.Queue[Item | Ended] = queue.Queue(_AHEAD)
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Hashable, Iterator[Item | Wait]]] = []
        self._order = itertools.count()
        self._count = 0
        self._last_started = 0.0
        self._is_one_waiting = False

    def start(self, name: Hashable, work: Iterator[Item | Wait]) -> None:
        """Have the items of *work* brought and then its end, told by *name*. A Wait among them frees the thread."""
        with self._changed:
            self._put(time.monotonic(), name, work)
            if not self._is_one_waiting and self._count < _AT_ONCE:
                self._start_thread()

    def next(self, seconds: float = TICK) -> Item | Ended | None:
        """What comes next, or None where nothing comes within *seconds*."""
        until = time.monotonic() + seconds
        while True:
            may_hang = self._relieve()
            left = max(0.0, until - time.monotonic())
            try:
                return self._arrivals.get(timeout=min(left, _GRACE) if may_hang else left)
            except queue.Empty:
                if time.monotonic() >= until:
                    return None

    def _relieve(self) -> bool:
        """Start one more thread where work is late; False where a thread waits for what is due next."""
        with self._changed:
            if self._is_one_waiting or not self._due:
                return False
            late_since = time.monotonic() - _GRACE
            if self._due[0][0] < late_since and self._last_started < late_since:
                self._start_thread()
            return True

    def _due_after(self, seconds: float) -> float:
        """When work goes on that waits for *seconds*: among many, later and together with what is due then."""
        jobs = len(self._due)
        due = time.monotonic() + shared_delay(seconds, jobs)
        return due + -due % _GRACE if jobs > MANY_JOBS else due

    def _put(self, due: float, name: Hashable, work: Iterator[Item | Wait]) -> None:
        heappush(self._due, (due, next(self._order), name, work))
        if self._due[0][0] == due:
            self._changed.notify()

    def _start_thread(self) -> None:
        self._count += 1
        self._last_started = time.monotonic()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while work := self._next_due():
            self._bring(*work)

    def _next_due(self) -> tuple[Hashable, Iterator[Item | Wait]] | None:
        """The work that is due, once it is; None where another thread waits for it already."""
        with self._changed:
            while True:
                left = self._due[0][0] - time.monotonic() if self._due else _LONGEST_WAIT
                if left <= 0:
                    return heappop(self._due)[2:]
                if self._is_one_waiting:
                    self._count -= 1
                    return None
                self._is_one_waiting = True
                self._changed.wait(min(left, _LONGEST_WAIT))
                self._is_one_waiting = False

    def _bring(self, name: Hashable, work: Iterator[Item | Wait]) -> None:
        end = Ended(name)
        try:
            for item in work:
                if isinstance(item, Wait):
                    with self._changed:
                        self._put(self._due_after(item.seconds), name, work)
                    return
                self._arrivals.put(item)
        except BaseException as error:  # noqa: BLE001 - who takes the items deals with it
            end = Ended(name, error)
        self._arrivals.put(end)
