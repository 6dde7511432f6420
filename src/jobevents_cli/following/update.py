"""The values that the follower gives out: the next request, what an answer brought, where to continue."""

from collections.abc import Callable
from dataclasses import dataclass

from jobevents_cli.following.notices import Notice
from jobevents_cli.following.position import Cursor
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Ending


@dataclass(frozen=True, slots=True)
class Update:
    """What one step of following *ref* brought."""

    ref: JobRef
    events: tuple[Event, ...] = ()
    took: tuple[float | None, ...] = ()
    """For each event the seconds its node took, if the event ends a node whose start was seen."""
    notices: tuple[Notice, ...] = ()
    is_page_end: bool = False
    """The events that existed when the last request was made have all been given out."""
    job: Job | None = None
    """The job's own state, if this step read it."""
    cursor: Cursor | None = None
    """Where to resume once the events of this update are printed; None if that did not change."""
    is_lost: bool = False
    """There is no contact with the orchestrator now."""
    ending: Ending | None = None
    """How the job ended. The last update has it."""


Save = Callable[[Cursor], str | None]
"""Keeps a cursor; a sentence for the user where it could not."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask for the events from id *start* on (None: all), and give up after *limit* seconds without progress."""

    start: int | None
    limit: float


@dataclass(frozen=True, slots=True)
class CheckJob:
    """Ask for the job itself, and give up after *limit* seconds."""

    limit: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for *seconds*."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do; *ending* tells how the job ended."""

    ending: Ending


Step = Fetch | CheckJob | Wait | Done
