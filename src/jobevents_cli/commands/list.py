"""`jobevents list`: the events that exist now, once."""

from typing import Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.help_groups import HOW_IT_LOOKS, WHEN_IT_ENDS, option_in
from jobevents_cli.commands.job_choice import job_argument, latest_options
from jobevents_cli.commands.options import (
    connection_options,
    event_options,
    filter_options,
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
  jobevents list --latest --failures
  jobevents list 352 --type failed --type errored
  jobevents list 352 --start 1272 --json | jq -r .message
  jobevents list 352 --raw > events.json
""",
)
@job_argument()
@latest_options
@saved_option
@position_options
@filter_options
@event_options
@output_options
@option_in(HOW_IT_LOOKS)("--raw", is_flag=True, help="The orchestrator's response, byte for byte.")
@option_in(WHEN_IT_ENDS)(
    "--exit-status/--no-exit-status",
    default=False,
    help="Whether the exit status reflects how the job ended [default: no].",
)
@connection_options
def command(*, raw: bool, exit_status: bool, saved: str | None, **options: Any) -> int:
    """Print the events that JOB has now, and exit.

    JOB is a job's id, or plan/ID for a plan job.
    """
    from jobevents_cli.commands.builders import client_for, line_options, refuse_together
    from jobevents_cli.commands.job_choice import find_jobs, job_choice, no_job_named, refuse_for_plan
    from jobevents_cli.runtime.snapshot import SnapshotOptions, print_snapshot

    if raw:
        contradicting = ("as_json", "lines", "types", "nodes", "failures", "grep", "exclude", "time", "messages")
        names = {"as_json": "json", "types": "type", "nodes": "node"}
        refuse_together("--raw", {f"--{names.get(name, name)}": options[name] for name in contradicting})
    choice = job_choice(options)
    if saved is not None:
        from jobevents_cli.runtime.saved_list import print_saved
        from jobevents_cli.state.saved_events import read_saved

        refuse_together(
            "--from",
            {"--latest": choice.latest, "--latest-plan": choice.latest_plan, "--raw": raw},
        )
        status = print_saved(
            read_saved(saved),
            line_options(options, tagged=False),
            jobs=[named.ref for named in choice.named],
            start=options["start"],
            last=options["lines"],
        )
        return status if exit_status else ExitStatus.DONE
    if choice.is_empty:
        raise no_job_named("list", options)
    with_jobs = choice.has_plan and not options["no_jobs"]
    if with_jobs:
        refuse_for_plan(start=options["start"], raw=raw)
    lines = line_options(options, tagged=with_jobs, quiet=raw)
    client = client_for(options)
    (ref,) = find_jobs(choice, client)
    what = SnapshotOptions(
        start=options["start"],
        last=options["lines"],
        wants_outcome=exit_status,
        wants_progress=not options["as_json"],
        with_jobs=with_jobs,
    )
    return print_snapshot(client, ref, lines, what)
