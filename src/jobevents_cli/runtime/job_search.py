"""Finds the recent and the latest jobs and plans, page by page, newest first."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from jobevents_cli.errors import UnknownJob
from jobevents_cli.following.retry_budget import FIRST_CONTACT_FOR
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.node import Node
from jobevents_cli.runtime import discover
from jobevents_cli.runtime.loop import Requests
from jobevents_cli.runtime.retrying import patient, retried

AnyJob = TypeVar("AnyJob", bound=Job)


class Wanted:
    """Which jobs are wanted; None means any."""

    def __init__(
        self,
        state: str | None = None,
        job_type: str | None = None,
        owner: str | None = None,
        environment: str | None = None,
    ) -> None:
        self.state = state
        self.job_type = job_type
        self.owner = owner
        self.environment = environment

    def __call__(self, job: Job) -> bool:
        """Whether *job* is one of them."""
        pairs = (
            (self.state, job.state),
            (self.job_type, job.type),
            (self.owner, job.owner),
            (self.environment, job.environment),
        )
        return all(wanted is None or wanted == found for wanted, found in pairs)


def recent(
    list_jobs: Callable[[int, int], Sequence[AnyJob]],
    wanted: Callable[[Job], bool],
    most: int,
    *,
    retry_for: float = FIRST_CONTACT_FOR,
) -> Requests[list[AnyJob]]:
    """Return the newest jobs that are *wanted*, at most so many; *list_jobs* is `jobs` or `plans` of the client.

    A request that fails is repeated as `retried` repeats it.
    """
    found: list[AnyJob] = []

    def take(job: AnyJob) -> bool:
        if wanted(job):
            found.append(job)
        return len(found) >= most

    if most > 0:
        yield from patient(discover.newest_first(list_jobs, take), retry_for=retry_for)
    return found


def latest(
    list_jobs: Callable[[int, int], Sequence[AnyJob]], kind: Kind, wanted: Callable[[Job], bool], retry_for: float
) -> Requests[JobRef]:
    """Return the newest job of *kind* that is *wanted*; UnknownJob if there is none. Otherwise as `recent`."""
    found = yield from recent(list_jobs, lambda job: job.number is not None and wanted(job), 1, retry_for=retry_for)
    for job in found:
        if job.number is not None:
            return JobRef(kind, job.number)
    if kind is Kind.PLAN:
        raise UnknownJob("there is no plan job", hint="jobevents jobs --plans lists the plan jobs")
    raise UnknownJob("there is no such job", hint="jobevents jobs lists the jobs")


def read_nodes(
    list_nodes: Callable[[int, int], Sequence[Node]],
    number: int,
    node_count: int | None,
    take: Callable[[Sequence[Node]], object],
    ask: Callable[[Callable[[], Sequence[Node]]], Requests[Sequence[Node]]] = retried,
) -> Requests[None]:
    """Hand the nodes of job *number* to *take*, page by page. *list_nodes* is `nodes` of the client.

    Servers send all nodes at once, unless fewer than *node_count* come. *ask* makes a request, which is repeated if it
    fails.
    """
    received = 0
    first: Node | None = None
    while True:
        page = yield from ask(partial(list_nodes, number, received))
        if not page or (first is not None and page[0].raw == first.raw):
            return  # a server that ignores the offset repeats itself
        first = first or page[0]
        received += len(page)
        take(page)
        if node_count is None or received >= node_count:
            return
