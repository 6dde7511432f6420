"""`jobevents tail`: the job's events so far, then all that come until it ends."""

from typing import Any

import click

from jobevents_cli.commands.options import (
    Duration,
    EventNumber,
    Seconds,
    connection_options,
    filter_options,
    output_options,
    position_options,
)
from jobevents_cli.exit_status import ExitStatus


@click.command(
    "tail",
    epilog="""\b
Examples:
  jobevents tail 352                            follow job 352; exit as it ends
  jobevents tail 352 --failures --timeout 30m   what goes wrong, for half an hour
  jobevents tail 352 -q && echo deployed        the exit status alone
  jobevents tail 352 --json | jq -r 'select(.type=="node_failed") | .details.node'
""",
)
@click.argument("job_id", type=EventNumber())
@position_options
@filter_options
@output_options
@click.option("-q", "--quiet", is_flag=True, help="No events, no progress: the exit status alone.")
@click.option(
    "--interval",
    metavar="SECONDS",
    type=Seconds(0.1),
    default=1.0,
    show_default="1",
    help="Time between polls, at least 0.1; up to 5 times that while nothing happens.",
)
@click.option(
    "--timeout",
    metavar="DURATION",
    type=Duration(),
    help="Give up following after this time: 90, 90s, 15m, 2h.",
)
@click.option(
    "--retry-for",
    metavar="DURATION",
    type=Duration(),
    default=300.0,
    show_default="5m",
    help="How long an outage may last before giving up; 0: no retry.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on after the last event that an earlier `tail --resume` of this job printed.",
)
@click.option("--fail-fast", is_flag=True, help="Stop following at the first node that failed or errored (exit 3).")
@click.option(
    "--exit-status/--no-exit-status",
    default=True,
    help="Whether the exit status tells how the job ended [default: yes].",
)
@connection_options
def command(
    job_id: int,
    *,
    quiet: bool,
    interval: float,
    timeout: float | None,
    retry_for: float,
    resume: bool,
    fail_fast: bool,
    exit_status: bool,
    **options: Any,
) -> int:
    """Print the events of job JOB_ID so far, then follow it until it ends.

    Following only looks: neither Ctrl-C nor --timeout touches the job itself.
    """
    import random
    from dataclasses import replace

    from jobevents_cli.commands.parts import client_for, printing_for, refuse_together
    from jobevents_cli.cursor_file import CursorFile
    from jobevents_cli.follower import Follower
    from jobevents_cli.watching import print_events

    start: int | None = options["start"]
    if resume:
        refuse_together("--resume", {"--start": start})
    printing = printing_for(options, quiet=quiet)
    client = client_for(options)
    cursor_file = CursorFile(client.url, job_id) if resume else None
    cursor = cursor_file.load() if cursor_file else None
    if cursor:
        printing = replace(printing, last=None)  # what came meanwhile is what --resume is for
    follower = Follower(sample=random.random, start=start, cursor=cursor, interval=interval, retry_for=retry_for)
    ending = print_events(
        client,
        job_id,
        follower,
        printing,
        timeout=timeout,
        fail_fast=fail_fast,
        save=cursor_file.save if cursor_file else None,
    )
    if not exit_status:
        return ExitStatus.DONE
    return ending.outcome.status if ending and ending.outcome is not None else ExitStatus.NODES_FAILED
