"""Follows every job of an orchestrator in worker threads, and can be paused while nobody takes what they bring."""

import math
import random
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from jobevents_cli.following.backlog import Part
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.known_jobs import KnownJobs, Seen, known_after
from jobevents_cli.following.notices import Notice
from jobevents_cli.following.position import Cursor
from jobevents_cli.following.retry_budget import RetryBudget
from jobevents_cli.following.update import Update, Wait
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.plan import Plan
from jobevents_cli.runtime.job_search import FAR_ENOUGH, PAGE, newest_first
from jobevents_cli.runtime.loop import Orchestrator, tail
from jobevents_cli.runtime.retry import retried

_LOOK_EVERY: Final = 5.0
"""Polling intervals, and at most seconds, between two searches for new jobs."""

_SHORTEST_PAUSE: Final = 0.004
_LONGEST_PAUSE: Final = 1.0
"""Seconds between the checks whether a paused job may continue: the first ones come soon."""

_CURSOR_EVERY: Final = 5_000
"""Events after which a part has a cursor at the latest: until then the ids of the events are enough."""

Render = Callable[[Event, JobRef], bytes | None]
"""The line of an event; None if a filter hides it."""


class JobSource(Orchestrator, Protocol):
    """What following all jobs needs of a client."""

    def jobs(self, count: int, offset: int) -> list[Job]:
        """*count* jobs, newest first, from the one at *offset* on."""

    def plans(self, count: int, offset: int) -> list[Plan]:
        """*count* plan jobs, newest first, from the one at *offset* on."""


@dataclass(frozen=True, slots=True)
class Found:
    """The result of one search for jobs of a *kind*: the ids that it saw, and those of the jobs to follow."""

    kind: Kind
    seen: Seen
    wanted: frozenset[int]


@dataclass(frozen=True, slots=True)
class Said:
    """Notices for the user about *name*, a job or the search for a kind of jobs."""

    name: JobRef | Kind
    notices: tuple[Notice, ...]


Start = Callable[[Hashable, Iterator[Part | Found | Said | Wait]], None]
"""Begins work of that name."""


class JobFeed:
    """The jobs that are followed, each by work of its own."""

    def __init__(
        self,
        start: Start,
        source: JobSource,
        render: Render,
        *,
        interval: float,
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Follow jobs of *source*, polled every *interval* seconds. *render* makes the lines.

        *start* does work in another thread, like Workers.start. *most*: events in one part, because those without id
        cannot be committed one by one. *clock* gives seconds that never
        go back.
        """
        self.is_paused = False
        self._start = start
        self._source = source
        self._render = render
        self._interval = interval
        self._most = most
        self._clock = clock

    def search(self, kind: Kind, known: KnownJobs | None, wanted: Callable[[Job], bool]) -> None:
        """Search for jobs of that *kind* for ever. Without *known*, running jobs are new, else unknown ones."""
        self._start(kind, self._looks(kind, known, wanted))

    def follow(self, ref: JobRef, cursor: Cursor) -> None:
        """Follow *ref* from *cursor* on to its end."""
        self._start(ref, self._parts(ref, cursor))

    def _looks(
        self, kind: Kind, known: KnownJobs | None, wanted: Callable[[Job], bool]
    ) -> Iterator[Found | Said | Wait]:
        budget = RetryBudget(math.inf, random.random)
        said: list[Notice] = []
        while True:
            look = partial(_look, self._source, kind, known, wanted)
            for item in retried(look, budget, clock=self._clock, say=said.append):
                if said:
                    yield Said(kind, tuple(said))
                    said.clear()
                if isinstance(item, Found):
                    known = known_after(known, item.seen)
                yield item
            if said:
                yield Said(kind, tuple(said))
                said.clear()
            yield Wait(min(_LOOK_EVERY, _LOOK_EVERY * self._interval))
            yield from self._pauses()

    def _parts(self, ref: JobRef, cursor: Cursor) -> Iterator[Part | Said | Wait]:
        follower = Follower(ref=ref, sample=random.random, cursor=cursor, interval=self._interval, retry_for=math.inf)
        without_cursor = 0
        for step in tail(self._source, follower, clock=self._clock, at_once=self._most):
            if isinstance(step, Wait):
                yield step
            else:
                ids = [event.id for event in step.events]
                without_cursor += len(ids)
                needs_cursor = step.is_page_end or without_cursor > _CURSOR_EVERY or None in ids
                if needs_cursor:
                    without_cursor = 0
                if step.notices:
                    yield Said(ref, step.notices)
                yield self._part(step, ids, follower.cursor if needs_cursor else None)
            yield from self._pauses()

    def _pauses(self) -> Iterator[Wait]:
        """The waits while requests are paused."""
        seconds = _SHORTEST_PAUSE
        while self.is_paused:
            yield Wait(seconds)
            seconds = min(_LONGEST_PAUSE, 2 * seconds)

    def _part(self, update: Update, ids: list[int | None], cursor: Cursor | None) -> Part:
        events, ref, render = update.events, update.ref, self._render
        return Part(
            ref,
            [render(event, ref) for event in events],
            ids,
            cursor,
            is_page_end=update.is_page_end,
            is_end=update.ending is not None,
            timestamp=events[0].timestamp if events else "",
        )


def _look(source: JobSource, kind: Kind, known: KnownJobs | None, wanted: Callable[[Job], bool]) -> Iterator[Found]:
    """Search the newest jobs, as far back as one of them is new or running."""
    numbers: set[int] = set()
    to_follow: set[int] = set()
    idle = 0
    jobs = newest_first(source.jobs) if kind is Kind.JOB else newest_first(source.plans)
    for job in jobs:
        number = job.number
        if number is None:
            continue
        is_new = known is not None and not known.has(number)
        numbers.add(number)
        if (is_new or (known is None and not job.is_over)) and wanted(job):
            to_follow.add(number)
        idle = 0 if is_new or not job.is_over else idle + 1
        if idle >= (FAR_ENOUGH if known is None else PAGE):
            first = min(numbers)
            break
    else:
        first = 0
    yield Found(kind, Seen(first, frozenset(numbers)), frozenset(to_follow))
