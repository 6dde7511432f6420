"""A simulated orchestrator and clock: hours pass in milliseconds, and every fault comes when it is told to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.notices import Notice
from jobevents_cli.following.position import Cursor
from jobevents_cli.following.update import Wait
from jobevents_cli.following2.page import Page
from jobevents_cli.model.event import Event, event_of
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Ending
from jobevents_cli.runtime.loop import tail

JOB = JobRef.job(352)


@dataclass
class World:
    """Events with the times at which they become visible, a job, and what befalls each request.

    Refuses to be asked for ever: a follower that never ends fails its test instead of hanging it.
    """

    events_at: list[tuple[float, dict[str, Any]]]
    job_at: Callable[[float], dict[str, Any]]
    inclusive: bool = True
    latency: float = 0.01
    faults: dict[int, JobEventsError] = field(default_factory=dict)
    now: float = 100.0
    asked: list[tuple[float, int | None]] = field(default_factory=list)
    checked: list[float] = field(default_factory=list)
    requests: int = 0
    most_requests: int = 3000

    def clock(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        assert seconds >= 0, "nobody waits backwards"
        self.now += seconds

    def events(self, ref: JobRef, start: int | None) -> Page:
        """The events visible now, by their ids; or the fault of this request."""
        assert ref == JOB
        self.asked.append((self.now, start))
        fault = self._request()
        least = -1 if start is None else start if self.inclusive else start + 1
        page = [event for at, event in self.events_at if at <= self.now and _number(event) >= least]
        page.sort(key=_number)
        self.now += self.latency
        if fault:
            raise fault
        return Page([event_of(value) for value in page])

    def job(self, ref: JobRef) -> Job:
        """The job as it is now."""
        assert ref == JOB
        self.checked.append(self.now)
        fault = self._request()
        if fault:
            raise fault
        job = Job(self.job_at(self.now))
        self.now += self.latency
        return job

    def _request(self) -> JobEventsError | None:
        self.requests += 1
        assert self.requests < self.most_requests, "the follower goes on asking for ever"
        self.now += self.latency
        return self.faults.get(self.requests)


def _number(event: dict[str, Any]) -> int:
    return int(event.get("id", -1))


@dataclass
class Followed:
    """What came of following: the ids in the order printed, the events, the notices, the end."""

    ids: list[int | None] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    ending: Ending | None = None
    cursor: Cursor | None = None


def follow(world: World, follower: Follower, *, stop_after: int | None = None) -> Followed:
    """Follow the job in *world* to its end, or until *stop_after* updates were printed: then as if killed."""
    followed = Followed()
    number = 0
    for update in tail(world, follower, clock=world.clock, with_cursor=True):
        if isinstance(update, Wait):
            world.sleep(update.seconds)
            continue
        if number == stop_after:
            break
        number += 1
        followed.events += update.events
        followed.ids += [event.id for event in update.events]
        followed.notices += update.notices
        followed.cursor = update.cursor or followed.cursor
        followed.ending = update.ending
    return followed


def middle() -> float:
    """No jitter: the middle of what is random."""
    return 0.5


def event(number: int, kind: str, node: str | None = None) -> dict[str, Any]:
    """An event as an orchestrator sends it."""
    details = {"node": node} if node else {}
    return {
        "type": kind,
        "timestamp": "2026-11-23T10:00:00Z",
        "details": details,
        "message": "m",
        "id": str(number),
    }


def always(state: str, **node_states: int) -> Callable[[float], dict[str, Any]]:
    """A job that is in *state* whenever it is asked."""
    return lambda _now: {
        "state": state,
        "node_states": node_states or None,
        "node_count": sum(node_states.values()),
    }


def becomes(at: float, state: str, **node_states: int) -> Callable[[float], dict[str, Any]]:
    """A job that runs until *at* and is in *state* then."""
    over = always(state, **node_states)
    running = always("running", running=1)
    return lambda now: over(now) if now >= at else running(now)
