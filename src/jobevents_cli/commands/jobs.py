"""`jobevents jobs`: the recent jobs or plans, newest first."""

from typing import TYPE_CHECKING, Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.help_groups import HOW_IT_LOOKS, WHICH_JOBS, option_in
from jobevents_cli.commands.options import (
    ConnectionOptions,
    connection_options,
    look_options,
    narrowing_options,
    state_option,
)
from jobevents_cli.commands.value_types import WholeNumber
from jobevents_cli.exit_status import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
def command(
    *,
    connection: ConnectionOptions,
    plans: bool,
    limit: int,
    as_json: bool,
    time: str | None,
    color: str,
    **options: Any,
) -> int:
    """List the recent jobs: id, state, type, target, environment, owner, nodes by state, time.

    The target is the task or plan that ran, else the environment. With --plans: the recent plan jobs, each with its
    jobs by state.
    """
    from contextlib import closing

    from jobevents_cli.commands.builders import refuse_together, view_for
    from jobevents_cli.commands.job_choice import wanted_jobs
    from jobevents_cli.output.notices import say_safe
    from jobevents_cli.output.printer import print_pieces
    from jobevents_cli.runtime.job_search import recent
    from jobevents_cli.runtime.loop import Loop
    from jobevents_cli.show.tables import jobs_table
    from jobevents_cli.store.recent_jobs import remember

    if limit < 1:
        raise click.BadParameter("at least one job is listed", param_hint="'--limit'")
    if plans:
        refuse_together("--plans", {"--job-type": options["job_type"]})
    client = connection.client()
    list_jobs: Callable[[int, int], Sequence[Job]] = client.plans if plans else client.jobs
    with closing(Loop()) as loop:
        found = loop.run(recent(list_jobs, wanted_jobs(options), limit))
    remember(client.url, found)
    if as_json:
        print_pieces((job.text + b"\n" for job in found), is_json=True)
    elif found:
        view = view_for(time, color)
        print_pieces(view.encoded(jobs_table(found, client.server_time(), view)))
    else:
        say_safe(f"jobevents: no {'plan' if plans else 'job'} matches")
    return ExitStatus.DONE
