"""The only concurrency: threads perform requests; one thread takes their results, timers and signals, one by one."""

import itertools
import math
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, Final, NamedTuple, TypeVar

from jobevents_cli.errors import Interrupted, TimedOut, TransientFault
from jobevents_cli.exit_status import ExitStatus

T = TypeVar("T")

REQUEST_LIMIT: Final = 300.0
"""Seconds after which a request is given up, if it does not say otherwise."""

_THREADS: Final = 16
"""The most requests that are performed at the same time."""

_LONGEST_WAIT: Final = 0.2 if sys.platform == "win32" else 3600.0
"""The longest single wait in seconds. On Windows a wait holds up signals; elsewhere the system limits its length."""

_SAME_SIGNAL: Final = 0.2
"""Signals within so many seconds are one: `timeout`, and a terminal that is closed, can send theirs twice."""

_ENDING: Final = {
    "SIGINT": ExitStatus.INTERRUPTED,
    "SIGTERM": ExitStatus.TERMINATED,
    "SIGHUP": ExitStatus.HUNG_UP,
}
"""The signals that end the program, with its exit status."""


class Ask(NamedTuple):
    """A request: *work* is called in another thread, and given up after *limit* seconds."""

    work: Callable[[], Any]
    limit: float = REQUEST_LIMIT


class Pause(NamedTuple):
    """A wait of *seconds*. `Pause(0)` interrupts long work, so that signals and deadlines hold."""

    seconds: float


class Result(NamedTuple):
    """What came of the request, generator or timer *key*: a value, or the error that ended it."""

    key: Any
    value: Any = None
    error: BaseException | None = None


Requests = Generator[Ask | Pause | list[Ask], Any, T]
"""A generator that needs requests: `value = yield Ask(…)`, where an error is thrown into it; `yield Pause(2)` waits;
`results = yield [Ask(…), Ask(…)]` gives a list of Result in the same order, which contain the errors."""


@dataclass(slots=True, eq=False)
class _Task:
    """A request that is performed, or is to be; or a wait, which has no *ask*."""

    key: Hashable
    then: Callable[[Any, BaseException | None], None]
    """Called with the value and the error."""
    ask: Ask | None = None
    generator: Requests[Any] | None = None
    at: float = 0.0
    """When the request is due or the wait ends; while a request is performed, when it is given up."""


class _Run(NamedTuple):
    """A generator that is driven; its result is appended to *results*."""

    key: Hashable
    generator: Requests[Any]
    results: deque[Result]


class Loop:
    """Iterate over it to get results, one by one, in the thread that owns all state.

    It ends when nothing is left to wait for, or when it is closed. The iteration and `check` raise Interrupted and
    TimedOut, even if results wait. A signal's handler raises nothing: it notes the signal and puts a message into the
    inbox, which SimpleQueue allows. A second signal ends the program at once.
    """

    def __init__(
        self,
        *,
        threads: int = _THREADS,
        clock: Callable[[], float] = time.monotonic,
        signals: bool = True,
        deadline: float | None = None,
    ) -> None:
        """Make an empty loop. *deadline*: raise TimedOut so many seconds from now.

        *signals*: handle signals until `close`; only possible in the main thread.
        """
        self.clock = clock
        self.deadline = math.inf if deadline is None else clock() + deadline
        """When the time is over, by `clock`; it may be changed."""
        self._most_threads = threads
        self._threads = 0
        self._busy = 0
        """Requests handed to the threads whose results have not been taken, given up or not."""
        self._work = SimpleQueue[tuple[_Task, Callable[[], Any]] | None]()
        self._inbox = SimpleQueue[tuple[_Task, Any, BaseException | None] | None]()
        self._due: list[tuple[float, int, _Task]] = []
        """A heap. A task is in it for its time at the latest: a timer that is put off is put back when it is due."""
        self._order = itertools.count()
        self._waiting: set[_Task] = set()
        self._under_way: set[_Task] = set()
        self._timers: dict[Hashable, _Task] = {}
        self._ready: deque[Result] = deque()
        self._is_closed = False
        self.before_death: Callable[[], None] | None = None
        """Called when a second signal ends the program at once."""
        self._is_excused = False
        """The signal that came does not end the iteration yet."""
        self._signal: int | None = None
        self._signal_at = 0.0
        self._handlers: dict[int, Any] = {}
        if signals:
            self._handle_signals()

    def ask(
        self, key: Hashable, work: Callable[[], Any], *, at: float | None = None, limit: float = REQUEST_LIMIT
    ) -> None:
        """Perform *work* in another thread, now or *at* a time of the loop's clock; its Result has the *key*.

        It is given up *limit* seconds after it is due: its error is a TransientFault then, and what it brings later is
        dropped.
        """
        self._add(_Task(key, partial(self._result, key), Ask(work, limit)), self.clock() if at is None else at)

    def timer(self, key: Hashable, at: float) -> None:
        """Bring a Result of *key* without a value *at* a time of the loop's clock.

        An earlier timer of the same *key* is replaced.
        """
        task = self._timers.get(key)
        if task is None:
            task = self._timers[key] = _Task(key, partial(self._ring, key))
        if task in self._waiting and task.at <= at:
            task.at = at
        else:
            self._add(task, at)

    def start(self, key: Hashable, generator: Requests[Any]) -> None:
        """Drive *generator* in this thread; what it returns or raises is the Result of *key*."""
        self._advance(_Run(key, generator, self._ready))

    def drop(self, key: Hashable) -> None:
        """Bring no Result of *key* any more. Its timer is stopped, its generators are closed."""
        for task in [task for task in (*self._waiting, *self._under_way) if task.key == key]:
            self._waiting.discard(task)
            self._under_way.discard(task)
            if task.generator:
                task.generator.close()
        self._timers.pop(key, None)
        kept = [result for result in self._ready if result.key != key]
        self._ready.clear()
        self._ready.extend(kept)

    def __iter__(self) -> Iterator[Result]:
        return self

    def __next__(self) -> Result:
        if not self._wait_for(self._ready):
            raise StopIteration
        return self._ready.popleft()

    def run(self, generator: Requests[T]) -> T:
        """Drive *generator* to its end and return its value. Other results wait for the iteration meanwhile."""
        results: deque[Result] = deque()
        self._advance(_Run(None, generator, results))
        if not self._wait_for(results):
            raise RuntimeError("the loop was closed")
        _, value, error = results.popleft()
        if error:
            raise error
        return value  # type: ignore[no-any-return]

    def must_stop(self) -> bool:
        """Whether a signal has come or the deadline is over."""
        return (self._signal is not None and not self._is_excused) or self.clock() >= self.deadline

    def check(self) -> None:
        """Raise Interrupted if a signal has come, TimedOut if the deadline is over."""
        if self._signal is not None and not self._is_excused:
            name = signal.Signals(self._signal).name
            raise Interrupted(f"by {name}", _ENDING[name])
        if self.clock() >= self.deadline:
            raise TimedOut("the time is over")

    def go_on(self, seconds: float) -> None:
        """After Interrupted: go on for *seconds*, then raise TimedOut. A second signal still ends the program."""
        self._is_excused = self._signal is not None
        self.deadline = self.clock() + seconds

    def close(self) -> None:
        """End the iteration, wherever it is, and the threads, once their requests end. Any thread may call this."""
        self._is_closed = True
        self._inbox.put(None)
        with suppress(Empty):
            while True:
                self._work.get_nowait()
        self._work.put(None)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()

    def _add(self, task: _Task, at: float) -> None:
        task.at = at
        self._waiting.add(task)
        heappush(self._due, (at, next(self._order), task))

    def _result(self, key: Hashable, value: Any, error: BaseException | None) -> None:
        self._ready.append(Result(key, value, error))

    def _ring(self, key: Hashable, _value: Any, _error: BaseException | None) -> None:
        del self._timers[key]
        self._ready.append(Result(key))

    def _advance(self, run: _Run, value: Any = None, error: BaseException | None = None) -> None:
        """Send *value* into a generator, or throw *error*, and do what it yields next."""
        try:
            step = run.generator.send(value) if error is None else run.generator.throw(error)
            while step == []:
                step = run.generator.send([])
        except StopIteration as end:
            run.results.append(Result(run.key, end.value))
            return
        except Exception as failure:  # noqa: BLE001 - whoever takes the result handles it
            run.results.append(Result(run.key, error=failure))
            return
        resume = partial(self._advance, run)
        now = self.clock()
        match step:
            case Ask():
                self._add(_Task(run.key, resume, step, run.generator), now)
            case Pause(seconds):
                self._add(_Task(run.key, resume, None, run.generator), now + seconds)
            case _:
                together = _Together(len(step), resume)
                for place, ask in enumerate(step):
                    self._add(_Task(run.key, partial(together.note, place), ask, run.generator), now)

    def _wait_for(self, results: deque[Result]) -> bool:
        """Work until there are *results*. False if there can be none: nothing is left, or the loop was closed."""
        while True:
            self.check()
            if self._is_closed:
                return False
            self._begin_due()
            if results:
                return True
            if not (self._waiting or self._under_way):
                return False
            self._receive()

    def _begin_due(self) -> None:
        """Hand requests that are due to the threads, and end waits."""
        now = self.clock()
        due = []
        while self._due and self._due[0][0] <= now:
            due.append(heappop(self._due)[2])
        for task in due:
            if task not in self._waiting:  # it was dropped
                continue
            if task.at > now:
                self._add(task, task.at)
                continue
            self._waiting.discard(task)
            if task.ask:
                self._begin(task, task.ask, now)
            else:
                task.then(None, None)

    def _begin(self, task: _Task, ask: Ask, now: float) -> None:
        task.at = now + ask.limit
        self._under_way.add(task)
        self._busy += 1
        if self._threads < min(self._busy, self._most_threads):
            thread = threading.Thread(target=_serve, args=(self._work, self._inbox), name="requests", daemon=True)
            try:
                thread.start()
                self._threads += 1
            except RuntimeError:  # the system has no more; the other threads do the work
                if not self._threads:
                    raise
        self._work.put((task, ask.work))

    def _receive(self) -> None:
        """Take one message, or wait until one comes or something is due. Give up requests that take too long."""
        now = self.clock()
        # What has come already is not too late, even if the whole program was stopped for a while.
        late = [task for task in self._under_way if task.at <= now] if self._inbox.empty() else []
        for task in late:
            self._under_way.discard(task)
            limit = task.ask.limit if task.ask else 0
            task.then(None, TransientFault(f"no whole response came within {limit:g} s"))
        if late:
            return
        wake_at = min((task.at for task in self._under_way), default=math.inf)
        if self._due:
            wake_at = min(wake_at, self._due[0][0])
        try:
            message = self._inbox.get(timeout=max(0.0, min(wake_at - now, self.deadline - now, _LONGEST_WAIT)))
        except Empty:
            return
        if message:
            self._busy -= 1
            task, value, error = message
            if task in self._under_way:  # neither given up nor dropped
                self._under_way.discard(task)
                task.then(value, error)

    def _handle_signals(self) -> None:
        for name in _ENDING:
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._handlers[number] = signal.signal(number, self._note_signal)

        if hasattr(signal, "SIGCONT"):
            # If a handler runs for longer than SimpleQueue.get was to wait, as one that stops the program does, the
            # rest of the wait is negative, which get takes for endless (Python 3.11). A message ends that.
            self._handlers[signal.SIGCONT] = signal.signal(signal.SIGCONT, lambda *_: self._inbox.put(None))

    def _note_signal(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._signal is None:
            self._signal, self._signal_at = number, now
            self._inbox.put(None)
        elif now - self._signal_at > _SAME_SIGNAL:
            if self.before_death:
                self.before_death()
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
            os._exit(128 + number)  # process 1 of a container is not ended by a signal without handler


class _Together:
    """Collects the results of several requests, and calls *then* with all of them."""

    def __init__(self, count: int, then: Callable[[list[Result]], None]) -> None:
        self._left = count
        self._results = [Result(place) for place in range(count)]
        self._then = then

    def note(self, place: int, value: Any, error: BaseException | None) -> None:
        """Keep the result of request number *place*."""
        self._results[place] = Result(place, value, error)
        self._left -= 1
        if not self._left:
            self._then(self._results)


def _serve(
    work: SimpleQueue[tuple[_Task, Callable[[], Any]] | None],
    inbox: SimpleQueue[tuple[_Task, Any, BaseException | None] | None],
) -> None:
    """Perform what comes, until None comes: that is left for the other threads."""
    while item := work.get():
        _perform(*item, inbox)
    work.put(None)


def _perform(
    task: _Task, work: Callable[[], Any], inbox: SimpleQueue[tuple[_Task, Any, BaseException | None] | None]
) -> None:
    """Put the result of *work* into the *inbox*. Keeps nothing of it: a response can be large."""
    try:
        inbox.put((task, work(), None))
    except BaseException as error:  # noqa: BLE001 - whoever takes the result handles it
        inbox.put((task, None, error))
