"""The jobs that a command is about: JOB, `latest` among them, and the options that narrow it down."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jobevents_cli.commands.options import complete_jobs, narrowing_options, remembered_jobs, stacked, state_option
from jobevents_cli.commands.value_types import quoted
from jobevents_cli.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobevents_cli.clients.orchestrator import Orchestrator
    from jobevents_cli.model.job_ref import JobRef, NamedJob
    from jobevents_cli.runtime.job_search import Wanted
    from jobevents_cli.runtime.loop import Requests

Command = TypeVar("Command", bound=Callable[..., Any])

_FAILED_STATES = ("failed", "failure")
_MOST_NAMED = 5
_FORMS = "write a job's id such as 352, plan/12 for a plan job, its address, or latest; `jobevents jobs` lists the jobs"


class Latest(StrEnum):
    """A JOB that is looked up: the newest job, or the newest plan job."""

    JOB = "latest"
    PLAN = "plan/latest"


class JobName(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on
    """A job's id, a plan job's, the address of one of them, or one of `Latest`."""

    name = "job"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> NamedJob | Latest:
        """The job that *value* names; blanks around it are ignored."""
        from jobevents_cli.model.job_ref import NamedJob, parse_job

        if isinstance(value, NamedJob):
            return value
        text = str(value)
        if text.strip() in tuple(Latest):
            return Latest(text.strip())
        try:
            return parse_job(text)
        except ValueError:
            self.fail(f"{quoted(text)} is not a job: {_FORMS}", param, ctx)


def job_argument(*, several: bool = False) -> Callable[[Command], Command]:
    """The argument JOB, or JOB... if the command takes *several*. It may be missing: see `JobChoice`."""
    return (
        click.argument("jobs", metavar="[JOB]...", type=JobName(), nargs=-1, shell_complete=complete_jobs)
        if several
        else click.argument(
            "jobs", metavar="[JOB]", type=JobName(), required=False, shell_complete=complete_jobs, callback=_as_tuple
        )
    )


def _as_tuple(
    _ctx: click.Context, _parameter: click.Parameter, value: NamedJob | Latest | None
) -> tuple[NamedJob | Latest, ...]:
    return () if value is None else (value,)


latest_options = stacked(narrowing_options, state_option)

NARROWING = {
    "environment": "--environment",
    "owner": "--owner",
    "job_type": "--job-type",
    "state": "--state",
}
"""The options that narrow `latest` and `--all` down, by the names of their values."""


class JobChoice:
    """The jobs that the command line chooses, before any request."""

    def __init__(self, jobs: tuple[NamedJob | Latest, ...], wanted: Wanted) -> None:
        """*jobs* in the order in which they were given, each once; *wanted* narrows `latest` down."""
        self.jobs = jobs
        self.wanted = wanted

    @property
    def latest(self) -> list[Latest]:
        """Those that are to be looked up."""
        return [job for job in self.jobs if isinstance(job, Latest)]

    @property
    def refs(self) -> list[JobRef]:
        """Those that are named by number."""
        return [job.ref for job in self.jobs if not isinstance(job, Latest)]

    @property
    def is_empty(self) -> bool:
        """Whether no job is chosen."""
        return not self.jobs

    @property
    def has_plan(self) -> bool:
        """Whether a plan job is chosen."""
        from jobevents_cli.model.job_ref import Kind

        return Latest.PLAN in self.jobs or any(ref.kind is Kind.PLAN for ref in self.refs)

    def refuse_latest(self, option: str) -> None:
        """A usage error if a job is to be looked up although *option* is given."""
        for latest in self.latest:
            raise click.UsageError(f"{option} and {latest} contradict each other: give one of them")


def job_choice(options: Mapping[str, Any], *, all_jobs: bool = False) -> JobChoice:
    """The choice that *options* make: `jobs`, and those that narrow `latest` down.

    *all_jobs*: `--all` was given. A usage error names what contradicts.
    """
    jobs: tuple[NamedJob | Latest, ...] = tuple(dict.fromkeys(options["jobs"]))
    if jobs and all_jobs:
        raise click.UsageError("JOB and --all contradict each other: give one of them")
    narrowing = [option for name, option in NARROWING.items() if options.get(name) is not None]
    if narrowing and not all_jobs and Latest.JOB not in jobs:
        if jobs:
            raise click.UsageError(f"{narrowing[0]} and JOB contradict each other: it narrows `latest` down")
        raise click.UsageError(f"{narrowing[0]} narrows `latest` down: give latest as JOB")
    return JobChoice(jobs, wanted_jobs(options))


def wanted_jobs(options: Mapping[str, Any]) -> Wanted:
    """Which jobs the options that narrow a choice down leave."""
    from jobevents_cli.runtime.job_search import Wanted

    return Wanted(**{name: options.get(name) for name in NARROWING})


def no_job_named(command: str, options: Mapping[str, Any], *, failed: bool = False) -> UsageProblem:
    """The usage error for a *command* without JOB. It names the newest jobs seen lately, or only the *failed* ones."""
    known = [job for job in remembered_jobs(options["connection"]) if not failed or job.state in _FAILED_STATES]
    lately = ", ".join(f"{job.ref} ({job.about})" if job.about else str(job.ref) for job in known[:_MOST_NAMED])
    kind = "failed lately" if failed else "seen lately"
    or_all = ", latest or --all" if command == "tail" else " or latest"
    return UsageProblem(
        f"{command} needs a job: its id such as 352, plan/12 for a plan job{or_all}",
        hint=f"{kind}: {lately}; `jobevents jobs` lists more" if lately else "`jobevents jobs` lists the jobs",
    )


def find_jobs(choice: JobChoice, client: Orchestrator, *, retry_for: float = math.inf) -> Requests[list[JobRef]]:
    """Return the jobs that *choice* names, each once. The newest job is looked up; for *retry_for* see `retried`.

    A usage error if an address names another host than *client* talks to. UnknownJob if there is no newest job.
    """
    from jobevents_cli.model.job_ref import Kind
    from jobevents_cli.runtime.job_search import latest

    refs: list[JobRef] = []
    for job in choice.jobs:
        if job is Latest.JOB:
            refs.append((yield from latest(client.jobs, Kind.JOB, choice.wanted, retry_for)))
        elif job is Latest.PLAN:
            refs.append((yield from latest(client.plans, Kind.PLAN, lambda _: True, retry_for)))
        elif job.host is not None and job.host != client.host:
            raise UsageProblem(
                f"the job's address names {job.host}, but the orchestrator is {client.host}",
                hint="give only the job's id, or --url or --profile for the other orchestrator",
            )
        else:
            refs.append(job.ref)
    return list(dict.fromkeys(refs))


def refuse_for_plan(*, start: int | None) -> None:
    """A usage error if *start* is given, which a plan takes only together with `--no-jobs`."""
    if start is not None:
        raise click.UsageError("--start of a plan goes with --no-jobs: its jobs have events of their own")
