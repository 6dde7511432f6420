"""`jobevents tail`: prints the events so far of one, several or all jobs, and follows the jobs until they end."""

from typing import Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.help_groups import HOW_IT_LOOKS, WHEN_IT_ENDS, WHICH_EVENTS, WHICH_JOBS, option_in
from jobevents_cli.commands.job_choice import job_argument, latest_options
from jobevents_cli.commands.options import (
    connection_options,
    filter_options,
    no_jobs_option,
    output_options,
    position_options,
)
from jobevents_cli.commands.value_types import Duration, Seconds

_jobs, _events, _looks, _ends = map(option_in, (WHICH_JOBS, WHICH_EVENTS, HOW_IT_LOOKS, WHEN_IT_ENDS))


@click.command(
    "tail",
    cls=ConfiguredCommand,
    epilog="""\b
Examples:
  jobevents tail 352                       follow job 352; exit as it ends
  jobevents tail plan/12                   follow a plan and its jobs
  jobevents tail 352 --timeout 30m         for half an hour at most
  jobevents tail 352 -q && echo deployed   the exit status alone
  jobevents tail 352 --failures --json | jq -r '.details.node // empty'
  jobevents tail latest --owner jane       the newest job that jane started
  jobevents tail --all --resume --json     all jobs, each event once
""",
)
@job_argument(several=True)
@_jobs("--all", "all_jobs", is_flag=True, help="Follow every running job, and those that start later.")
@latest_options
@_jobs(
    "--wait",
    metavar="DURATION",
    type=Duration(),
    default=0.0,
    help="Wait up to DURATION for a job that does not exist yet.",
)
@position_options
@_events(
    "--resume",
    is_flag=True,
    help="Continue after the last event that an earlier `tail --resume` of this job printed.",
)
@filter_options
@no_jobs_option
@output_options
@_looks("-q", "--quiet", is_flag=True, help="Print nothing; only the exit status counts.")
@_looks(
    "--progress/--no-progress",
    default=None,
    help="Show the live footer [default: if standard output is a terminal or a file, and CI is not set].",
)
@_looks("--why", is_flag=True, help="After the end, print what `jobevents why` finds, on standard error.")
@_ends(
    "--interval",
    metavar="SECONDS",
    type=Seconds(0.1),
    default=1.0,
    show_default="1",
    help="Time between polls, at least 0.1; up to 5 times that while nothing happens.",
)
@_ends("--timeout", metavar="DURATION", type=Duration(), help="Stop following after this time: 90, 90s, 15m, 2h, 1d.")
@_ends(
    "--retry-for",
    metavar="DURATION",
    type=Duration(),
    default=300.0,
    show_default="5m",
    help="How long an outage may last; 0: do not retry.",
)
@_ends("--fail-fast", is_flag=True, help="Stop following when the first node fails or errors (exit 3).")
@connection_options
def command(
    *,
    all_jobs: bool,
    quiet: bool,
    timeout: float | None,
    fail_fast: bool,
    progress: bool | None,
    **options: Any,
) -> int:
    """Print the events of JOB so far, then follow it until it ends.

    JOB is a job's id, plan/ID for a plan job, or `latest`, the newest job, which --environment, --owner, --job-type
    and --state narrow down. Several jobs are followed at once, each line with its job's id. The exit status says how
    the job ended; of several jobs the worst counts. Following only reads: neither Ctrl-C nor --timeout changes the job.
    """
    from functools import partial

    from jobevents_cli.commands.builders import (
        client_for,
        explain_for,
        given_options,
        line_options,
        refuse_together,
        report_options,
    )
    from jobevents_cli.commands.job_choice import find_jobs, job_choice, no_job_named, refuse_for_plan
    from jobevents_cli.errors import TimedOut
    from jobevents_cli.output.lines import EventLines
    from jobevents_cli.output.stdout import Stdout
    from jobevents_cli.runtime.loop import Loop
    from jobevents_cli.store.recent_jobs import remember
    from jobevents_cli.tail.all_jobs import AllJobs
    from jobevents_cli.tail.report import Report
    from jobevents_cli.tail.resume import Resume
    from jobevents_cli.tail.tail import Tail, TailOptions

    choice = job_choice(options, all_jobs=all_jobs)
    if choice.is_empty and not all_jobs:
        raise no_job_named("tail", options)
    if all_jobs:
        refuse_together("--all", {"--state": options["state"], "--start": options["start"], "--wait": options["wait"]})
    for latest in choice.latest:
        refuse_together(latest, {"--wait": options["wait"]})
    if options["resume"]:
        refuse_together("--resume", {"--start": options["start"]})
    if quiet:
        refuse_together("--quiet", {"--why": options["why"]})
    with_jobs = choice.has_plan and not options["no_jobs"]
    if with_jobs:
        refuse_for_plan(start=options["start"])
    several = all_jobs or with_jobs or len(choice.jobs) > 1
    lines = line_options(options, tagged=several, quiet=quiet)
    given = given_options(options, all_jobs=all_jobs)
    client = client_for(options)
    report = report_options(options, given, quiet=quiet, progress=progress, several=several, waits_for_jobs=all_jobs)
    resume = Resume(client.url, all_jobs=all_jobs) if options["resume"] else None
    how = {"interval": options["interval"], "retry_for": options["retry_for"]}
    loop = Loop(deadline=timeout)
    try:
        try:
            refs = loop.run(find_jobs(choice, client, retry_for=options["retry_for"]))
        except TimedOut:
            raise TimedOut("the orchestrator did not say which job is meant before --timeout") from None
        tail = Tail(
            loop,
            client,
            EventLines(lines),
            Report(report, Stdout(loop.must_stop, begins_line=True), client.server_time),
            TailOptions(
                given=given,
                start=options["start"],
                last=options["lines"],
                wait_for=options["wait"],
                timeout=timeout,
                with_jobs=with_jobs,
                job_first=report.header or report.footer,
                fail_fast=fail_fast,
                **how,
            ),
            resume=resume,
            explain=explain_for(options, client) if options["why"] else None,
            seen=partial(remember, client.url),
            search=AllJobs(client, choice.wanted, **how, positions=resume.all if resume else None)
            if all_jobs
            else None,
        )
        return tail.run(refs)
    finally:
        loop.close()
        if resume:
            resume.close()
