"""A small worker pool: a worker runs one job until it must wait, then takes the next job that is due."""

import itertools
import queue
import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import suppress
from heapq import heappop, heappush
from typing import Final, Generic, NamedTuple, TypeVar

from jobevents_cli.following.schedule import MANY_JOBS, shared_delay
from jobevents_cli.following.update import Wait

Item = TypeVar("Item")


TICK: Final = 0.25
"""How often, in seconds, the consumer wakes up if no item comes."""


_AHEAD: Final = 8
"""How many items may wait for the consumer: memory stays bounded if the output is slow."""


_AT_ONCE: Final = 4
"""How many threads are started at once; more are started only if work is late."""


_MOST_THREADS: Final = 32
"""As many as are useful: if the requests of so many threads hang, those of more would hang too."""


_GRACE: Final = 0.05
"""Seconds that work may be late before another thread is started: a thread that hangs must not block the others."""


_LONGEST_WAIT: Final = 3600.0
"""The longest single wait in seconds: the system's clock cannot wait as long as a user may ask for."""


class Ended(NamedTuple):
    """The last item of a piece of work: its *name*, and its error, if any."""

    name: Hashable
    error: BaseException | None = None


class Workers(Generic[Item]):
    """Threads that bring items, and one queue to take them from.

    One thread per job would also work, but take twice the processor time: a poll takes milliseconds, and caches are
    warm only if the same thread makes the next one. So there are as many threads as are busy, and one that waits for
    the next work that is due.
    """

    def __init__(self) -> None:
        self._arrivals: queue.Queue[Item | Ended] = queue.Queue(_AHEAD)
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Hashable, Iterator[Item | Wait]]] = []
        self._order = itertools.count()
        self._count = 0
        self._last_started = 0.0
        self._is_one_waiting = False
        self._is_closed = False

    def start(self, name: Hashable, work: Iterator[Item | Wait]) -> None:
        """Bring the items of *work*, then `Ended` with *name*. A Wait among the items frees the thread."""
        with self._changed:
            self._put(time.monotonic(), name, work)
            if not self._is_one_waiting and self._count < _AT_ONCE:
                self._start_thread()

    def next(self, seconds: float = TICK) -> Item | Ended | None:
        """The next item, or None if none comes within *seconds*."""
        until = time.monotonic() + seconds
        while True:
            may_hang = self._relieve()
            left = max(0.0, until - time.monotonic())
            try:
                return self._arrivals.get(timeout=min(left, _GRACE) if may_hang else left)
            except queue.Empty:
                if time.monotonic() >= until:
                    return None

    def close(self) -> None:
        """Let the threads end, each at the next item of its work. What they bring is dropped."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        with suppress(queue.Empty):  # a thread may be waiting for room
            while True:
                self._arrivals.get_nowait()

    @property
    def has_next(self) -> bool:
        """Whether `next` would return an item at once."""
        return not self._arrivals.empty()

    def _relieve(self) -> bool:
        """Start another thread if work is late. False if a thread is waiting for the next work."""
        with self._changed:
            if self._is_one_waiting or not self._due:
                return False
            late_since = time.monotonic() - _GRACE
            is_late = self._due[0][0] < late_since and self._last_started < late_since
            if is_late and self._count < _MOST_THREADS:
                self._start_thread()
            return True

    def _due_after(self, seconds: float) -> float:
        """When work that waits for *seconds* continues. With many jobs it is later, together with others."""
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
        """Wait for the next work that is due; None if another thread is already waiting, or if all is closed."""
        with self._changed:
            while not self._is_closed:
                left = self._due[0][0] - time.monotonic() if self._due else _LONGEST_WAIT
                if left <= 0:
                    return heappop(self._due)[2:]
                if self._is_one_waiting:
                    self._count -= 1
                    return None
                self._is_one_waiting = True
                self._changed.wait(min(left, _LONGEST_WAIT))
                self._is_one_waiting = False
            return None

    def _bring(self, name: Hashable, work: Iterator[Item | Wait]) -> None:
        end = Ended(name)
        try:
            for item in work:
                if self._is_closed:
                    return
                if isinstance(item, Wait):
                    with self._changed:
                        self._put(self._due_after(item.seconds), name, work)
                    return
                self._arrivals.put(item)
        except BaseException as error:  # noqa: BLE001 - the consumer handles it
            end = Ended(name, error)
        self._arrivals.put(end)
