"""`jobevents jobs`: the recent jobs or plans, newest first."""

import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.help_groups import HOW_IT_LOOKS, WHICH_JOBS, option_in
from jobevents_cli.commands.options import connection_options, look_options, narrowing_options, state_option
from jobevents_cli.commands.value_types import WholeNumber
from jobevents_cli.exit_status import ExitStatus

if TYPE_CHECKING:
    from jobevents_cli.model.job import Job


@click.command(
    "jobs",
    cls=ConfiguredCommand,
    short_help="List recent jobs or plans, newest first",
    epilog="""\b
Examples:
  jobevents jobs
  jobevents jobs --state running --environment production
  jobevents jobs --plans
  jobevents jobs --limit 100 --json | jq -r 'select(.state=="failed") | .name'
""",
)
@option_in(WHICH_JOBS)("--plans", is_flag=True, help="List plan jobs instead.")
@option_in(WHICH_JOBS)(
    "--limit", metavar="N", type=WholeNumber(), default=20, show_default=True, help="At most N of the newest."
)
@state_option
@narrowing_options
@option_in(HOW_IT_LOOKS)("--json", "as_json", is_flag=True, help="JSON Lines: each job as the orchestrator sent it.")
@look_options
@connection_options
def command(*, plans: bool, limit: int, as_json: bool, **options: Any) -> int:
    """List the recent jobs: id, state, type, environment, owner, nodes by state, time.

    With --plans: the recent plan jobs, each with its jobs by state.
    """
    from msgspec import Raw

    from jobevents_cli.commands.builders import client_for, refuse_together, view_for
    from jobevents_cli.commands.job_choice import wanted_jobs
    from jobevents_cli.output.notices import say_safe
    from jobevents_cli.output.printer import print_lines
    from jobevents_cli.render.tables import jobs_table
    from jobevents_cli.runtime.job_search import recent_jobs, recent_plans
    from jobevents_cli.runtime.retry import fetch
    from jobevents_cli.store.recent_jobs import remember

    if limit < 1:
        raise click.BadParameter("at least one job is listed", param_hint="'--limit'")
    if plans:
        refuse_together("--plans", {"--job-type": options["job_type"]})
    most = min(limit, sys.maxsize)
    wanted = wanted_jobs(options)
    client = client_for(options)
    found: list[Job] = list(
        fetch(lambda: islice(recent_plans(client, wanted), most))
        if plans
        else fetch(lambda: islice(recent_jobs(client, wanted), most))
    )
    remember(client.url, found)
    if as_json:
        print_lines(Raw(job.text) for job in found)
    elif found:
        print_lines(text=jobs_table(found, view_for(options, client.server_time())))
    else:
        say_safe(f"jobevents: no {'plan' if plans else 'job'} matches")
    return ExitStatus.DONE
