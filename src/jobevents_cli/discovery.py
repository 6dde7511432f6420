"""Finds jobs: the recent ones, the latest, and those that start while somebody watches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from jobevents_cli.backoff import Outage
from jobevents_cli.errors import TransientFault, UnknownJob
from jobevents_cli.events import Job

PAGE: Final = 50
"""Jobs asked for at once: each carries its options, so a page of many is large."""

LOOK_EVERY: Final = 5.0
"""Seconds between two looks for jobs that have started."""

_FAR_ENOUGH: Final = 200
"""Jobs without one that runs, newest first, behind which none is looked for."""

_LIMIT: Final = 30.0


class JobLister(Protocol):
    """What finding jobs needs of a client."""

    def jobs(self, count: int, offset: int, limit: float) -> list[Job]:
        """*count* jobs, newest first, from the one at *offset* on."""


class JobTeller(Protocol):
    """What showing one job needs of a client."""

    def job(self, job_id: int, limit: float) -> Job:
        """The job as it is now."""

    def nodes(self, job_id: int, limit: float) -> list[dict[str, Any]]:
        """Its nodes as they are now."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs are meant; None wants any."""

    state: str | None = None
    job_type: str | None = None
    owner: str | None = None
    environment: str | None = None

    def __call__(self, job: Job) -> bool:
        """Whether *job* is one of them."""
        pairs = (
            (self.state, job.state),
            (self.job_type, job.type),
            (self.owner, job.owner),
            (self.environment, job.environment),
        )
        return all(wanted is None or wanted == found for wanted, found in pairs)


def recent_jobs(lister: JobLister, wanted: Wanted) -> Iterator[Job]:
    """The jobs that are *wanted*, newest first, page by page."""
    for job in _newest_first(lister):
        if wanted(job):
            yield job


def latest_job(lister: JobLister, wanted: Wanted) -> Iterator[Job]:
    """The newest job that is *wanted*; UnknownJob where there is none."""
    for job in recent_jobs(lister, wanted):
        if job.number is not None:
            yield job
            return
    raise UnknownJob("there is no such job", hint="jobevents jobs lists those there are")


def starting_jobs(
    lister: JobLister,
    wanted: Wanted,
    *,
    known: int | None,
    outage: Outage,
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
            delay = outage.fault(asked_at, clock(), fault.retry_after)
            if delay is None:
                raise
            sleep(delay)
            continue
        outage.good(clock())
        for job in reversed(jobs):
            is_new = highest is not None and job.number is not None and job.number > highest
            if job.number is not None and (is_new or not job.is_over) and wanted(job):
                yield job.number, is_new
        highest = max([-1 if highest is None else highest, *(job.number for job in jobs if job.number is not None)])
        sleep(LOOK_EVERY)


def job_with_nodes(teller: JobTeller, job_id: int) -> tuple[Job, list[dict[str, Any]]]:
    """The job *job_id* and its nodes, as they are now."""
    return teller.job(job_id, _LIMIT), teller.nodes(job_id, _LIMIT)


def _since(lister: JobLister, highest: int | None) -> list[Job]:
    """The jobs newer than *highest*, and those before them as far back as one of them runs; newest first."""
    found: list[Job] = []
    idle = 0
    for job in _newest_first(lister):
        found.append(job)
        is_new = highest is None or (job.number is not None and job.number > highest)
        idle = 0 if not job.is_over else idle + 1
        if (not is_new and idle >= PAGE) or (highest is None and idle >= _FAR_ENOUGH):
            break
    return found


def _newest_first(lister: JobLister) -> Iterator[Job]:
    seen: set[int | None] = set()
    offset = 0
    while True:
        page = lister.jobs(PAGE, offset, _LIMIT)
        # A job that starts meanwhile moves the others on; a server that knows no offset repeats itself.
        fresh = [job for job in page if job.number not in seen]
        seen.update(job.number for job in fresh)
        yield from fresh
        if len(page) < PAGE or not fresh:
            return
        offset += len(page)
