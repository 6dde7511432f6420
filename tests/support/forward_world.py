"""A simulated orchestrator, receiver and clock for `forward`: hours pass in milliseconds, and anything is killed."""

import random
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from jobevents_cli.errors import TransientFault
from jobevents_cli.following.delivered import Delivered
from jobevents_cli.following.update import Wait
from jobevents_cli.following2.page import Page
from jobevents_cli.model.event import event_of
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.plan import Plan
from jobevents_cli.render.forwarded import ForwardedLines
from jobevents_cli.runtime.deferred_signals import DeferredSignals
from jobevents_cli.runtime.forward_receiver import CommandResult
from jobevents_cli.runtime.forwarder import Arrival, Batching, Forwarder
from jobevents_cli.runtime.job_feed import JobFeed
from jobevents_cli.runtime.workers import Ended
from jobevents_cli.state.forward_position import ForwardPosition

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

    def clock(self) -> float:
        """The time."""
        return self.now

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
        """The events visible now."""
        self.step()
        if self.fails(self.fault_rate):
            raise TransientFault("cut off")
        story = next(story for story in self.stories if story.number == ref.number)
        page = [event for at, event in story.events_at if at <= self.now and int(event["id"]) >= (start or 0)]
        page.sort(key=lambda event: int(event["id"]))
        return Page([event_of(event) for event in page])

    def job(self, ref: JobRef) -> Job:
        """The job as it is now."""
        self.step()
        if self.fails(self.fault_rate):
            raise TransientFault("503")
        return self._job(next(story for story in self.stories if story.number == ref.number))

    def jobs(self, count: int, offset: int) -> list[Job]:
        """The jobs visible now, newest first."""
        self.step()
        if self.fails(self.fault_rate):
            raise TransientFault("503")
        visible = sorted((story for story in self.stories if story.created <= self.now), key=lambda one: -one.number)
        return [self._job(story) for story in visible[offset : offset + count]]

    def plans(self, _count: int, _offset: int) -> list[Plan]:
        """There are no plans here."""
        return []

    def _job(self, story: Story) -> Job:
        return Job({"name": str(story.number), "state": "finished" if story.is_over(self.now) else "running"})

    # One run of forward.

    def forward(self, folder: Path, batching: Batching, lines: ForwardedLines) -> None:
        """Run forward until it is killed or the story is over."""
        workers = SimulatedWorkers(self)
        receiver = SimulatedReceiver(self)
        position = CountedPosition(self, folder)
        try:
            forwarder = Forwarder(
                workers,  # type: ignore[arg-type] # the same methods
                JobFeed(workers.start, self, lines.line, interval=1.0, most=batching.events, clock=self.clock),
                receiver,  # type: ignore[arg-type] # the same methods
                position,
                delivered=position.load() or Delivered(),
                batching=batching,
                server_time=self.clock,
                clock=self.clock,
            )
            forwarder.run({Kind.JOB: lambda _job: True}, DeferredSignals())
        except (Killed, Over):
            if receiver.under_way:
                self.excused.update(receiver.under_way)
        finally:
            position.close()


class SimulatedWorkers:
    """Does the work of Workers, one step after the other, in simulated time."""

    def __init__(self, world: ForwardWorld) -> None:
        self._world = world
        self._due: list[tuple[float, float, int, Hashable, Iterator[Any]]] = []
        self._arrivals: deque[Any] = deque()
        self._count = 0

    def start(self, name: Hashable, work: Iterator[Arrival | Wait]) -> None:
        """Have *work* done; a delivery takes some time."""
        is_slow = name == "delivery" and self._world.fails(1.0)
        duration = self._world.chance.choice([0.0, 0.3, 5.0, 70.0]) if is_slow else 0.0
        self._put(self._world.now + duration, name, work)

    def _put(self, due: float, name: Hashable, work: Iterator[Arrival | Wait]) -> None:
        self._count += 1
        heappush(self._due, (due, self._world.chance.random(), self._count, name, work))

    def next(self, seconds: float) -> Any:
        """What comes next, or None if nothing comes within *seconds*."""
        assert seconds >= 0
        until = self._world.now + seconds
        while not self._arrivals:
            self._world.step()
            if not self._due or self._due[0][0] > until:
                self._world.now = until
                return None
            due, _, _, name, work = heappop(self._due)
            self._world.now = max(self._world.now, due)
            self._do(name, work)
        return self._arrivals.popleft()

    def _do(self, name: Hashable, work: Iterator[Arrival | Wait]) -> None:
        try:
            item = next(work, None)
        except Exception as error:  # noqa: BLE001 - as Workers
            self._arrivals.append(Ended(name, error))
            return
        if item is None:
            self._arrivals.append(Ended(name))
            return
        if isinstance(item, Wait):
            self._put(self._world.now + item.seconds, name, work)
            return
        self._arrivals.append(item)
        self._put(self._world.now, name, work)


class SimulatedReceiver:
    """Takes batches, refuses some of them after it took a part, and can be killed."""

    def __init__(self, world: ForwardWorld) -> None:
        self.command = ("receiver",)
        self.under_way: Sequence[bytes] = ()
        self._world = world
        self._is_late = False

    def run(self, lines: Sequence[bytes]) -> CommandResult:
        """Take *lines*, or a part of them."""
        world = self._world
        world.largest = max(world.largest, len(lines))
        self.under_way = lines
        world.step()
        if self._is_late or world.fails(world.refusal_rate):
            self._is_late, was_late = False, self._is_late
            world.taken += lines[: world.chance.randint(0, len(lines))]
            world.excused.update(lines)
            return CommandResult(-9 if was_late else 3, "no", is_late=was_late)
        world.taken += lines
        world.step()
        return CommandResult(0, "")

    def kill(self, *, is_late: bool = False) -> None:
        """Kill the command."""
        self._is_late = is_late


class CountedPosition(ForwardPosition):
    """A real position file; forward can be killed before and after it is written."""

    def __init__(self, world: ForwardWorld, folder: Path) -> None:
        super().__init__("test", URL, folder)
        self._world = world

    def save(self, delivered: Delivered) -> None:
        """Save, unless killed before."""
        self._world.step()
        super().save(delivered)
        self._world.step()
