"""Finds jobs: the one search for those to follow, of `tail --all` and `forward`, and the list of jobs, newest first."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeVar

from jobevents_cli.following2.known_jobs import KnownJobs, Search
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.runtime.event_loop import Ask, Requests

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
