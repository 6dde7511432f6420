"""A simulated orchestrator with a plan and its jobs, followed as the coordinator does, without threads."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.position import Cursor
from jobevents_cli.following.update import Update, Wait
from jobevents_cli.following2.page import Page
from jobevents_cli.model.event import event_of
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.plan import Plan
from jobevents_cli.runtime.loop import tail
from jobevents_cli.runtime.plan_jobs import PlanJobs
from jobevents_cli.state.plan_cursor import PlanCursor

PLAN = JobRef.plan(12)
MOST_REQUESTS = 5000


@dataclass
class Scripted:
    """The events of a plan or job, each with the time at which it becomes visible, and the state after the end."""

    events_at: list[tuple[float, dict[str, Any]]]
    ends_at: float
    final_state: str
    begins_at: float = 0.0


@dataclass
class PlanWorld:
    """A plan, its jobs, a clock, and what befalls each request. Refuses to be asked for ever."""

    scripts: dict[JobRef, Scripted]
    now: float = 100.0
    latency: float = 0.01
    faults: dict[int, JobEventsError] = field(default_factory=dict)
    requests: int = 0

    def clock(self) -> float:
        """The time."""
        return self.now

    def events(self, ref: JobRef, start: int | None) -> Page:
        """The events visible now."""
        fault = self._request()
        if fault:
            raise fault
        least = -1 if start is None else start
        page = [event for at, event in self.scripts[ref].events_at if at <= self.now and int(event["id"]) >= least]
        page.sort(key=lambda event: int(event["id"]))
        return Page([event_of(event) for event in page])

    def job(self, ref: JobRef) -> Job:
        """The plan or job as it is now."""
        fault = self._request()
        if fault:
            raise fault
        script = self.scripts[ref]
        state = script.final_state if self.now >= script.ends_at else "running"
        if ref.kind is Kind.JOB:
            return Job({"name": str(ref.number), "state": state})
        begun = {job: each for job, each in self.scripts.items() if job != ref and self.now >= each.begins_at}
        status = {
            str(job.number): ["running", *([each.final_state] if self.now >= each.ends_at else [])]
            for job, each in begun.items()
        }
        return Plan({"name": str(ref.number), "state": state, "status": status})

    def _request(self) -> JobEventsError | None:
        self.requests += 1
        assert self.requests < MOST_REQUESTS, "the followers go on asking for ever"
        self.now += self.latency
        return self.faults.get(self.requests)


@dataclass
class PlanFollowed:
    """What came of following a plan: its events and those of its jobs in the order printed, and the end."""

    printed: list[tuple[JobRef, int | None]] = field(default_factory=list)
    kept: PlanCursor | None = None
    outcome: Outcome | None = None
    failed: list[int] = field(default_factory=list)


@dataclass
class _Record:
    follower: Follower
    steps: Iterator[Update | Wait]
    due: float
    has_ended: bool = False


class _Run:
    """One run of the program, from its start to its end or until it is killed."""

    def __init__(self, world: PlanWorld, kept: PlanCursor | None, sample: float) -> None:
        self.world = world
        self.sample = sample
        self.followed = PlanFollowed(kept=kept)
        self.updates = 0
        plan = self.record(PLAN, kept.plan if kept else None)
        self.jobs = PlanJobs(PLAN, plan.follower.cursor, kept=kept, save=self.save)
        self.records = {PLAN: plan}
        self.join(JobRef.job(number) for number in sorted(self.jobs.open))

    def save(self, cursor: PlanCursor) -> None:
        self.followed.kept = cursor

    def record(self, ref: JobRef, cursor: Cursor | None) -> _Record:
        follower = Follower(ref=ref, sample=lambda: self.sample, cursor=cursor, retry_for=3600, job_first=ref == PLAN)
        steps = tail(self.world, follower, clock=self.world.clock, with_cursor=True)
        return _Record(follower, steps, self.world.now)

    def join(self, refs: Iterable[JobRef]) -> None:
        self.records.update((ref, self.record(ref, self.jobs.cursor_of(ref.number))) for ref in list(refs))

    def step(self) -> Update | None:
        """The next update, if what is due next brings one."""
        ref, current = min(
            ((ref, each) for ref, each in self.records.items() if not each.has_ended), key=lambda entry: entry[1].due
        )
        self.world.now = max(self.world.now, current.due)
        if ref == PLAN and (self.jobs.open or self.jobs.ended):
            current.follower.jobs_running(self.world.now, are_running=bool(self.jobs.open))
        step = next(current.steps, None)
        current.has_ended = step is None
        current.due = self.world.now + (step.seconds if isinstance(step, Wait) else 0.0)
        return step if isinstance(step, Update) else None

    def print(self, update: Update) -> None:
        """Print *update* and commit all cursors."""
        ref = update.ref
        if ref == PLAN:
            self.join(self.jobs.joining(update))
        self.followed.printed += [(ref, event.id) for event in update.events]
        if update.cursor:
            self.jobs.keep(ref, update.cursor)
        self.jobs.commit()
        if update.ending and ref == PLAN:
            self.followed.outcome = update.ending.outcome
        elif update.ending:
            self.jobs.ended[ref.number] = update.ending.outcome
            self.jobs.leave(ref.number, is_done=True)
            self.jobs.commit()


def follow_plan(
    world: PlanWorld, kept: PlanCursor | None = None, *, stop_after: int | None = None, sample: float = 0.5
) -> PlanFollowed:
    """Follow the plan in *world* and its jobs to their end, or as if killed when *stop_after* updates were printed."""
    run = _Run(world, kept, sample)
    while any(not record.has_ended for record in run.records.values()):
        update = run.step()
        if update is None:
            continue
        if run.updates == stop_after:
            break
        run.updates += 1
        run.print(update)
    run.followed.failed = [number for number, outcome in run.jobs.ended.items() if outcome]
    return run.followed
