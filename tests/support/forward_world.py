"""A simulated orchestrator, receiver and clock for `forward`: hours pass in milliseconds, and anything is killed."""

import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Any

from jobevents_cli.errors import TimedOut, TransientFault, UsageProblem
from jobevents_cli.following.page import Page
from jobevents_cli.forward.command import Ended
from jobevents_cli.forward.forward import Forward, ForwardedJob, ForwardOptions
from jobevents_cli.forward.lines import ForwardedLines
from jobevents_cli.forward.queue import Queue
from jobevents_cli.forward.report import Report, ReportOptions
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.runtime.loop import Ask, Pause, Requests, Result
from jobevents_cli.store.positions import Positions
from support.events import event_of
from support.world import date_at

URL = "https://pe.example.com:8143"


class Killed(BaseException):
    """kill -9 of forward: nothing of it runs any more."""


class Over(BaseException):
    """The story has come to its end."""


@dataclass
class Story:
    """A job: when it becomes visible, and its events with the times at which they do."""

    number: int
    created: float
    events_at: list[tuple[float, dict[str, Any]]]

    def is_over(self, now: float) -> bool:
        """Whether nothing happens any more."""
        return all(at <= now for at, _ in self.events_at)


@dataclass
class ForwardWorld:
    """Jobs, the receiver's memory, and a clock. *fault_rate* and *refusal_rate* are from 0 to 1."""

    stories: list[Story]
    chance: random.Random
    fault_rate: float = 0.0
    refusal_rate: float = 0.0
    calm_after: float = float("inf")
    """From then on nothing fails."""
    until: float = 1000.0
    now: float = 100.0
    steps_to_live: int | None = None
    taken: list[bytes] = field(default_factory=list)
    """Every line that the receiver took, also of batches that it then refused."""
    excused: set[bytes] = field(default_factory=set)
    """The lines that may arrive again: their batch was refused, or was being sent when forward was killed."""
    largest: int = 0
    said: list[str] = field(default_factory=list)

    def step(self) -> None:
        """Let something happen; Killed if it is what forward does not survive."""
        if self.steps_to_live is not None:
            self.steps_to_live -= 1
            if self.steps_to_live <= 0:
                self.steps_to_live = 0
                raise Killed
        if self.now >= self.until:
            raise Over

    def fails(self, rate: float) -> bool:
        """Whether what is tried now fails."""
        return self.now < self.calm_after and self.chance.random() < rate

    # What a client does.

    def events(self, ref: JobRef, start: int | None) -> Page:
        """The events that are visible now."""
        self._begin_request()
        story = next(story for story in self.stories if story.number == ref.number)
        page = [event for at, event in story.events_at if at <= self.now and int(event["id"]) >= (start or 0)]
        return Page([event_of(event) for event in sorted(page, key=lambda event: int(event["id"]))], date_at(self.now))

    def job(self, ref: JobRef) -> Job:
        """The job as it is now."""
        self._begin_request()
        return self._job(next(story for story in self.stories if story.number == ref.number))

    def jobs(self, count: int, offset: int) -> list[Job]:
        """The jobs that are visible now, newest first."""
        self._begin_request()
        visible = sorted((story for story in self.stories if story.created <= self.now), key=lambda one: -one.number)
        return [self._job(story) for story in visible[offset : offset + count]]

    def plans(self, _count: int, _offset: int) -> list[Job]:
        """There are no plans here."""
        return []

    def server_time(self) -> float:
        """The orchestrator's clock."""
        return date_at(self.now)

    def _begin_request(self) -> None:
        self.step()
        if self.fails(self.fault_rate):
            raise TransientFault("503")

    def _job(self, story: Story) -> Job:
        return Job({"name": str(story.number), "state": "finished" if story.is_over(self.now) else "running"})

    # One run of forward.

    def forward(self, folder: Path, queue: Queue[ForwardedJob], lines: ForwardedLines) -> None:
        """Run forward until it is killed or the story is over."""
        command = SimulatedCommand(self)
        positions = CountedPositions(self, folder)
        loop = SimulatedLoop(self)
        try:
            forward = Forward(
                loop,  # type: ignore[arg-type] # the same methods
                self,  # type: ignore[arg-type]
                command,  # type: ignore[arg-type]
                ForwardOptions(),
                queue=queue,
                positions=positions,
                lines=lines,
                report=Report("receiver", ReportOptions(), self.said.append, self.now),
                wants_status=lambda: False,
            )
            forward.run({Kind.JOB: lambda _job: True})
        except (Killed, Over):
            self.excused.update(command.under_way)
        finally:
            positions.crash()


class SimulatedLoop:
    """Does what Loop does, one step after the other, in simulated time."""

    def __init__(self, world: ForwardWorld) -> None:
        self.before_death: Callable[[], None] | None = None
        self._world = world
        self._due: list[tuple[float, float, int, Hashable, Callable[[], Result | None]]] = []
        self._count = count()
        self._dropped: dict[Hashable, int] = {}
        self._until = float("inf")

    def clock(self) -> float:
        """The time."""
        return self._world.now

    def ask(self, key: Hashable, work: Callable[[], Any], *, at: float | None = None, limit: float = 300.0) -> None:
        """Perform *work* when it is due; a run of the command takes some time."""
        assert limit > 0
        slow = key[0] == "command" and self._world.fails(1.0)  # type: ignore[index] # a Key
        duration = self._world.chance.choice([0.0, 0.3, 5.0, 70.0]) if slow else 0.0
        self._put(max(self.clock(), at or 0.0) + duration, key, partial(self._perform, key, work))

    def timer(self, key: Hashable, at: float) -> None:
        """Bring a result without value; an earlier timer of the same key is replaced."""
        self.drop(key)
        self._put(at, key, lambda: Result(key))

    def start(self, key: Hashable, generator: Requests[Any]) -> None:
        """Drive *generator*."""
        self._put(self.clock(), key, partial(self._drive, key, generator))

    def drop(self, key: Hashable) -> None:
        """Bring nothing more of *key* that was begun by now."""
        self._dropped[key] = next(self._count)

    def go_on(self, seconds: float) -> None:
        """Go on for *seconds*."""
        self._until = self.clock() + seconds

    def __next__(self) -> Result:
        while True:
            self._world.step()
            due, _, number, key, perform = heappop(self._due)
            if number < self._dropped.get(key, -1):
                continue
            self._world.now = max(self._world.now, due)
            if self._world.now >= self._until:
                raise TimedOut("over")
            if result := perform():
                return result

    def _put(self, at: float, key: Hashable, perform: Callable[[], Result | None]) -> None:
        heappush(self._due, (at, self._world.chance.random(), next(self._count), key, perform))

    def _perform(self, key: Hashable, work: Callable[[], Any]) -> Result:
        try:
            return Result(key, work())
        except Exception as error:  # noqa: BLE001 - as Loop
            return Result(key, error=error)

    def _drive(self, key: Hashable, generator: Requests[Any], answer: Result | None = None) -> Result | None:
        try:
            step = next(generator) if answer is None else _answered(generator, answer)
        except StopIteration as end:
            return Result(key, end.value)
        except Exception as error:  # noqa: BLE001 - as Loop
            return Result(key, error=error)
        assert isinstance(step, Ask)
        assert not isinstance(step, Pause)
        work = step.work
        self._put(self.clock(), key, lambda: self._drive(key, generator, self._perform(key, work)))
        return None


def _answered(generator: Requests[Any], answer: Result) -> Any:
    return generator.send(answer.value) if answer.error is None else generator.throw(answer.error)


class SimulatedCommand:
    """Takes batches, refuses some of them after it took a part, and can be killed."""

    def __init__(self, world: ForwardWorld) -> None:
        self.name = "receiver"
        self.under_way: list[bytes] = []
        self._world = world
        self._is_killed = False

    def run(self, batch: bytes) -> Ended:
        """Take the lines of *batch*, or a part of them."""
        world = self._world
        lines = batch.splitlines(keepends=True)
        world.largest = max(world.largest, len(lines))
        self.under_way = lines
        world.step()
        if self._is_killed or world.fails(world.refusal_rate):
            self._is_killed, was_killed = False, self._is_killed
            world.taken += lines[: world.chance.randint(0, len(lines))]
            world.excused.update(lines)
            return Ended(-9 if was_killed else 3, "no")
        world.taken += lines
        world.step()
        return Ended(0, "")

    def kill(self) -> None:
        """Kill the command."""
        self._is_killed = True


class CountedPositions(Positions):
    """Real positions; forward can be killed before and after they are written."""

    def __init__(self, world: ForwardWorld, folder: Path) -> None:
        super().__init__(
            "forward test",
            URL,
            lock="forward-test",
            taken=UsageProblem("taken"),
            hint="",
            synchronous="OFF",
            folder=folder,
        )
        self._world = world

    def save(self, *what: Any) -> str | None:
        """Save, unless killed before."""
        self._world.step()
        warning = super().save(*what)
        self._world.step()
        return warning

    def crash(self) -> None:
        """End as kill -9 does."""
        self._disconnect()
        self._lock.release()
