"""The one record of a job that is followed."""

from collections.abc import Callable
from dataclasses import dataclass

from jobevents_cli.following.reader import EventReader
from jobevents_cli.following.update import Save
from jobevents_cli.model.job_ref import JobRef


@dataclass(frozen=True, slots=True)
class FollowedJob:
    """A job to follow: by which follower, where its cursor is kept, and from which of its last events."""

    follower: EventReader
    save: Save | None = None
    last: int | None = None
    ended: Callable[[JobRef], str | None] | None = None
    """Called with the job at its end; a sentence for the user where that went wrong."""
    close: Callable[[], None] | None = None
    """Called when the job is followed no more."""

    @property
    def ref(self) -> JobRef:
        """The job."""
        return self.follower.ref
