"""The one record of a job that is followed."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from jobevents_cli.following.follower import Follower
from jobevents_cli.following.position import Cursor
from jobevents_cli.following.reader import EventReader
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.output.printed_job import PrintedJob
from jobevents_cli.state.cursor_file import CursorFolder


class CursorKeeper(Protocol):
    """Keeps one job's cursor between runs."""

    def save(self, cursor: Cursor) -> str | None:
        """Keep *cursor*; a sentence for the user if that failed."""

    def close(self) -> None:
        """Let others have the cursor."""


@dataclass(slots=True)
class FollowedJob:
    """A job that is followed: what decides about it, and how far it is printed."""

    follower: EventReader
    printed: PrintedJob
    keeper: CursorKeeper | None = None
    has_ended: Callable[[JobRef], str | None] | None = None
    """Called once nothing more will be printed of the job; a sentence for the user if that failed."""
    was_seen: bool = False
    """The job's own document was read."""

    @classmethod
    def by(
        cls,
        follower: EventReader,
        keeper: CursorKeeper | None = None,
        has_ended: Callable[[JobRef], str | None] | None = None,
    ) -> "FollowedJob":
        """The job that *follower* follows, its cursor kept by *keeper*."""
        printed = PrintedJob(
            follower.ref,
            follower.progress,
            follower.cursor,
            next_start=follower.next_start,
            save=keeper.save if keeper else None,
        )
        return cls(follower, printed, keeper, has_ended)

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


@dataclass(frozen=True, slots=True)
class FollowOptions:
    """The options of `tail` that decide how each job is followed. Times are seconds."""

    start: int | None = None
    last: int | None = None
    """Of the events that exist already, only so many are printed."""
    interval: float = 1.0
    retry_for: float = 300.0
    wait_for: float = 0.0
    job_first: bool = False
    cursors: CursorFolder | None = None
    """Where `--resume` keeps its cursors; None without `--resume`."""

    def follow(
        self, ref: JobRef, *, is_new: bool = False, has_ended: Callable[[JobRef], str | None] | None = None
    ) -> FollowedJob:
        """The record of *ref*, to be followed with these options.

        *is_new*: it started while someone followed. *has_ended*: see FollowedJob. UsageProblem if its cursor cannot
        be used.
        """
        keeper = self.cursors.cursor(ref) if self.cursors else None
        cursor = keeper.load() if keeper else None
        follower = Follower(
            ref=ref,
            sample=random.random,
            start=self.start,
            cursor=cursor,
            interval=self.interval,
            retry_for=self.retry_for,
            wait_for=self.wait_for,
            job_first=self.job_first,
        )
        job = FollowedJob.by(follower, keeper, has_ended)
        # If an earlier run printed some events, all others are printed, and so are all of a new job.
        job.printed.last = None if cursor or is_new else self.last
        return job
