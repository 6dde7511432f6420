"""jobevents for Python programs: the commands `tail`, `jobs`, `show`, `why` and `changes` as functions."""

import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.clients.puppetdb import PuppetdbClient
from jobevents_cli.config.configuration import Configuration
from jobevents_cli.errors import AccessDenied, RequestRefused, UsageProblem
from jobevents_cli.following.follower import Follower
from jobevents_cli.model.durations import parse_duration
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind, parse_job
from jobevents_cli.model.json_values import as_id
from jobevents_cli.model.node import Node
from jobevents_cli.model.plan import Plan
from jobevents_cli.runtime.job_search import Wanted, read_nodes, recent
from jobevents_cli.runtime.loop import Loop, Requests
from jobevents_cli.runtime.retrying import retried
from jobevents_cli.tail.following import Following
from jobevents_cli.why.changes import Changes
from jobevents_cli.why.changes import changes as changes_of
from jobevents_cli.why.explain import explain
from jobevents_cli.why.explanation import Explanation

_SHORTEST_INTERVAL: Final = 0.1

Item = TypeVar("Item")


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
    interval: float | str = 1.0,
    retry_for: float | str = 300.0,
    timeout: float | str | None = None,
    with_jobs: bool = True,
    url: str | None = None,
    token: str | None = None,
    token_file: str | None = None,
    cacert: str | None = None,
    profile: str | None = None,
) -> Following:
    """Follow *job* until it ends, event by event: `352`, `"352"` or, for a plan, `"plan/12"`.

    *start*: the id of the first event; for a plan this needs `with_jobs=False`. *interval*: seconds between
    two polls. *retry_for*: how long an outage may last. *timeout*: how long to follow. These are seconds, or
    durations such as "5m". *with_jobs*: for a plan, follow the jobs that it starts
    too; `Following.job` says which one an event belongs to. *url*, *token*, *token_file*, *cacert*
    and *profile* are looked up as on the command line if they are left out.

    An `Event` has `id`, `type`, `node`, `message`, `timestamp` (text), `time` (datetime), `detail`, and `raw`, the
    object as the orchestrator sent it.

    Raises UsageProblem at once if the settings or *job* cannot be used, and AccessDenied if there is no token. While
    following: AccessDenied, RequestRefused (UnknownJob for a job that does not exist), NoUsableAnswer, and TimedOut
    once *timeout* is over. A job that failed is not an error: see `Following.outcome`.
    """
    client = Orchestrator(_configuration(url, token, token_file, cacert, profile).orchestrator)
    ref = _ref(job, client.host)
    between, patience = _seconds("interval", interval), _seconds("retry_for", retry_for)
    if between < _SHORTEST_INTERVAL:
        raise UsageProblem(f"interval must be at least {_SHORTEST_INTERVAL} seconds, not {interval}")
    if start is not None and as_id(start) != start:
        raise UsageProblem(f"start must be the id of an event, an integer, not {start!r}")
    is_plan_with_jobs = ref.kind is Kind.PLAN and with_jobs
    if is_plan_with_jobs and start is not None:
        raise UsageProblem("start and with_jobs contradict each other: the ids of a plan and of its jobs differ")

    def new_follower(of: JobRef) -> Follower:
        first = start if of == ref else None
        return Follower(of, sample=random.random, start=first, interval=between, retry_for=patience)

    limit = None if timeout is None else _seconds("timeout", timeout)
    return Following(client, ref, new_follower, with_jobs=is_plan_with_jobs, timeout=limit)


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

    if plans:
        return [*_run(client, recent(client.plans, wanted, limit))]
    return _run(client, recent(client.jobs, wanted, limit))


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
    return _run(client, _shown(client, ref))


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
    return _explained(job, _configuration(url, token, token_file, cacert, profile), explain)


def changes(
    job: int | str,
    *,
    url: str | None = None,
    token: str | None = None,
    token_file: str | None = None,
    cacert: str | None = None,
    profile: str | None = None,
) -> Changes:
    """Return what the Puppet runs of *job* (written as for `follow`) changed, or in a noop run would change.

    PuppetDB says so: NoUsableAnswer, or one of its kinds, if it cannot be queried. Values can contain secrets. The
    other arguments and the errors are those of `follow`; a request that fails is repeated for 5 s.
    """
    return _explained(job, _configuration(url, token, token_file, cacert, profile), changes_of)


def _explained(
    job: int | str,
    configuration: Configuration,
    explanation: Callable[[Orchestrator, PuppetdbClient, JobRef], Requests[Item]],
) -> Item:
    client = Orchestrator(configuration.orchestrator)
    try:
        puppetdb = PuppetdbClient(configuration.puppetdb)
    except (UsageProblem, AccessDenied) as error:
        puppetdb = PuppetdbClient((), error)
    with closing(Loop(signals=False)) as loop, closing(client), closing(puppetdb):
        return loop.run(explanation(client, puppetdb, _ref(job, client.host)))


def _shown(client: Orchestrator, ref: JobRef) -> Requests[JobWithNodes]:
    job = yield from retried(partial(client.job, ref))
    if isinstance(job, Plan):
        children = []
        for number, state in sorted(job.child_states.items()):
            children.append((yield from _child(client, number, state)))
        return JobWithNodes(job, jobs=tuple(children))
    nodes: list[Node] = []
    yield from read_nodes(client.nodes, ref.number, job.node_count, nodes.extend)
    return JobWithNodes(job, tuple(nodes))


def _child(client: Orchestrator, number: int, state: str) -> Requests[JobWithNodes]:
    """One of a plan's jobs. If it cannot be read, only what the plan says about it."""
    try:
        return (yield from _shown(client, JobRef.job(number)))
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


def _seconds(name: str, value: float | str) -> float:
    """The seconds that *value* means; UsageProblem, naming the argument, if it is no duration."""
    try:
        seconds = parse_duration(value) if isinstance(value, str) else float(value)
    except (ValueError, TypeError) as error:
        raise UsageProblem(f"{name}: {error}") from None
    if not seconds >= 0:
        raise UsageProblem(f"{name} must be at least 0 seconds, not {value}")
    return seconds


def _run(client: Orchestrator, requests: Requests[Item]) -> Item:
    """What *requests* return. Closes the connections at the end."""
    loop = Loop(signals=False)
    try:
        return loop.run(requests)
    finally:
        loop.close()
        client.close()
