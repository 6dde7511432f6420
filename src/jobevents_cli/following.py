"""From what the user asks to follow to the followers that do it, each with its cursor on disk where that is wanted."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from jobevents_cli.backoff import Outage
from jobevents_cli.client import OrchestratorClient
from jobevents_cli.cursor_file import CursorFile
from jobevents_cli.discovery import Wanted, starting_jobs
from jobevents_cli.errors import UsageProblem
from jobevents_cli.follower import Cursor, Follower
from jobevents_cli.threads import Ended
from jobevents_cli.watching import Follow


@dataclass(frozen=True, slots=True)
class Manner:
    """How jobs are followed: the options of `tail` that decide it. Times are seconds."""

    start: int | None = None
    last: int | None = None
    resume: bool = False
    interval: float = 1.0
    retry_for: float = 300.0
    wait_for: float = 0.0
    job_first: bool = False


def follow(client: OrchestratorClient, job_id: int, manner: Manner) -> Follow:
    """What it takes to follow *job_id* in that *manner*."""
    file = CursorFile(client.url, job_id) if manner.resume else None
    cursor = file.load() if file else None
    follower = Follower(
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
    return Follow(job_id, follower, file.save if file else None, last, close=file.close if file else None)


@dataclass(slots=True)
class AllJobs:
    """Every job that runs, and those that start; with a cursor, those too that ran while nobody watched."""

    client: OrchestratorClient
    wanted: Wanted
    manner: Manner
    _file: CursorFile | None = None
    _known: int | None = None
    _open: set[int] = field(default_factory=set)
    _highest: int = -1

    def __post_init__(self) -> None:
        """Take up the cursor of all jobs."""
        if self.manner.resume:
            self._file = CursorFile(self.client.url, "all")
            cursor = self._file.load()
            self._known = cursor.low if cursor else None

    def __iter__(self) -> Iterator[Follow | Ended]:
        """The jobs to follow, as they are found."""
        found = starting_jobs(
            self.client,
            self.wanted,
            known=self._known,
            outage=Outage(self.manner.retry_for, random.random),
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
                yield replace(follow(self.client, job_id, manner), ended=self._ended)
            except UsageProblem as problem:
                # Another process has this job's cursor, or it is damaged: the other jobs are followed all the same.
                yield Ended(job_id, problem)

    def _ended(self, job_id: int) -> str | None:
        """Note that *job_id* has ended: behind the oldest job that has not, the next run begins."""
        self._open.discard(job_id)
        if self._file is None:
            return None
        still_open = list(self._open)  # another thread adds to it
        low = min(still_open) - 1 if still_open else self._highest
        return self._file.save(Cursor(low, (), {}))
