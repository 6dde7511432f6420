"""One job or plan that is followed: its follower, and the request that is under way for it."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.schedule import Stream
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import Kind
from jobevents_cli.runtime.loop import Loop, Result

_HEADER_LIMIT: Final = 2.0
"""Seconds for which events wait for the job's own document."""


class Key(NamedTuple):
    """What a result of the loop is about: a *task*, and the job or plan that it is for."""

    task: str
    ref: Any = None


class News(NamedTuple):
    """What one response brought."""

    events: Sequence[Event] = ()
    took: Sequence[float | None] = ()
    """For each event the seconds that its node took, if the event ends a node whose start was seen."""
    document: Job | None = None
    """The job's own state, if that was requested."""


NOTHING = News()


class FollowedJob:
    """A job or plan that is followed. At most one request for it is under way."""

    def __init__(self, follower: Follower) -> None:
        self.follower = follower
        self.ref = follower.ref
        self.key = Key("follow", follower.ref)
        self.is_asked = False
        """A request is scheduled or under way."""
        self._stream = Stream.EVENTS

    def ask(self, loop: Loop, client: Orchestrator) -> bool:
        """Schedule the next request; False if following has ended: see `follower.ending`.

        Call it once everything that the last response brought is printed: that is the back-pressure.
        """
        due = self.follower.next(loop.clock())
        self.is_asked = due is not None
        if due is None:
            return False
        self._stream = due.stream
        is_job = due.stream is Stream.JOB
        work = partial(client.job, self.ref) if is_job else partial(client.events, self.ref, due.start)
        # The job is requested before its events only to say what is followed: events wait for that for a moment.
        is_header = is_job and self.ref.kind is Kind.JOB and not self.follower.had_contact
        loop.ask(self.key, work, at=due.at, limit=_HEADER_LIMIT if is_header else due.limit)
        return True

    def receive(self, result: Result, now: float) -> News:
        """Take in the *result* of the request, which came at *now*. Raises its error if following cannot go on."""
        self.is_asked = False
        if result.error is not None:
            if not isinstance(result.error, JobEventsError):
                raise result.error
            self.follower.receive_fault(self._stream, result.error, now)
            return NOTHING
        if self._stream is Stream.JOB:
            self.follower.receive_job(result.value, now)
            return News(document=result.value)
        events, took = self.follower.receive_page(result.value, now)
        return News(events, took)

    @property
    def when_last_checked(self) -> str:
        """What is known of the job as the program ends, as the beginning of a sentence; empty if nothing is."""
        if not self.follower.had_contact:
            return ""
        state = "has ended" if self.follower.has_ended else "was running when last checked"
        return f"{self.ref.label.capitalize()} {state}"
