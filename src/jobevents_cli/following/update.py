"""The values that the follower returns: the next request, what a response brought, where to continue."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from jobevents_cli.following.notices import Notice
from jobevents_cli.following.position import Cursor
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Ending


class Update(NamedTuple):
    """What one step of following *ref* brought."""

    ref: JobRef
    events: Sequence[Event] = ()
    took: Sequence[float | None] = ()
    """For each event the seconds its node took, if the event ends a node whose start was seen."""
    notices: tuple[Notice, ...] = ()
    is_page_end: bool = False
    """The events that existed when the last request was made have all been returned."""
    job: Job | None = None
    """The job's own state, if this step read it and it has changed; a plan's also if it has not."""
    cursor: Cursor | None = None
    """Where to resume once the events of this update are printed; None if that did not change."""
    start: int | None = None
    """The `start` with which another follower misses none of these events; None: from the job's first event."""
    next_start: int | None = None
    """The `start` with which another follower misses nothing of what comes after these events."""
    is_lost: bool = False
    """There is no contact with the orchestrator now."""
    ending: Ending | None = None
    """How the job ended. The last update has it."""

    def next_start_after(self, count: int) -> int | None:
        """The `start` with which another follower misses nothing after the first *count* of the events."""
        if count >= len(self.events):
            return self.next_start
        ids = [event.id for event in self.events]
        reached = [self.start or 0, *(number + 1 for number in ids[:count] if number is not None)]
        rest = [number for number in ids[count:] if number is not None]
        return min(self.next_start or 0, max(reached), *rest) or None


Save = Callable[[Cursor], str | None]
"""Saves a cursor; returns a warning for the user if that failed."""


class Fetch(NamedTuple):
    """Request the events from id *start* on (None: all), and give up after *limit* seconds without progress."""

    start: int | None
    limit: float


class CheckJob(NamedTuple):
    """Request the job itself, and give up after *limit* seconds."""

    limit: float


class Wait(NamedTuple):
    """Do nothing for *seconds*."""

    seconds: float


class Done(NamedTuple):
    """Nothing is left to do; *ending* says how the job ended."""

    ending: Ending


Step = Fetch | CheckJob | Wait | Done
