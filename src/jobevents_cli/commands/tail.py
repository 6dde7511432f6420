"""`jobevents tail`: a job's events so far, then all that come until it ends; of one job, of several, of all."""

from typing import Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.options import (
    Duration,
    EventNumber,
    Seconds,
    choice_options,
    complete_jobs,
    connection_options,
    filter_options,
    output_options,
    position_options,
)
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.model.job_ref import JobRef


@click.command(
    "tail",
    cls=ConfiguredCommand,
    epilog="""\b
Examples:
  jobevents tail 352                            follow job 352; exit as it ends
  jobevents tail 352 --failures --timeout 30m   what goes wrong, for half an hour
  jobevents tail 352 -q && echo deployed        the exit status alone
  jobevents tail 352 --json | jq -r 'select(.type=="node_failed") | .details.node'
  jobevents tail --latest --owner jane          the job that jane started last
  jobevents tail --all --resume --json          all jobs, for ever, each event once
""",
)
@click.argument("job_ids", metavar="[JOB_ID]...", type=EventNumber(), nargs=-1, shell_complete=complete_jobs)
@click.option(
    "--all", "all_jobs", is_flag=True, help="Follow every job that is running, and those that start meanwhile."
)
@click.option("--latest", is_flag=True, help="Follow the most recent job.")
@choice_options
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
@click.option("--wait", metavar="DURATION", type=Duration(), default=0.0, help="Wait so long for a job to appear.")
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
@click.option(
    "--progress/--no-progress",
    default=True,
    help="The live footer [default: only where the output is a terminal].",
)
@connection_options
def command(
    job_ids: tuple[int, ...],
    *,
    all_jobs: bool,
    latest: bool,
    quiet: bool,
    timeout: float | None,
    fail_fast: bool,
    exit_status: bool,
    progress: bool,
    **options: Any,
) -> int:
    """Print the events of job JOB_ID so far, then follow it until it ends.

    Several jobs are followed at once, each line with its job's id before it. Following only looks: neither Ctrl-C
    nor --timeout touches the job itself.
    """
    from functools import partial

    from jobevents_cli.commands.builders import client_for, printing_for, refuse_together, wanted_jobs
    from jobevents_cli.commands.job_choice import no_job_named
    from jobevents_cli.orchestrator.job_search import latest_job
    from jobevents_cli.output.printer import Printer
    from jobevents_cli.runtime.coordinator import Coordinator
    from jobevents_cli.runtime.new_jobs import AllJobs, Manner, follow
    from jobevents_cli.runtime.retry import fetch
    from jobevents_cli.state.cursor_file import CursorFolder
    from jobevents_cli.state.job_cache import remember

    if not (job_ids or all_jobs or latest):
        raise no_job_named("tail", options)
    if [bool(job_ids), all_jobs, latest].count(True) != 1:
        raise click.UsageError("give the ids of jobs, or --all, or --latest")
    if options["resume"]:
        refuse_together("--resume", {"--start": options["start"]})
    wanted = wanted_jobs(options, allowed=all_jobs or latest)
    printing = printing_for(
        options,
        quiet=quiet,
        progress=progress,
        several=all_jobs or len(set(job_ids)) > 1,
        waits_for_jobs=all_jobs,
    )
    client = client_for(options)
    manner = Manner(
        start=options["start"],
        last=options["lines"],
        interval=options["interval"],
        retry_for=options["retry_for"],
        wait_for=options["wait"],
        job_first=printing.footer,
    )
    folder = CursorFolder(client.url) if options["resume"] else None
    watch = Coordinator(
        client, Printer(printing, client.server_time), fail_fast=fail_fast, seen=partial(remember, client.url)
    )
    if all_jobs:
        watch.find(AllJobs(client, wanted, manner, folder))
    if latest:
        job_ids = tuple(job.number for job in fetch(lambda: latest_job(client, wanted)) if job.number is not None)
    for job_id in job_ids:
        watch.add(follow(JobRef.job(job_id), manner, folder))
    status = watch.run(timeout=timeout)
    return status if exit_status else ExitStatus.DONE
