"""The values that the follower gives out: the next request, what an answer brought, where to continue."""

from collections.abc import Callable
from dataclasses import dataclass, field

from jobevents_cli.following.position import Cursor
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.outcome import Ending


@dataclass(slots=True)
class Update:
    """What came of one step of following *job_id*."""

    job_id: int
    events: list[Event] = field(default_factory=list)
    lines: list[bytes | None] = field(default_factory=list)
    """For each event what is to be printed of it, once it is rendered."""
    notices: list[str] = field(default_factory=list)
    is_page_end: bool = False
    job: Job | None = None
    cursor: Cursor | None = None
    is_lost: bool = False
    contact: str | None = None
    """That contact was lost or is back, for the reader."""
    ending: Ending | None = None


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
