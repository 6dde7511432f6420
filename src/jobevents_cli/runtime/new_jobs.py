"""From what the user asks to follow to the followers that do it, each with its cursor on disk where that is wanted."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from jobevents_cli.errors import TransientFault, UsageProblem
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.position import Cursor
from jobevents_cli.following.retry_budget import RetryBudget
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.orchestrator.client import OrchestratorClient
from jobevents_cli.orchestrator.job_search import PAGE, JobLister, Wanted, newest_first
from jobevents_cli.runtime.followed_job import FollowedJob
from jobevents_cli.runtime.workers import Ended
from jobevents_cli.state.cursor_file import CursorFile, CursorFolder


@dataclass(frozen=True, slots=True)
class Manner:
    """How jobs are followed: the options of `tail` that decide it. Times are seconds."""

    start: int | None = None
    last: int | None = None
    interval: float = 1.0
    retry_for: float = 300.0
    wait_for: float = 0.0
    job_first: bool = False


def follow(ref: JobRef, manner: Manner, folder: CursorFolder | None = None) -> FollowedJob:
    """What it takes to follow *ref* in that *manner*, with a cursor in *folder* if it is to resume."""
    file = folder.cursor(ref) if folder else None
    cursor = file.load() if file else None
    follower = Follower(
        ref=ref,
        sample=random.random,
        start=manner.start,
        cursor=cursor,
        interval=manner.interval,
        retry_for=manner.retry_for,
        wait_for=manner.wait_for,
        job_first=manner.job_first,
    )
    # What came since the cursor was saved is what --resume is for: all of it.
    last = None if cursor else manner.last
    return FollowedJob(follower, file.save if file else None, last, close=file.close if file else None)


@dataclass(slots=True)
class AllJobs:
    """Every job that runs, and those that start; with a cursor, those too that ran while nobody watched."""

    client: OrchestratorClient
    wanted: Wanted
    manner: Manner
    folder: CursorFolder | None = None
    _file: CursorFile | None = None
    _known: int | None = None
    _open: set[int] = field(default_factory=set)
    _highest: int = -1

    def __post_init__(self) -> None:
        """Take up the cursor of all jobs."""
        if self.folder:
            self._file = self.folder.cursor("all")
            cursor = self._file.load()
            self._known = cursor.low if cursor else None

    def __iter__(self) -> Iterator[FollowedJob | Ended]:
        """The jobs to follow, as they are found."""
        found = starting_jobs(
            self.client,
            self.wanted,
            known=self._known,
            budget=RetryBudget(self.manner.retry_for, random.random),
            clock=time.monotonic,
            sleep=time.sleep,
        )
        for job_id, is_new in found:
            if job_id in self._open:
                continue
            self._open.add(job_id)
            self._highest = max(self._highest, job_id)
            manner = replace(self.manner, last=None) if is_new else self.manner
            try:
                yield replace(follow(JobRef.job(job_id), manner, self.folder), ended=self._ended)
            except UsageProblem as problem:
                # Another process has this job's cursor, or it is damaged: the other jobs are followed all the same.
                yield Ended(JobRef.job(job_id), problem)

    def _ended(self, ref: JobRef) -> str | None:
        """Note that the job *ref* has ended: behind the oldest job that has not, the next run begins."""
        self._open.discard(ref.number)
        if self._file is None:
            return None
        still_open = list(self._open)  # another thread adds to it
        low = min(still_open) - 1 if still_open else self._highest
        return self._file.save(Cursor(low, (), {}))


LOOK_EVERY: Final = 5.0
"""Seconds between two looks for jobs that have started."""


_FAR_ENOUGH: Final = 200
"""Jobs without one that runs, newest first, behind which none is looked for."""


def starting_jobs(
    lister: JobLister,
    wanted: Wanted,
    *,
    known: int | None,
    budget: RetryBudget,
    clock: Callable[[], float],
    sleep: Callable[[float], object],
) -> Iterator[tuple[int, bool]]:
    """The ids of the jobs that run, and for ever of those that start, as far as they are *wanted*.

    Each with whether it has started since: since the first look, or behind *known*.

    *known*: every job up to this id was dealt with earlier; those behind it count even if they are over.
    """
    highest = known
    while True:
        asked_at = clock()
        try:
            jobs = _since(lister, highest)
        except TransientFault as fault:
            retry = budget.retry(fault, asked_at, clock())
            if retry is None:
                raise
            sleep(retry.delay)
            continue
        budget.good(clock())
        for job in reversed(jobs):
            is_new = highest is not None and job.number is not None and job.number > highest
            if job.number is not None and (is_new or not job.is_over) and wanted(job):
                yield job.number, is_new
        highest = max([-1 if highest is None else highest, *(job.number for job in jobs if job.number is not None)])
        sleep(LOOK_EVERY)


def _since(lister: JobLister, highest: int | None) -> list[Job]:
    """The jobs newer than *highest*, and those before them as far back as one of them runs; newest first."""
    found: list[Job] = []
    idle = 0
    for job in newest_first(lister.jobs):
        found.append(job)
        is_new = highest is None or (job.number is not None and job.number > highest)
        idle = 0 if not job.is_over else idle + 1
        if (not is_new and idle >= PAGE) or (highest is None and idle >= _FAR_ENOUGH):
            break
    return found
