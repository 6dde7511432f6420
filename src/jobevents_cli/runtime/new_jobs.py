"""The jobs that run, and those that start while someone follows all jobs."""

import random
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from jobevents_cli.errors import UsageProblem
from jobevents_cli.following.notices import Notice
from jobevents_cli.following.position import Cursor
from jobevents_cli.following.retry_budget import RetryBudget
from jobevents_cli.following.update import Save, Wait
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.runtime.followed_job import FollowedJob, FollowOptions
from jobevents_cli.runtime.job_search import FAR_ENOUGH, PAGE, JobLister, Wanted, newest_first
from jobevents_cli.runtime.retry import retried
from jobevents_cli.runtime.workers import Ended

if TYPE_CHECKING:
    from jobevents_cli.model.job import Job

LOOK_EVERY: Final = 5.0
"""Seconds between two searches for jobs that have started."""


class FoundJobs(NamedTuple):
    """The result of one search: jobs to follow, those that cannot be followed, and notices for the user."""

    jobs: tuple[FollowedJob, ...] = ()
    refused: tuple[Ended, ...] = ()
    notices: tuple[Notice, ...] = ()
    save: Callable[[], str | None] | None = None
    """Saves where the next run begins, before any event of the jobs is printed; returns a warning if that failed."""


class AllJobs:
    """Every running job, and those that start; with `--resume` also those that ran while nobody followed.

    One thread iterates; `job_ended` may be called by another.
    """

    def __init__(self, lister: JobLister, wanted: Wanted, options: FollowOptions) -> None:
        """Load the cursor of all jobs. UsageProblem if another process has it."""
        self._lister = lister
        self._wanted = wanted
        self._options = options
        self._known: int | None = None
        """Every job up to this number was handled by an earlier run."""
        self._handled: set[int] = set()
        """Other jobs that were handled, though one with a lower number was not."""
        self._save: Save | None = None
        self._budget = RetryBudget(options.retry_for, random.random)
        self._seen: set[int] = set()
        """The jobs of the latest search that were handled."""
        self._open: set[int] = set()
        self._highest = -1
        if options.cursors:
            file = options.cursors.cursor("all")
            cursor = file.load()
            self._known, self._save = cursor.low if cursor else None, file.save
            self._handled.update(cursor.above if cursor else ())

    def __iter__(self) -> Iterator[FoundJobs | Wait]:
        """What each search finds, and the time until the next one."""
        notices: list[Notice] = []
        searched = self._known
        while True:
            jobs: list[Job] = []
            for item in retried(self._request(searched), self._budget, clock=time.monotonic, say=notices.append):
                if isinstance(item, Wait):
                    if notices:
                        yield FoundJobs(notices=tuple(notices))
                        notices.clear()
                    yield item
                else:
                    jobs = item
            yield self._found(jobs, searched, tuple(notices))
            notices.clear()
            numbers = [job.number for job in jobs if job.number is not None]
            searched = max([-1 if searched is None else searched, *numbers])
            yield Wait(LOOK_EVERY)

    def _request(self, searched: int | None) -> "Callable[[], Iterator[list[Job]]]":
        return lambda: iter([_since(self._lister, searched)])

    def _found(self, jobs: "list[Job]", searched: int | None, notices: tuple[Notice, ...]) -> FoundJobs:
        followed: list[FollowedJob] = []
        refused: list[Ended] = []
        for job in reversed(jobs):
            number = job.number
            is_new = searched is not None and number is not None and number > searched and number not in self._handled
            if number is None or number in self._seen or (job.is_over and not is_new) or not self._wanted(job):
                continue
            self._seen.add(number)
            self._open.add(number)
            try:
                followed.append(self._options.follow(JobRef.job(number), is_new=is_new, has_ended=self.job_ended))
            except UsageProblem as problem:
                # Another process has this job's cursor, or it is damaged: the other jobs are followed all the same.
                refused.append(Ended(JobRef.job(number), problem))
        # Older jobs are not found again, and the set must not grow.
        numbers = {job.number for job in jobs if job.number is not None}
        self._seen.intersection_update(numbers)
        if self._save:
            self._handled |= numbers - self._open
        self._highest = max([self._highest, *numbers])
        is_first = searched is None
        return FoundJobs(tuple(followed), tuple(refused), notices, self._saved if followed or is_first else None)

    def job_ended(self, ref: JobRef) -> str | None:
        """Note that nothing more will be printed of *ref*: the next run begins after the oldest job still open.

        Returns a warning if that could not be saved.
        """
        if self._save:
            self._handled.add(ref.number)
        self._open.discard(ref.number)
        return self._saved()

    def _saved(self) -> str | None:
        """Save where the next run begins; returns a warning if that failed."""
        if self._save is None:
            return None
        # Another thread adds to the sets.
        still_open, handled = list(self._open), list(self._handled)
        low = min(still_open) - 1 if still_open else self._highest
        self._handled.difference_update(number for number in handled if number <= low)
        return self._save(Cursor(low, tuple(sorted(number for number in handled if number > low)), {}))


def _since(lister: JobLister, highest: int | None) -> "list[Job]":
    """The jobs newer than *highest*, and those before them as far back as one of them runs; newest first."""
    found: list[Job] = []
    idle = 0
    for job in newest_first(lister.jobs):
        found.append(job)
        is_new = highest is None or (job.number is not None and job.number > highest)
        idle = 0 if not job.is_over else idle + 1
        if (not is_new and idle >= PAGE) or (highest is None and idle >= FAR_ENOUGH):
            break
    return found
