"""A simulated orchestrator and clock: hours pass in milliseconds, and every fault comes when it is told to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import floor
from typing import Any

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.notices import Notice
from jobevents_cli.following.page import Page
from jobevents_cli.following.printed import Saved
from jobevents_cli.following.schedule import Stream
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.outcome import Ending
from jobevents_cli.model.plan import Plan
from support.events import event_of

JOB = JobRef.job(352)
PLAN = JobRef.plan(12)
EPOCH = 1_800_000_000.0
"""The server's clock when the follower's shows 0."""


def timestamp(at: float) -> str:
    """The moment *at* of the follower's clock as the server writes it: in whole seconds."""
    return datetime.fromtimestamp(floor(EPOCH + at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def date_at(at: float) -> float:
    """The moment *at* of the follower's clock as a Date header has it."""
    return float(floor(EPOCH + at))


def raw_event(number: int | None, kind: str, node: str | None = None, *, at: float = 0.0) -> dict[str, Any]:
    """An event that happened at *at*, as an orchestrator sends it."""
    details = {"node": node} if node else {}
    value = {"type": kind, "timestamp": timestamp(at), "details": details, "message": "m"}
    return value if number is None else {**value, "id": str(number)}


def middle() -> float:
    """No jitter: the middle of what is random."""
    return 0.5


@dataclass
class Script:
    """One job or plan: its events with the times at which they become visible, and its own state."""

    events_at: list[tuple[float, dict[str, Any]]]
    over_at: float = float("inf")
    final_state: str = "finished"
    node_states: dict[str, int] | None = None
    has_finish_time: bool = True
    begins_at: float = 0.0


@dataclass
class World:
    """Jobs, a clock, and what befalls each request. Refuses to be asked for ever instead of hanging the test."""

    scripts: dict[JobRef, Script]
    inclusive: bool = True
    """`start` includes the event itself."""
    date_shift: float | None = 0.0
    """How wrong the Date of responses is; None: they have none."""
    latency: float = 0.01
    faults: dict[int, JobEventsError] = field(default_factory=dict)
    """The requests that fail, by their number."""
    now: float = 100.0
    most_requests: int = 3000
    asked: list[tuple[float, int | None]] = field(default_factory=list)
    checked: list[float] = field(default_factory=list)

    def clock(self) -> float:
        """The time."""
        return self.now

    def answer(self, ref: JobRef, stream: Stream, start: int | None) -> Page | Job:
        """Perform a request; it shows what was visible when half of the latency was over."""
        if stream is Stream.EVENTS:
            self.asked.append((self.now, start))
        else:
            self.checked.append(self.now)
        number = len(self.asked) + len(self.checked)
        assert number < self.most_requests, "the follower goes on asking for ever"
        shown_at = self.now + self.latency / 2
        self.now += self.latency
        if number in self.faults:
            raise self.faults[number]
        if stream is Stream.EVENTS:
            return self._page(ref, start, shown_at)
        return self._job(ref, shown_at)

    def _page(self, ref: JobRef, start: int | None, shown_at: float) -> Page:
        least = -1 if start is None else start if self.inclusive else start + 1
        visible = [value for at, value in self.scripts[ref].events_at if at <= shown_at]
        values = [value for value in visible if "id" not in value or int(value["id"]) >= least]
        return Page(
            [event_of(value) for value in values],
            None if self.date_shift is None else date_at(self.now + self.date_shift),
        )

    def _job(self, ref: JobRef, shown_at: float) -> Job:
        script = self.scripts[ref]
        raw: dict[str, Any] = {"name": str(ref.number), "state": "running"}
        if shown_at >= script.over_at:
            states = script.node_states
            raw |= {"state": script.final_state, "node_states": states, "node_count": sum((states or {}).values())}
            raw |= {"finished_timestamp": timestamp(script.over_at)} if script.has_finish_time else {}
        if ref.kind is Kind.JOB:
            return Job(raw)
        begun = {job: each for job, each in self.scripts.items() if job != ref and shown_at >= each.begins_at}
        raw["status"] = {
            str(job.number): ["running", *([each.final_state] if shown_at >= each.over_at else [])]
            for job, each in begun.items()
        }
        return Plan(raw)


@dataclass
class Followed:
    """What came of following: the ids in the order printed, the notices, the end, what to continue with."""

    ids: list[int | None] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    ending: Ending | None = None
    saved: Saved | None = None
    has_ended: bool = False


def step(world: World, follower: Follower) -> tuple[list[Event], Job | None] | None:
    """Make the next request of *follower*; the new events, or the job's own state. None once following has ended."""
    due = follower.next(world.now)
    if due is None:
        return None
    assert due.limit >= 1
    world.now = max(world.now, due.at)
    try:
        answer = world.answer(follower.ref, due.stream, due.start)
    except JobEventsError as fault:
        follower.receive_fault(due.stream, fault, world.now)
        return [], None
    if isinstance(answer, Page):
        return follower.receive_page(answer, world.now)[0], None
    follower.receive_job(answer, world.now)
    return [], answer


def follow(world: World, follower: Follower, *, stop_after: int | None = None) -> Followed:
    """Follow the job in *world* to its end, or until *stop_after* lines are printed: then as if killed."""
    followed = Followed(saved=follower.printed.saved())
    while (news := step(world, follower)) is not None:
        followed.notices += follower.take_notices()
        for event in news[0]:
            if len(followed.ids) == stop_after:
                return followed
            followed.ids.append(event.id)
            follower.printed.add([event])
            followed.saved = follower.printed.saved()
        followed.saved = follower.printed.saved()
    followed.ending = follower.ending
    followed.has_ended = True
    return followed


@dataclass
class PlanSaved:
    """What continues a plan and its jobs."""

    plan: Saved | None = None
    jobs: dict[int, Saved | None] = field(default_factory=dict)
    ended: dict[int, bool] = field(default_factory=dict)
    """The jobs that are over and printed, and whether each ended badly."""


@dataclass
class PlanFollowed:
    """What came of following a plan: its events and those of its jobs in the order printed, and the end."""

    printed: list[tuple[JobRef, int | None]] = field(default_factory=list)
    saved: PlanSaved = field(default_factory=PlanSaved)
    ending: Ending | None = None


def follow_plan(
    world: World,
    new_follower: Callable[[JobRef, Saved | None], Follower],
    saved: PlanSaved | None = None,
    *,
    stop_after: int | None = None,
) -> PlanFollowed:
    """Follow the plan in *world* and its jobs to their end, or as if killed when *stop_after* lines are printed."""
    kept = saved or PlanSaved()
    done = PlanFollowed(saved=kept)
    plan = new_follower(PLAN, kept.plan)
    followers = {PLAN: plan}
    followers |= {(ref := JobRef.job(number)): new_follower(ref, kept.jobs[number]) for number in kept.jobs}
    while followers:
        if kept.jobs or kept.ended:
            plan.jobs_running(world.now, are_running=bool(kept.jobs))
        follower = min(followers.values(), key=lambda each: _due_at(each, world.now))
        news = step(world, follower)
        if news is None:
            del followers[follower.ref]
            if follower is not plan:
                del kept.jobs[follower.ref.number]
                outcome = follower.ending.outcome if follower.ending else None
                kept.ended[follower.ref.number] = bool(outcome and outcome.is_bad)
            continue
        for number in _named(*news) if follower is plan else ():
            if number not in kept.jobs and number not in kept.ended:
                kept.jobs[number] = None
                followers[JobRef.job(number)] = new_follower(JobRef.job(number), None)
        for event in news[0]:
            if len(done.printed) == stop_after:
                return done
            done.printed.append((follower.ref, event.id))
            follower.printed.add([event])
            if follower is plan:
                kept.plan = follower.printed.saved()
            else:
                kept.jobs[follower.ref.number] = follower.printed.saved()
    done.ending = plan.ending
    return done


def _due_at(follower: Follower, now: float) -> float:
    due = follower.next(now)
    return due.at if due else now


def _named(events: Iterable[Event], job: Job | None) -> list[int]:
    """The jobs that a plan's *events* or its own state name."""
    named = [event.child_job for event in events]
    return [number for number in named if number is not None] + (
        list(job.child_states) if isinstance(job, Plan) else []
    )
