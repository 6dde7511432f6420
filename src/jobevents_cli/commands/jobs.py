"""`jobevents jobs`: the recent jobs, newest first."""

from itertools import islice
from typing import Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.options import EventNumber, choice_options, connection_options, output_options
from jobevents_cli.exit_status import ExitStatus


@click.command(
    "jobs",
    cls=ConfiguredCommand,
    epilog="""\b
Examples:
  jobevents jobs
  jobevents jobs --state running --environment production
  jobevents jobs --limit 100 --json | jq -r 'select(.state=="failed") | .name'
""",
)
@click.option(
    "--limit", metavar="N", type=EventNumber(), default=20, show_default="20", help="At most so many of the newest."
)
@click.option("--state", metavar="STATE", help="Only jobs in this state: running, finished, failed, stopped and so on.")
@choice_options
@output_options
@connection_options
def command(*, limit: int, as_json: bool, **options: Any) -> int:
    """List the recent jobs: id, state, type, environment, owner, nodes by state, time."""
    from jobevents_cli.commands.builders import client_for, view_for, wanted_jobs
    from jobevents_cli.orchestrator.job_search import recent_jobs
    from jobevents_cli.output.printer import print_lines
    from jobevents_cli.runtime.retry import fetch
    from jobevents_cli.state.job_cache import remember

    wanted = wanted_jobs(options)
    client = client_for(options)
    found = list(fetch(lambda: islice(recent_jobs(client, wanted), limit)))
    remember(client.url, found)
    if as_json:
        print_lines(job.raw for job in found)
        return ExitStatus.DONE
    view = view_for(options, client.server_time())
    print_lines(text=view.text(view.jobs(found)))
    return ExitStatus.DONE
