"""The one record of a job that is followed."""

import random
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from jobevents_cli.following.event_reader import EventReader
from jobevents_cli.following.position import Cursor
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.output.printed_job import PrintedJob

if TYPE_CHECKING:
    from jobevents_cli.following.follower import Follower
    from jobevents_cli.runtime.plan_jobs import PlanJobs
    from jobevents_cli.state.cursor_file import CursorFolder


class CursorKeeper(Protocol):
    """Saves one job's cursor between runs."""

    def save(self, cursor: Cursor) -> str | None:
        """Save *cursor*; returns a warning if that failed."""

    def close(self) -> None:
        """Let others have the cursor."""


class FollowedJob:
    """A job that is followed: its follower, and how far it is printed."""

    def __init__(
        self,
        follower: EventReader,
        keeper: CursorKeeper | None = None,
        has_ended: Callable[[JobRef], str | None] | None = None,
    ) -> None:
        """The job that *follower* follows, its cursor kept by *keeper*.

        *has_ended* is called when nothing more of the job will be printed; it returns a warning if that failed.
        """
        self.follower = follower
        self.printed = PrintedJob(
            follower.ref,
            follower.progress,
            follower.cursor,
            next_start=follower.next_start,
            save=keeper.save if keeper else None,
        )
        self.close = keeper.close if keeper else None
        """Lets other processes have the job's cursor."""
        self.has_ended = has_ended
        self.children: PlanJobs | None = None
        """The jobs of this plan, if they are followed, too."""
        self.parent: PlanJobs | None = None
        """The jobs of the plan that started this one, if it is followed because of that."""
        self.was_seen = False
        """The job's own document was read."""

    @property
    def siblings(self) -> "PlanJobs | None":
        """The jobs that are followed and saved together with this one, if it is a plan or the job of one."""
        return self.children or self.parent

    def note_running_jobs(self, now: float) -> None:
        """If this is a plan, tell its follower at *now* whether any of its jobs is running."""
        jobs = self.children
        if jobs and (jobs.open or jobs.ended):
            self.follower.jobs_running(now, are_running=bool(jobs.open))

    @property
    def ref(self) -> JobRef:
        """The job."""
        return self.follower.ref

    @property
    def when_last_checked(self) -> str:
        """What is known of the job as the program ends, as the beginning of a sentence; empty if nothing is."""
        if not self.follower.had_contact:
            return ""
        return f"{self.ref.label.capitalize()} {'has ended' if self.is_over else 'was running when last checked'}"

    @property
    def is_over(self) -> bool:
        """Whether the job's end was seen."""
        return self.follower.has_ended


class FollowOptions(NamedTuple):
    """The options of `tail` that decide how each job is followed. Times are seconds."""

    start: int | None = None
    last: int | None = None
    """How many of the existing events are printed; None: all."""
    interval: float = 1.0
    retry_for: float = 300.0
    wait_for: float = 0.0
    job_first: bool = False
    with_jobs: bool = False
    """Follow the jobs of a plan, too."""
    cursors: "CursorFolder | None" = None
    """Where `--resume` keeps its cursors; None without `--resume`."""

    def follow(
        self, ref: JobRef, *, is_new: bool = False, has_ended: Callable[[JobRef], str | None] | None = None
    ) -> FollowedJob:
        """The record of *ref*, to be followed with these options.

        *is_new*: it started while someone followed. *has_ended*: see FollowedJob. UsageProblem if its cursor cannot
        be used.
        """
        if ref.kind is Kind.PLAN and self.with_jobs:
            return self._follow_plan(ref)
        keeper = self.cursors.cursor(ref) if self.cursors else None
        cursor = keeper.load() if keeper else None
        job = FollowedJob(self._follower(ref, cursor, job_first=self.job_first), keeper, has_ended)
        # If an earlier run printed some events, all others are printed, and so are all of a new job.
        job.printed.last = None if cursor or is_new else self.last
        return job

    def follow_child(self, plan_jobs: "PlanJobs", ref: JobRef, *, is_new: bool) -> FollowedJob:
        """The record of *ref*, one of *plan_jobs*. *is_new*: it started while someone followed."""
        cursor = plan_jobs.cursor_of(ref.number)
        job = FollowedJob(self._follower(ref, cursor, job_first=False))
        job.printed.last = None if cursor or is_new or plan_jobs.is_resumed else self.last
        job.parent = plan_jobs
        return self._saved_together(job, plan_jobs)

    def _follow_plan(self, ref: JobRef) -> FollowedJob:
        from jobevents_cli.runtime.plan_jobs import PlanJobs
        from jobevents_cli.state.plan_cursor import PlanCursorFile

        file = PlanCursorFile(self.cursors.cursor(ref)) if self.cursors else None
        kept = file.load() if file else None
        # The plan's status names the jobs that it has started already.
        follower = self._follower(ref, kept.plan if kept else None, job_first=True)
        job = FollowedJob(follower)
        job.printed.last = None if kept else self.last
        job.close = file.close if file else None
        job.children = PlanJobs(ref, follower.cursor, kept=kept, save=file.save if file else None)
        return self._saved_together(job, job.children)

    def _saved_together(self, job: FollowedJob, plan_jobs: "PlanJobs") -> FollowedJob:
        """The record *job*, its cursor kept together with those of *plan_jobs*."""
        if self.cursors:
            job.printed.save = partial(plan_jobs.keep, job.ref)
            job.printed.commit_all = plan_jobs.commit
        return job

    def _follower(self, ref: JobRef, cursor: Cursor | None, *, job_first: bool) -> "Follower":
        from jobevents_cli.following.follower import Follower

        return Follower(
            ref=ref,
            sample=random.random,
            start=self.start,
            cursor=cursor,
            interval=self.interval,
            retry_for=self.retry_for,
            wait_for=self.wait_for,
            job_first=job_first,
        )
