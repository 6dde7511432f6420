"""`jobevents list`: the events there are now, once."""

from typing import Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.options import (
    EventNumber,
    complete_jobs,
    connection_options,
    filter_options,
    output_options,
    position_options,
)
from jobevents_cli.exit_status import ExitStatus


@click.command(
    "list",
    cls=ConfiguredCommand,
    epilog="""\b
Examples:
  jobevents list 352
  jobevents list 352 --type failed --type errored
  jobevents list 352 --start 1272 --json | jq -r .message
  jobevents list 352 --raw > events.json
""",
)
@click.argument("job_id", type=EventNumber(), shell_complete=complete_jobs)
@position_options
@filter_options
@output_options
@click.option("--raw", is_flag=True, help="The orchestrator's answer as it came, byte for byte.")
@click.option(
    "--exit-status/--no-exit-status",
    default=False,
    help="Whether the exit status tells how the job ended [default: no].",
)
@connection_options
def command(job_id: int, *, raw: bool, exit_status: bool, **options: Any) -> int:
    """Print the events of job JOB_ID there are now, once."""
    import random

    from jobevents_cli.commands.builders import client_for, printing_for, refuse_together
    from jobevents_cli.following.contact import ANSWER_LIMIT
    from jobevents_cli.following.snapshot import SnapshotReader
    from jobevents_cli.model.job_ref import JobRef
    from jobevents_cli.output.notices import tell
    from jobevents_cli.output.printer import Printer, Printing
    from jobevents_cli.runtime.coordinator import Coordinator
    from jobevents_cli.runtime.followed_job import FollowedJob
    from jobevents_cli.runtime.retry import print_raw

    start: int | None = options["start"]
    if raw:
        contradicting = ("as_json", "lines", "types", "nodes", "failures", "grep", "exclude", "time")
        names = {"as_json": "json", "types": "type", "nodes": "node"}
        refuse_together("--raw", {f"--{names.get(name, name)}": options[name] for name in contradicting})
    printing = printing_for(options)
    client = client_for(options)
    if raw:
        print_raw(lambda: client.raw_events(JobRef.job(job_id), start, ANSWER_LIMIT))
        if not exit_status:
            return ExitStatus.DONE
        printing = Printing(quiet=True)
    ref = JobRef.job(job_id)
    follower = SnapshotReader(
        ref=ref,
        sample=random.random,
        start=start,
        wants_outcome=exit_status,
        wants_progress=not options["as_json"],
    )
    watch = Coordinator(client, Printer(printing), tells_how_to_go_on=False)
    watch.add(FollowedJob(follower, last=options["lines"]))
    status = watch.run()
    if exit_status and not watch.all_over:
        tell(f"jobevents: job {job_id} has not ended: the exit status tells only that the list is printed")
    return status
