"""The jobs that a command is about: JOB, --latest, --latest-plan, and the options that narrow them down."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jobevents_cli.commands.help_groups import WHICH_JOBS, option_in
from jobevents_cli.commands.options import complete_jobs, narrowing_options, remembered_jobs, stacked, state_option
from jobevents_cli.commands.value_types import quoted
from jobevents_cli.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobevents_cli.clients.orchestrator import Orchestrator
    from jobevents_cli.model.job_ref import JobRef, NamedJob
    from jobevents_cli.runtime.job_search import Wanted

Command = TypeVar("Command", bound=Callable[..., Any])

_FAILED_STATES = ("failed", "failure")
_MOST_NAMED = 5
_FORMS = "write a job's id such as 352, plan/12 for a plan job, or its address; `jobevents jobs` lists the jobs"


class JobName(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on
    """A job's id, a plan job's, or the address of one of them."""

    name = "job"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> NamedJob:
        """The job that *value* names."""
        from jobevents_cli.model.job_ref import NamedJob, parse_job

        if isinstance(value, NamedJob):
            return value
        text = str(value)
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


def _as_tuple(_ctx: click.Context, _parameter: click.Parameter, value: NamedJob | None) -> tuple[NamedJob, ...]:
    return () if value is None else (value,)


_option = option_in(WHICH_JOBS)

latest_options = stacked(
    _option("--latest", is_flag=True, help="The newest job; the options below narrow it down."),
    _option("--latest-plan", is_flag=True, help="The newest plan job."),
    narrowing_options,
    state_option,
)

NARROWING = {
    "environment": "--environment",
    "owner": "--owner",
    "job_type": "--job-type",
    "state": "--state",
}
"""The options that narrow `--latest` and `--all` down, by the names of their values."""


class JobChoice:
    """The jobs that the command line chooses, before any request."""

    def __init__(self, named: tuple[NamedJob, ...], wanted: Wanted, *, latest: bool, latest_plan: bool) -> None:
        self.named = named
        self.wanted = wanted
        self.latest = latest
        self.latest_plan = latest_plan

    @property
    def is_empty(self) -> bool:
        """Whether no job is chosen."""
        return not (self.named or self.latest or self.latest_plan)

    @property
    def has_plan(self) -> bool:
        """Whether a plan job is chosen."""
        from jobevents_cli.model.job_ref import Kind

        return self.latest_plan or any(ref.kind is Kind.PLAN for ref, _ in self.named)


def job_choice(options: Mapping[str, Any], *, others: Mapping[str, object] | None = None) -> JobChoice:
    """The choice that *options* make: `jobs`, `latest`, `latest_plan` and those that narrow them down.

    *others* are further ways of choosing, such as `--all`, with their values. A usage error names what contradicts.
    """
    named: tuple[NamedJob, ...] = tuple(dict.fromkeys(options["jobs"]))
    ways = {
        "JOB": named,
        "--latest": options["latest"],
        "--latest-plan": options["latest_plan"],
        **(others or {}),
    }
    given = [name for name, value in ways.items() if value]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} and {given[1]} contradict each other: give one of them")
    narrowing = [option for name, option in NARROWING.items() if options.get(name) is not None]
    if narrowing and given and given[0] not in ("--latest", "--all"):
        raise click.UsageError(f"{narrowing[0]} and {given[0]} contradict each other: it narrows --latest down")
    if narrowing and not given:
        raise click.UsageError(f"{narrowing[0]} narrows --latest down: give --latest too")
    return JobChoice(named, wanted_jobs(options), latest=options["latest"], latest_plan=options["latest_plan"])


def wanted_jobs(options: Mapping[str, Any]) -> Wanted:
    """Which jobs the options that narrow a choice down leave."""
    from jobevents_cli.runtime.job_search import Wanted

    return Wanted(**{name: options.get(name) for name in NARROWING})


def no_job_named(command: str, options: Mapping[str, Any], *, failed: bool = False) -> UsageProblem:
    """The usage error for a *command* without JOB. It names the newest jobs seen lately, or only the *failed* ones."""
    known = [job for job in remembered_jobs(options) if not failed or job.state in _FAILED_STATES]
    lately = ", ".join(f"{job.ref} ({job.about})" if job.about else str(job.ref) for job in known[:_MOST_NAMED])
    kind = "failed lately" if failed else "seen lately"
    or_all = ", --latest or --all" if command == "tail" else " or --latest"
    return UsageProblem(
        f"{command} needs a job: its id such as 352, plan/12 for a plan job{or_all}",
        hint=f"{kind}: {lately}; `jobevents jobs` lists more" if lately else "`jobevents jobs` lists the jobs",
    )


def find_jobs(
    choice: JobChoice, client: Orchestrator, *, retry_for: float = math.inf, timeout: float | None = None
) -> tuple[JobRef, ...]:
    """The jobs that *choice* names, each once. The newest job is looked up; *retry_for* and *timeout*: see `fetch`.

    A usage error if an address names another host than *client* talks to. UnknownJob if there is no newest job.
    """
    from jobevents_cli.model.job_ref import JobRef
    from jobevents_cli.runtime.job_search import latest_job, latest_plan
    from jobevents_cli.runtime.retry import fetch

    for _, host in choice.named:
        if host is not None and host != client.host:
            raise UsageProblem(
                f"the job's address names {host}, but the orchestrator is {client.host}",
                hint="give only the job's id, or --url or --profile for the other orchestrator",
            )
    if choice.latest:
        jobs = fetch(lambda: latest_job(client, choice.wanted), retry_for=retry_for, timeout=timeout)
        return tuple(JobRef.job(job.number) for job in jobs if job.number is not None)
    if choice.latest_plan:
        plans = fetch(lambda: latest_plan(client), retry_for=retry_for, timeout=timeout)
        return tuple(JobRef.plan(plan.number) for plan in plans if plan.number is not None)
    return tuple(dict.fromkeys(named.ref for named in choice.named))


def refuse_for_plan(*, start: int | None, raw: bool = False) -> None:
    """A usage error if options are given that a plan takes only together with `--no-jobs`."""
    for option, is_given in (("--start", start is not None), ("--raw", raw)):
        if is_given:
            raise click.UsageError(f"{option} of a plan goes with --no-jobs: its jobs have events of their own")
