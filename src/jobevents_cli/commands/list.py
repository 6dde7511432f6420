"""`jobevents list`: the events that exist now, once."""

from typing import Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.job_choice import job_argument, latest_options
from jobevents_cli.commands.options import (
    connection_options,
    filter_options,
    no_jobs_option,
    output_options,
    position_options,
    saved_option,
)
from jobevents_cli.exit_status import ExitStatus


@click.command(
    "list",
    cls=ConfiguredCommand,
    epilog="""\b
Examples:
  jobevents list 352
  jobevents list latest --failures
  jobevents list 352 --type failed --type errored
  jobevents list 352 --start 1272 --json | jq -r .message
  jobevents list 352 --json > job-352.jsonl
""",
)
@job_argument()
@latest_options
@saved_option
@position_options
@filter_options
@no_jobs_option
@output_options
@connection_options
def command(*, saved: str | None, **options: Any) -> int:
    """Print the events that JOB has now, and exit.

    JOB is a job's id, plan/ID for a plan job, or `latest`, the newest job, which --environment, --owner, --job-type
    and --state narrow down.
    """
    import sys

    from jobevents_cli.commands.builders import client_for, line_options
    from jobevents_cli.commands.job_choice import find_jobs, job_choice, no_job_named, refuse_for_plan
    from jobevents_cli.output.lines import EventLines
    from jobevents_cli.output.terminal import is_terminal

    choice = job_choice(options)
    if saved is not None:
        from jobevents_cli.output.stderr import say
        from jobevents_cli.store.saved_events import read_saved
        from jobevents_cli.tail.saved import print_saved

        choice.refuse_latest("--from")
        lines = EventLines(line_options(options, tagged=not choice.refs))
        print_saved(read_saved(saved), lines, jobs=choice.refs, start=options["start"], last=options["lines"])
        if lines.hidden:
            say(lines.hidden)
        return ExitStatus.DONE
    from jobevents_cli.output.stdout import Stdout
    from jobevents_cli.runtime.loop import Loop
    from jobevents_cli.tail.report import Report, ReportOptions
    from jobevents_cli.tail.tail import Tail, TailOptions

    if choice.is_empty:
        raise no_job_named("list", options)
    with_jobs = choice.has_plan and not options["no_jobs"]
    if with_jobs:
        refuse_for_plan(start=options["start"])
    lines = EventLines(line_options(options, tagged=with_jobs))
    client = client_for(options)
    has_header = is_terminal(sys.stderr)
    report = ReportOptions(header=has_header, color=options["color"], names_jobs=with_jobs)
    how = TailOptions(
        start=options["start"],
        last=options["lines"],
        once=True,
        with_jobs=with_jobs,
        job_first=has_header,
        counts=not options["as_json"],
    )
    loop = Loop()
    try:
        refs = loop.run(find_jobs(choice, client))
        Tail(loop, client, lines, Report(report, Stdout(loop.must_stop), client.server_time), how).run(refs)
    finally:
        loop.close()
    return ExitStatus.DONE
