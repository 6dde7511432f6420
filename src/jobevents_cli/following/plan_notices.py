"""What is worth saying about a plan that runs: it waits to start, or it may be dead."""

from typing import Final

from jobevents_cli.following.notices import Notice, PlanPending, PlanSilent
from jobevents_cli.model.job import Job
from jobevents_cli.model.plan import PENDING, Plan

SILENT_FOR: Final = 600.0
"""Seconds without event and without running job after which a plan may be dead."""


class PlanNotices:
    """Watches a running plan for signs of life. Times are seconds."""

    def __init__(self) -> None:
        self._jobs_run: bool | None = None
        self._active_at: float | None = None
        self._said_pending = False
        self._said_silent = False

    def jobs_running(self, now: float, *, are_running: bool) -> bool:
        """Note at *now* whether any of the plan's jobs is running; True if the last of them has just ended."""
        have_ended = self._jobs_run is True and not are_running
        if self._jobs_run or are_running:
            self.note_activity(now)
        self._jobs_run = are_running
        return have_ended

    def note_activity(self, now: float) -> None:
        """Note that the plan is alive at *now*."""
        self._active_at = now
        self._said_silent = False

    def notice(self, job: Job, now: float) -> Notice | None:
        """The notice about the plan for the user, each one once. *job* is the plan's own state at *now*."""
        if job.state == PENDING:
            said, self._said_pending = self._said_pending, True
            return None if said else PlanPending()
        runs = self._jobs_run if self._jobs_run is not None else isinstance(job, Plan) and job.has_running_jobs
        if runs or self._active_at is None:
            self.note_activity(now)
        elif now - self._active_at >= SILENT_FOR and not self._said_silent:
            self._said_silent = True
            return PlanSilent(now - self._active_at)
        return None
