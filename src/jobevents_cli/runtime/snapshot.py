"""Prints the events that a job has now, once."""

import random
import sys

from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.following.snapshot import SnapshotReader
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.orchestrator.client import OrchestratorClient
from jobevents_cli.output.capabilities import is_terminal
from jobevents_cli.output.event_printer import EventPrinter
from jobevents_cli.output.rendering import LineOptions, Renderer
from jobevents_cli.output.reporter import Reporter, ReportOptions
from jobevents_cli.runtime.coordinator import Coordinator, WatchOptions
from jobevents_cli.runtime.followed_job import FollowedJob


def print_snapshot(
    client: OrchestratorClient,
    ref: JobRef,
    lines: LineOptions,
    *,
    start: int | None,
    last: int | None,
    wants_outcome: bool,
) -> ExitStatus:
    """Print the events of *ref* as *lines* says, from id *start* on, or only the *last* ones.

    Returns DONE, or with *wants_outcome* how the job ended.
    """
    report = ReportOptions(header=is_terminal(sys.stderr) and not lines.quiet, color=lines.color)
    reader = SnapshotReader(
        ref=ref,
        sample=random.random,
        start=start,
        wants_outcome=wants_outcome,
        wants_progress=not lines.as_json,
        job_first=report.header,
    )
    reporter = Reporter(report, client.server_time)
    coordinator = Coordinator(client, EventPrinter(Renderer(lines), reporter.screen), reporter, WatchOptions())
    job = FollowedJob.by(reader)
    job.printed.last = last
    coordinator.add([job])
    status = coordinator.run()
    if wants_outcome and not coordinator.all_over:
        reporter.say(f"jobevents: {ref.label} has not ended: the exit status only says that the list was printed")
    return status
