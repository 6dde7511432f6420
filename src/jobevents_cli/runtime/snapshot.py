"""Prints the events that a job, or a plan and its jobs, have now, once."""

import random
import sys
from typing import TYPE_CHECKING, NamedTuple

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.following.snapshot import SnapshotReader
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.output.capabilities import is_terminal
from jobevents_cli.output.event_printer import EventPrinter
from jobevents_cli.output.rendering import LineOptions, Renderer
from jobevents_cli.output.reporter import Reporter, ReportOptions
from jobevents_cli.runtime.coordinator import Coordinator, CoordinatorOptions
from jobevents_cli.runtime.followed_job import FollowedJob

if TYPE_CHECKING:
    from jobevents_cli.runtime.plan_jobs import PlanJobs


class SnapshotOptions(NamedTuple):
    """What is read of a job."""

    start: int | None = None
    last: int | None = None
    """Only so many of the events are printed."""
    wants_progress: bool = True
    """Count the events, so that it is known how long each node took."""
    with_jobs: bool = False
    """Read the jobs of a plan, too."""

    def read(self, ref: JobRef, *, job_first: bool) -> FollowedJob:
        """The record of *ref*. *job_first*: request the job itself before its events."""
        job = self._read(ref, job_first=job_first or self.with_jobs)
        if self.with_jobs:
            from jobevents_cli.runtime.plan_jobs import PlanJobs

            job.children = PlanJobs(ref, job.follower.cursor)
        return job

    def follow_child(self, plan_jobs: "PlanJobs", ref: JobRef, *, is_new: bool) -> FollowedJob:  # noqa: ARG002 - the same
        """The record of *ref*, one of *plan_jobs*."""
        job = self._read(ref, job_first=False)
        job.parent = plan_jobs
        return job

    def _read(self, ref: JobRef, *, job_first: bool) -> FollowedJob:
        reader = SnapshotReader(
            ref=ref,
            sample=random.random,
            start=self.start,
            wants_progress=self.wants_progress,
            job_first=job_first,
        )
        job = FollowedJob(reader)
        job.printed.last = self.last
        return job


def print_snapshot(client: Orchestrator, ref: JobRef, lines: LineOptions, options: SnapshotOptions) -> None:
    """Print the events of *ref* that *options* choose as *lines* says."""
    has_header = is_terminal(sys.stderr) and not lines.quiet
    report = ReportOptions(header=has_header, color=lines.color, names_jobs=options.with_jobs)
    reporter = Reporter(report, client.server_time)
    last_of_all = options.last if options.with_jobs else None
    printer = EventPrinter(Renderer(lines), reporter.screen, last_of_all=last_of_all)
    coordinator = Coordinator(client, printer, reporter, CoordinatorOptions(), starter=options)
    coordinator.add([options.read(ref, job_first=has_header)])
    coordinator.run()
