"""jobevents for Python programs: the commands `tail`, `jobs`, `show` and `why` as functions.

Longer than other modules because each function repeats the connection arguments, for editors and type checkers.
"""

import random
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.clients.puppetdb import PuppetdbClient
from jobevents_cli.config.configuration import Configuration
from jobevents_cli.errors import AccessDenied, JobEventsError, RequestRefused, TokenRefused, UsageProblem
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.retry_budget import FIRST_CONTACT_FOR, RetryBudget
from jobevents_cli.following.update import Update, Wait
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind, parse_job
from jobevents_cli.model.json_values import as_id
from jobevents_cli.model.node import Node
from jobevents_cli.model.plan import Plan
from jobevents_cli.runtime.event_loop import Loop
from jobevents_cli.runtime.job_search import Wanted, nodes_of, recent_jobs, recent_plans
from jobevents_cli.runtime.loop import tail
from jobevents_cli.runtime.retry import retried
from jobevents_cli.why.explain import explain
from jobevents_cli.why.explanation import Explanation

if TYPE_CHECKING:
    from jobevents_cli.model.outcome import Outcome

_SHORTEST_INTERVAL: Final = 0.1

Item = TypeVar("Item")


class Following:
    """The events of a job, each exactly once, until it ends: an iterator, made by `follow`.

    Use it in a `with` statement, or call `close`, if you may stop before the end.
    """

    def __init__(
        self, client: Orchestrator, ref: JobRef, new_follower: Callable[[JobRef], Follower], *, with_jobs: bool
    ) -> None:
        self.job = str(ref)
        """The job or plan that the latest event belongs to: `352` or `plan/12`."""
        self.outcome: Outcome | None = None
        """How the job or plan ended; None until it has."""
        self.unread: list[JobEventsError] = []
        """Why jobs of a plan could not be read: they were left out."""
        self._client = client
        self._ref = ref
        self._new_follower = new_follower
        self._with_jobs = with_jobs
        self._follower = new_follower(ref)
        self._next_start = self._follower.next_start
        self._events = self._follow()

    def __repr__(self) -> str:
        state = self.outcome.name.lower() if self.outcome is not None else "not ended"
        return f"<Following {self._ref.label}, {state}, next_start {self.next_start}>"

    def __iter__(self) -> Self:
        """Return the iterator itself: a second loop continues where the first one stopped."""
        return self

    def __next__(self) -> Event:
        """Wait for the next event and return it. Raises JobEventsError if following cannot continue."""
        return next(self._events)

    def __enter__(self) -> Self:
        """Return this object."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    @property
    def next_start(self) -> int:
        """The `start` with which another `follow` continues after the latest event; 0 for the job's first one.

        For a plan this concerns the plan's own events.
        """
        return self._next_start or 0

    def close(self) -> None:
        """Stop following and close the connections. It does not touch the job."""
        self._events.close()
        self._client.close()

    def _follow(self) -> Generator[Event, None, None]:
        try:
            yield from self._all_events()
        finally:
            self._client.close()

    def _all_events(self) -> Iterator[Event]:
        """The events of the job or plan, and of the jobs that the plan starts."""
        number = 0
        due: list[tuple[float, int, JobRef, Iterator[Update | Wait]]] = []
        known: set[JobRef] = set()

        def start(ref: JobRef, follower: Follower) -> None:
            nonlocal number
            if ref not in known:
                known.add(ref)
                number += 1
                heappush(due, (time.monotonic(), number, ref, self._steps(follower)))

        start(self._ref, self._follower)
        while due:
            at, order, ref, steps = heappop(due)
            time.sleep(max(0.0, at - time.monotonic()))
            for step in steps:
                if isinstance(step, Wait):
                    heappush(due, (time.monotonic() + step.seconds, order, ref, steps))
                    break
                for child in self._children(step):
                    start(child, self._new_follower(child))
                yield from self._events_of(step)
            if self._with_jobs:
                jobs_run = any(other.kind is Kind.JOB for *_, other, _ in due)
                self._follower.jobs_running(time.monotonic(), are_running=jobs_run)

    def _steps(self, follower: Follower) -> Iterator[Update | Wait]:
        """The steps of *follower*. A job of a plan that cannot be read ends without an error."""
        try:
            yield from tail(self._client, follower, clock=time.monotonic)
        except (AccessDenied, RequestRefused) as error:
            if follower is self._follower or isinstance(error, TokenRefused):
                raise
            self.unread.append(error)

    def _children(self, update: Update) -> Iterator[JobRef]:
        """The jobs that a plan's *update* names."""
        if self._with_jobs and update.ref == self._ref:
            for event in update.events:
                if event.child_job is not None:
                    yield JobRef.job(event.child_job)
            if isinstance(update.job, Plan):
                yield from map(JobRef.job, sorted(update.job.child_states))

    def _events_of(self, update: Update) -> Iterator[Event]:
        """The events of *update*; `job`, `next_start` and `outcome` follow them."""
        is_own = update.ref == self._ref
        for count, event in enumerate(update.events, 1):
            self.job = str(update.ref)
            if is_own:
                self._next_start = update.next_start_after(count)
            yield event
        if is_own:
            self._next_start = update.next_start or self._next_start
            if update.ending:
                self.outcome = update.ending.outcome


@dataclass(frozen=True, slots=True)
class JobWithNodes:
    """What `show` returns."""

    job: Job
    """The job; a `Plan` for a plan."""
    nodes: tuple[Node, ...] = ()
    """The job's nodes. A plan has none of its own."""
    jobs: tuple["JobWithNodes", ...] = ()
    """The jobs that the plan started."""


def follow(
    job: int | str,
    *,
    start: int | None = None,
    interval: float = 1.0,
    retry_for: float = 300.0,
    with_jobs: bool = True,
    url: str | None = None,
    token: str | None = None,
    token_file: str | None = None,
    cacert: str | None = None,
    profile: str | None = None,
) -> Following:
    """Follow *job* until it ends, event by event: `352`, `"352"` or, for a plan, `"plan/12"`.

    *start*: the id of the first event; for a plan this needs `with_jobs=False`. *interval*: seconds between
    two polls. *retry_for*: seconds that an outage may last. *with_jobs*: for a plan, follow the jobs that it starts
    too; `Following.job` says which one an event belongs to. *url*, *token*, *token_file*, *cacert*
    and *profile* are looked up as on the command line if they are left out.

    An `Event` has `id`, `type`, `node`, `message`, `timestamp` (text), `time` (datetime), `detail`, and `raw`, the
    object as the orchestrator sent it.

    Raises UsageProblem at once if the settings or *job* cannot be used, and AccessDenied if there is no token. While
    following: AccessDenied, RequestRefused (UnknownJob for a job that does not exist) and NoUsableAnswer. A job that
    failed is not an error: see `Following.outcome`.
    """
    client = Orchestrator(_configuration(url, token, token_file, cacert, profile).orchestrator)
    ref = _ref(job, client.host)
    if not interval >= _SHORTEST_INTERVAL:
        raise UsageProblem(f"interval must be at least {_SHORTEST_INTERVAL} seconds, not {interval}")
    if not retry_for >= 0:
        raise UsageProblem(f"retry_for must be at least 0 seconds, not {retry_for}")
    if start is not None and as_id(start) != start:
        raise UsageProblem(f"start must be the id of an event, an integer, not {start!r}")
    is_plan_with_jobs = ref.kind is Kind.PLAN and with_jobs
    if is_plan_with_jobs and start is not None:
        raise UsageProblem("start and with_jobs contradict each other: the ids of a plan and of its jobs differ")

    def new_follower(of: JobRef) -> Follower:
        first = start if of == ref else None
        return Follower(ref=of, sample=random.random, start=first, interval=interval, retry_for=retry_for)

    return Following(client, ref, new_follower, with_jobs=is_plan_with_jobs)


def jobs(
    limit: int = 20,
    *,
    plans: bool = False,
    state: str | None = None,
    job_type: str | None = None,
    owner: str | None = None,
    environment: str | None = None,
    url: str | None = None,
    token: str | None = None,
    token_file: str | None = None,
    cacert: str | None = None,
    profile: str | None = None,
) -> list[Job]:
    """Return the newest jobs, at most *limit* of them; with *plans*, the newest plans.

    *state*, *job_type*, *owner* and *environment* choose among them. The other arguments and the errors are those of
    `follow`; a request that fails is repeated for 5 s.
    """
    if limit < 0:
        raise UsageProblem(f"limit must be at least 0, not {limit}")
    if plans and job_type:
        raise UsageProblem("plans and job_type contradict each other: plans have no type")
    client = Orchestrator(_configuration(url, token, token_file, cacert, profile).orchestrator)
    wanted = Wanted(state, job_type, owner, environment)

    def found() -> list[Job]:
        return list(islice(recent_plans(client, wanted) if plans else recent_jobs(client, wanted), limit))

    return _fetched(client, found)


def show(
    job: int | str,
    *,
    url: str | None = None,
    token: str | None = None,
    token_file: str | None = None,
    cacert: str | None = None,
    profile: str | None = None,
) -> JobWithNodes:
    """Return *job* (written as for `follow`) and its nodes as they are now; a plan with the jobs that it started.

    The other arguments and the errors are those of `follow`; a request that fails is repeated for 5 s.
    """
    client = Orchestrator(_configuration(url, token, token_file, cacert, profile).orchestrator)
    ref = _ref(job, client.host)
    return _fetched(client, lambda: _shown(client, ref))


def why(
    job: int | str,
    *,
    url: str | None = None,
    token: str | None = None,
    token_file: str | None = None,
    cacert: str | None = None,
    profile: str | None = None,
) -> Explanation:
    """Return what went wrong in *job* (written as for `follow`), grouped by cause; a plan with all of its jobs.

    The reports of failed runs come from PuppetDB. Without it the causes are those that the orchestrator knows, and
    `Explanation.notices` says what is missing. Log lines can contain secrets. The other arguments and the
    errors are those of `follow`; a request that fails is repeated for 5 s.
    """
    configuration = _configuration(url, token, token_file, cacert, profile)
    client = Orchestrator(configuration.orchestrator)
    try:
        puppetdb = PuppetdbClient(configuration.puppetdb)
    except (UsageProblem, AccessDenied) as error:
        puppetdb = PuppetdbClient((), error)
    with closing(Loop(signals=False)) as loop, closing(client), closing(puppetdb):
        return loop.run(explain(client, puppetdb, _ref(job, client.host)))


def _shown(client: Orchestrator, ref: JobRef) -> JobWithNodes:
    job = client.job(ref)
    if isinstance(job, Plan):
        return JobWithNodes(job, jobs=tuple(_child(client, *child) for child in sorted(job.child_states.items())))
    pages = nodes_of(client, ref.number, job.node_count)
    return JobWithNodes(job, tuple(node for page in pages for node in page))


def _child(client: Orchestrator, number: int, state: str) -> JobWithNodes:
    """One of a plan's jobs. If it cannot be read, only what the plan says about it."""
    try:
        return _shown(client, JobRef.job(number))
    except (AccessDenied, RequestRefused):
        return JobWithNodes(Job({"name": str(number), "state": state}))


def _configuration(
    url: str | None, token: str | None, token_file: str | None, cacert: str | None, profile: str | None
) -> Configuration:
    return Configuration({"url": url, "token-file": token_file, "cacert": cacert, "profile": profile}, token=token)


def _ref(job: int | str, host: str) -> JobRef:
    try:
        named = parse_job(str(job))
    except ValueError:
        raise UsageProblem(f"{job!r} is not a job: give its id, such as 352, or 'plan/12' for a plan") from None
    if named.host not in (None, host):
        raise UsageProblem(f"{job!r} is on {named.host}, but the orchestrator that is configured is {host}")
    return named.ref


def _fetched(client: Orchestrator, request: Callable[[], Item]) -> Item:
    """What *request* returns. If it fails it is repeated for 5 s. Closes the connections at the end."""
    budget = RetryBudget(FIRST_CONTACT_FOR, random.random)
    try:
        for item in retried(lambda: iter([request()]), budget, clock=time.monotonic):
            if not isinstance(item, Wait):
                return item
            time.sleep(item.seconds)
    finally:
        client.close()
    raise AssertionError("a request that ends without an error returns something")
