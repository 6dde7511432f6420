"""Finds jobs: the one search for those to follow, of `tail --all` and `forward`, and the list of jobs, newest first."""

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.known_jobs import KnownJobs, Search
from jobevents_cli.following.notices import Notice
from jobevents_cli.following.retry_budget import RetryBudget
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.runtime.loop import Ask, Requests, Result

AnyJob = TypeVar("AnyJob", bound=Job)

ListJobs = Callable[[int, int], Sequence[AnyJob]]
"""Requests a count of jobs from an offset on, newest first: `jobs` or `plans` of the client."""

PAGE: Final = 50
"""Jobs in one request: each contains its options, so a large page would be slow."""


class Found(NamedTuple):
    """The result of one search."""

    jobs: list[JobRef]
    """The jobs to follow, lowest number first."""
    known: KnownJobs
    """For the next search."""
    restored: str | None = None
    """A notice, if the orchestrator was restored and uses numbers again: what was known of its jobs, positions too, is
    about others. The search has begun anew, as if nothing had been known."""


def pause_between(interval: float) -> float:
    """Seconds between two searches where jobs are polled every *interval* seconds."""
    return min(5.0, 5 * interval)


def search(
    list_jobs: ListJobs[AnyJob], kind: Kind, known: KnownJobs | None, wanted: Callable[[Job], bool]
) -> Requests[Found]:
    """Search for jobs of a *kind* to follow: those that are *wanted* and not *known*.

    Without *known*, the jobs that run are to be followed; with it also what ran since, as far back as the orchestrator
    keeps it (see `Search`). Errors of the requests go to the caller: a search that failed has changed nothing.
    """
    look = Search(known)
    yield from newest_first(list_jobs, lambda job: look.see(job, is_wanted=wanted(job)))
    restored = None
    if known and look.restored_at is not None:
        restored = (
            f"the newest {kind} is {look.restored_at}, but {kind} {known.newest} was seen before: PE was restored; "
            "following begins anew"
        )
    return Found([JobRef(kind, number) for number in sorted(look.new)], look.known, restored)


class Searched(NamedTuple):
    """What came of one search, and when the next one is due."""

    found: Found | None
    """None: it failed, and is repeated."""
    notices: list[Notice]
    next_at: float


class RepeatedSearch:
    """Searches for jobs of one kind again and again. Times are seconds of the loop's clock."""

    def __init__(
        self,
        list_jobs: ListJobs[Any],
        kind: Kind,
        wanted: Callable[[Job], bool],
        *,
        known: KnownJobs | None,
        interval: float,
        retry_for: float,
    ) -> None:
        """See `search`. Jobs are polled every *interval* seconds; an outage is retried for *retry_for* seconds."""
        self.kind = kind
        self.known = known
        self._list_jobs = list_jobs
        self._wanted = wanted
        self._pause = pause_between(interval)
        self._budget = RetryBudget(retry_for, random.random)
        self._requested_at = 0.0

    def requests(self, now: float) -> Requests[Found]:
        """The requests of a search that begins at *now*."""
        self._requested_at = now
        return search(self._list_jobs, self.kind, self.known, self._wanted)

    def receive(self, result: Result, now: float) -> Searched:
        """Take in the *result* of the search, which came at *now*. Raises its error if it is not repeated."""
        error = result.error
        if error is None:
            self.known = result.value.known
            back = self._budget.good(now)
            return Searched(result.value, [back] if back else [], now + self._pause)
        retry = self._budget.retry(error, self._requested_at, now) if isinstance(error, JobEventsError) else None
        if retry is None:
            raise error
        return Searched(None, [retry.lost] if retry.lost else [], now + retry.delay)


def newest_first(list_jobs: ListJobs[AnyJob], take: Callable[[AnyJob], bool]) -> Requests[None]:
    """Give each job, newest first, to *take*, until that returns True. They are requested page by page."""
    seen: set[int | None] = set()
    offset = 0
    while True:
        page: Sequence[AnyJob] = yield Ask(partial(list_jobs, PAGE, offset))
        # A job that starts meanwhile shifts the others; a server that ignores the offset repeats itself. Orchestrators
        # before 2017.3 ignore the order too.
        fresh = sorted((job for job in page if job.number not in seen), key=_number, reverse=True)
        seen.update(job.number for job in fresh)
        if any(take(job) for job in fresh) or len(page) < PAGE or not fresh:
            return
        offset += len(page)


def _number(job: Job) -> int:
    return -1 if job.number is None else job.number
