"""The one record of a job that is followed."""

from collections.abc import Callable
from dataclasses import dataclass

from jobevents_cli.following.follower import Follower
from jobevents_cli.following.update import Save


@dataclass(frozen=True, slots=True)
class Follow:
    """A job to follow: by which follower, where its cursor is kept, and from which of its last events."""

    job_id: int
    follower: Follower
    save: Save | None = None
    last: int | None = None
    ended: Callable[[int], str | None] | None = None
    """Called with the job's id at its end; a sentence for the user where that went wrong."""
    close: Callable[[], None] | None = None
    """Called when the job is followed no more."""
