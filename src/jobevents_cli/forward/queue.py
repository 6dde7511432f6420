"""The events that wait for COMMAND: which are sent together, and what happens when they are refused. No I/O, no clock.

A batch takes the events of all jobs, the jobs in turn. What happens when COMMAND refuses it:

    1st to 4th time    the same batch is sent again, later each time
    5th time           its events are sent one at a time, the jobs in turn
    an event alone     it is sent again, later each time; it holds up its own job, and no others

An event is blamed only on proof that COMMAND works: events of other jobs were accepted before and after it was refused.
Then it is named; and it is given up, if it was refused for long enough while the others were accepted. So an outage of
the receiver blames no event, and neither does a job that waits alone.
"""

from collections import deque
from collections.abc import Callable, Hashable
from itertools import islice
from typing import Final, Generic, NamedTuple, TypeVar

from jobevents_cli.following.retry_budget import retry_delay
from jobevents_cli.model.event import Event

Job = TypeVar("Job", bound=Hashable)
"""What events belong to."""

REFUSALS: Final = 5
"""How often a batch is refused before its events are sent one at a time."""

_NEVER: Final = float("inf")
_NOW: Final = float("-inf")


class Part(NamedTuple, Generic[Job]):
    """Events of one job, in order."""

    job: Job
    events: list[Event]


class Blamed(NamedTuple, Generic[Job]):
    """An event that COMMAND refuses, though it accepts others."""

    job: Job
    event: Event
    words: str
    """What COMMAND said last time."""


class Accepted(NamedTuple, Generic[Job]):
    """What follows from an accepted batch."""

    parts: list[Part[Job]]
    """The batch."""
    recovered_after: float | None
    """For how many seconds COMMAND had refused everything; None if it had not."""
    named: list[Blamed[Job]]
    """The events of which it is known from now on that they are refused."""
    given_up: list[Blamed[Job]]
    """The events that are not sent any more."""


class _Waiting(Generic[Job]):
    """The events of one job that wait."""

    def __init__(self, job: Job, now: float) -> None:
        self.job = job
        self.events: deque[Event] = deque()
        self.since = now
        self.alone = 0
        """How many of them, from the first on, are sent one at a time."""
        self.begin()

    def begin(self) -> None:
        """Note that the first event was not sent alone yet."""
        self.refusals = 0
        self.refused_at = self.retry_at = _NOW
        self.words = ""
        self.others_accepted = False
        """Events of other jobs were accepted since the last refusal."""
        self.others_accepted_since: float | None = None
        """Since when they are; it begins anew if none was accepted between two refusals."""
        self.is_named = False

    def remove(self, count: int) -> None:
        """Remove the first *count* events."""
        for _ in range(count):
            self.events.popleft()
        self.alone = max(0, self.alone - count)
        self.begin()


class Queue(Generic[Job]):
    """The events that wait, by job, and the batch that is sent. Times are seconds on a clock that never goes back."""

    def __init__(self, most: int, wait: float, *, sample: Callable[[], float], skip_after: float | None = None) -> None:
        """Send *most* events together, or fewer after *wait* seconds.

        *sample* gives random numbers from 0 to 1. *skip_after*: give an event up that was refused for so many seconds
        while others were accepted; None: never.
        """
        self.size = 0
        """How many events wait, those of the batch included."""
        self._most = most
        self._wait = wait
        self._sample = sample
        self._skip_after = skip_after
        self._jobs: dict[Job, _Waiting[Job]] = {}
        """In the order of their turns."""
        self._batch: list[Part[Job]] = []
        """What is sent, or is to be sent again."""
        self._is_alone = False
        """The batch is one event, sent alone."""
        self._refusals = 0
        """How often the batch was refused, unless it is one event, sent alone."""
        self._refused_alone = 0
        """How many events that were sent alone were refused in a row."""
        self._retry_at = _NOW
        self._failing_since: float | None = None

    def __contains__(self, job: Job) -> bool:
        """Whether events of *job* wait."""
        return job in self._jobs

    @property
    def is_refused(self) -> bool:
        """Whether the batch is sent again: more events would not help now."""
        return self._refusals > 0

    @property
    def oldest(self) -> tuple[float, Event] | None:
        """Since when the job waits that waits longest, and its first event; None if nothing waits."""
        first = min(self._jobs.values(), key=lambda waiting: waiting.since, default=None)
        return None if first is None else (first.since, first.events[0])

    def add(self, job: Job, events: list[Event], now: float) -> None:
        """Add *events* of *job*, which came at *now*, behind those of it that wait."""
        if events:
            self._jobs.setdefault(job, _Waiting(job, now)).events.extend(events)
            self.size += len(events)

    def next_at(self) -> float:
        """When the next batch is to be sent; infinite if nothing waits."""
        if self._batch:
            return self._retry_at
        alone = min((waiting.retry_at for waiting in self._jobs.values() if waiting.alone), default=_NEVER)
        return min(max(alone, self._retry_at), self._together_at())

    def batch(self, now: float) -> list[Part[Job]]:
        """The batch to send at *now*, once it is the time `next_at`. `accept` or `refuse` must follow."""
        together_at = self._together_at()
        for waiting in self._jobs.values():
            if self._batch:
                break
            if not waiting.alone and together_at <= now:
                self._batch, self._is_alone = self._together(), False
            elif waiting.alone and max(waiting.retry_at, self._retry_at) <= now:
                self._batch, self._is_alone = [Part(waiting.job, [waiting.events[0]])], True
        return self._batch

    def accept(self, now: float) -> Accepted[Job]:
        """Note that COMMAND accepted the batch at *now*."""
        parts, self._batch = self._batch, []
        self._refusals = self._refused_alone = 0
        self._retry_at = _NOW
        failing_since, self._failing_since = self._failing_since, None
        named: list[Blamed[Job]] = []
        given_up: list[Blamed[Job]] = []
        for job, events in parts:
            self._remove(self._jobs[job], len(events))
        in_batch = {part.job for part in parts}
        for waiting in list(self._jobs.values()):
            if waiting.refusals and waiting.job not in in_batch:
                self._note_accepted(waiting, now, named, given_up)
        return Accepted(parts, None if failing_since is None else now - failing_since, named, given_up)

    def refuse(self, now: float, words: str = "") -> bool:
        """Note that COMMAND refused the batch at *now*, or took too long; *words* is what it said.

        True if it has begun to refuse all that is sent.
        """
        if self._is_alone:
            self._refuse_alone(now, words)
            return False
        is_first = self._failing_since is None
        if self._failing_since is None:
            self._failing_since = now
        self._refusals += 1
        if self._refusals == REFUSALS:
            for job, events in self._batch:
                self._jobs[job].alone = len(events)
            self._batch, self._refusals = [], 0
        self._retry_at = now + self._delay(max(0, self._refusals - 1))
        return is_first

    def _together_at(self) -> float:
        """When events of several jobs are to be sent together."""
        together = [waiting for waiting in self._jobs.values() if not waiting.alone]
        if sum(len(waiting.events) for waiting in together) >= self._most:
            return _NOW
        return min((waiting.since for waiting in together), default=_NEVER) + self._wait

    def _together(self) -> list[Part[Job]]:
        parts: list[Part[Job]] = []
        room = self._most
        for waiting in self._jobs.values():
            if room and not waiting.alone:
                parts.append(Part(waiting.job, list(islice(waiting.events, room))))
                room -= len(parts[-1].events)
        return parts

    def _remove(self, waiting: _Waiting[Job], count: int) -> None:
        """Remove the first *count* events of a job. The other jobs have their turn before its next ones."""
        waiting.remove(count)
        self.size -= count
        del self._jobs[waiting.job]
        if waiting.events:
            self._jobs[waiting.job] = waiting

    def _note_accepted(
        self, waiting: _Waiting[Job], now: float, named: list[Blamed[Job]], given_up: list[Blamed[Job]]
    ) -> None:
        """Note that events of other jobs than the one *waiting*, which was refused, were accepted at *now*."""
        waiting.others_accepted = True
        if waiting.others_accepted_since is None:
            # COMMAND may have refused everything until now: the event is tried again at once.
            waiting.others_accepted_since = waiting.retry_at = now
        refused_for = waiting.refused_at - waiting.others_accepted_since
        blamed = Blamed(waiting.job, waiting.events[0], waiting.words)
        if refused_for > 0 and not waiting.is_named:
            waiting.is_named = True
            named.append(blamed)
        if self._skip_after is not None and refused_for >= self._skip_after:
            given_up.append(blamed)
            self._remove(waiting, 1)

    def _refuse_alone(self, now: float, words: str) -> None:
        """Note that the event that was sent alone was refused. The other jobs have their turn before it."""
        (part,) = self._batch
        self._batch = []
        waiting = self._jobs[part.job] = self._jobs.pop(part.job)
        if not waiting.others_accepted:
            waiting.others_accepted_since = None
        waiting.others_accepted = False
        waiting.refused_at, waiting.words = now, words
        waiting.retry_at = now + self._delay(waiting.refusals)
        waiting.refusals += 1
        self._refused_alone += 1
        # Where nothing is accepted in a whole round, the receiver is out of order, and not each job tries by itself.
        rest = self._refused_alone - sum(other.alone > 0 for other in self._jobs.values())
        if rest >= 0:
            self._retry_at = now + self._delay(rest)

    def _delay(self, attempt: int) -> float:
        return retry_delay(attempt, self._sample())
