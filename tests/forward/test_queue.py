"""What waits for COMMAND: all but refused events arrive once and in order, and only those are blamed."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobevents_cli.forward.queue import REFUSALS, Part, Queue
from jobevents_cli.model.event import Event

SEND = 0.01
"""Seconds that COMMAND takes."""


def events(*numbers: int) -> list[Event]:
    """Events; the queue does not look into them, so numbers do."""
    return [cast("Event", number) for number in numbers]


def number(event: Event) -> int:
    """The number that stands for *event*."""
    return cast("int", event)


@dataclass
class Receiver:
    """Takes what the queue sends, in simulated time, but not *bad* events, and nothing during *outages*."""

    queue: Queue[str]
    bad: set[int] = field(default_factory=set)
    outages: list[tuple[float, float]] = field(default_factory=list)
    now: float = 0.0
    taken: list[tuple[str, int]] = field(default_factory=list)
    sent: list[list[int]] = field(default_factory=list)
    named: list[int] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)
    recovered: list[float] = field(default_factory=list)
    first_refusals: int = 0

    def run(self, arrivals: list[tuple[float, str, list[int]]], until: float) -> None:
        """Let *arrivals* (at a time, of a job, these events) come, and send what is due, *until* that time."""
        rest = sorted(arrivals, key=lambda arrival: arrival[0])
        while self.now < until:
            while rest and rest[0][0] <= self.now:
                _, job, numbers = rest.pop(0)
                self.queue.add(job, events(*numbers), self.now)
            due = self.queue.next_at()
            if due <= self.now:
                self.send()
            else:
                self.now = min(due, rest[0][0] if rest else until, until)

    def send(self) -> None:
        """Send the batch that is due."""
        batch = self.queue.batch(self.now)
        assert batch
        numbers = [number(event) for part in batch for event in part.events]
        self.sent.append(numbers)
        began = self.now
        self.now += SEND
        if self.bad.intersection(numbers) or any(begin <= began < end for begin, end in self.outages):
            self.first_refusals += self.queue.refuse(self.now, "no")
            return
        accepted = self.queue.accept(self.now)
        assert accepted.parts == batch
        self.taken += [(part.job, number(event)) for part in accepted.parts for event in part.events]
        self.named += [number(blamed.event) for blamed in accepted.named]
        self.given_up += [number(blamed.event) for blamed in accepted.given_up]
        if accepted.recovered_after is not None:
            self.recovered.append(accepted.recovered_after)

    def of(self, job: str) -> list[int]:
        """What was taken of *job*, in order."""
        return [number for name, number in self.taken if name == job]


def receiver(most: int = 10, wait: float = 1.0, skip_after: float | None = None, **others: object) -> Receiver:
    """A receiver of a queue whose back-off is not random."""
    return Receiver(Queue(most, wait, sample=lambda: 0.5, skip_after=skip_after), **others)  # type: ignore[arg-type]


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[float, str, list[int]]]:
    """Events of up to four jobs that come at any time; the numbers of a job rise."""
    ids = iter(range(1000))
    times = sorted(draw(st.lists(st.floats(0, 300), max_size=12)))
    return [(at, draw(st.sampled_from("abcd")), [next(ids) for _ in range(draw(st.integers(1, 12)))]) for at in times]


@given(
    arrivals=stories(),
    most=st.integers(1, 12),
    wait=st.sampled_from([0.0, 1.0, 30.0]),
    outages=st.lists(st.tuples(st.floats(0, 400), st.floats(0, 60)), max_size=3),
)
def test_every_event_arrives_once_and_in_order(
    arrivals: list[tuple[float, str, list[int]]], most: int, wait: float, outages: list[tuple[float, float]]
) -> None:
    """Whatever outages there are; no batch is larger than it may be, none is blamed, and nothing is left."""
    one = receiver(most, wait, outages=[(begin, begin + length) for begin, length in outages])
    one.run(arrivals, 5000.0)
    expected: dict[str, list[int]] = defaultdict(list)
    for _, job, numbers in arrivals:
        expected[job] += numbers
    assert {job: one.of(job) for job in expected} == expected
    assert len(one.taken) == sum(map(len, expected.values()))
    assert all(len(numbers) <= most for numbers in one.sent)
    assert one.queue.size == 0
    assert one.queue.next_at() == float("inf")
    assert one.first_refusals == len(one.recovered)


@given(
    arrivals=stories(),
    bad=st.sets(st.integers(0, 60), max_size=4),
    begin=st.floats(0, 300),
    length=st.sampled_from([0.0, 1.0, 20.0, 200.0]),
    skip_after=st.sampled_from([0.0, 5.0, 60.0]),
)
@example(arrivals=[(0.0, "a", [1, 2, 3])], bad={2}, begin=0.0, length=0.0, skip_after=5.0)
def test_only_what_is_refused_is_blamed(
    arrivals: list[tuple[float, str, list[int]]], bad: set[int], begin: float, length: float, skip_after: float
) -> None:
    """All others arrive, in order, whatever outage there was; a steady flow of another job proves that it works."""
    one = receiver(skip_after=skip_after, bad=bad, outages=[(begin, begin + length)])
    steady = [(at, "steady", [10_000 + int(at)]) for at in map(float, range(0, 1500, 3))]
    one.run(arrivals + steady, 2000.0)
    sent = {number for _, _, numbers in arrivals for number in numbers}
    assert set(one.named) == set(one.given_up) == bad & sent
    assert len(one.named) == len(set(one.named))
    for job in "abcd":
        assert one.of(job) == [
            number for _, name, numbers in arrivals if name == job for number in numbers if number not in bad
        ]
    assert len(one.of("steady")) == 500


def test_a_batch_takes_the_jobs_in_turn() -> None:
    """A job with many events holds up no other one."""
    one = receiver(most=4)
    one.queue.add("many", events(*range(100, 112)), 0.0)
    one.send()
    one.queue.add("few", events(1, 2), one.now)
    one.queue.add("other", events(3), one.now)
    one.send()
    assert one.sent[1] == [104, 105, 106, 107]
    one.send()
    assert one.sent[2] == [1, 2, 3, 108]


def test_when_a_batch_is_sent() -> None:
    """When it is full, or when its oldest event is old enough."""
    queue = receiver(most=3, wait=10.0).queue
    assert queue.next_at() == float("inf")
    assert queue.batch(0.0) == []
    queue.add("a", events(1), 5.0)
    queue.add("a", events(2), 7.0)
    assert queue.next_at() == 15.0
    assert queue.batch(14.9) == []
    assert queue.oldest == (5.0, *events(1))
    queue.add("b", events(3), 8.0)
    assert queue.next_at() <= 8.0
    assert queue.batch(8.0) == [Part("a", events(1, 2)), Part("b", events(3))]
    assert "a" in queue
    queue.accept(9.0)
    assert "a" not in queue
    assert queue.oldest is None


def test_a_refused_batch_is_sent_again_and_then_event_by_event() -> None:
    """Later each time; more events do not join it; after five refusals the jobs take turns."""
    one = receiver(bad={*range(100)})
    one.queue.add("a", events(1, 2), 0.0)
    one.queue.add("b", events(3), 0.0)
    times = []
    one.now = 1.0
    for _ in range(REFUSALS):
        one.now = max(one.now, one.queue.next_at())
        times.append(one.now)
        one.send()
        assert one.queue.is_refused == (len(times) < REFUSALS)
        one.queue.add("c", events(4), one.now)
    assert one.sent == [[1, 2, 3]] * REFUSALS
    assert [later - earlier for earlier, later in pairwise(times)] == pytest.approx(
        [0.5 + SEND, 1 + SEND, 2 + SEND, 4 + SEND]
    )
    assert one.first_refusals == 1
    one.sent.clear()
    one.bad = {3}
    one.now += 0.6
    one.run([], one.now + 0.2)
    assert one.sent == [[1], [3], [4] * REFUSALS, [2], [3]]
    assert one.recovered == [pytest.approx(8.04, abs=0.2)]


def test_an_event_alone_is_tried_less_and_less_often() -> None:
    """At most every 30 s; meanwhile other jobs' batches are as large as ever, and sent at once."""
    one = receiver(most=3, wait=0.0, bad={1})
    one.run([(0.0, "bad", [1, 2]), *((float(at), "good", [at, at + 1000]) for at in range(10, 500))], 500.0)
    assert len(one.of("good")) == 980
    assert one.of("bad") == []
    alone = [numbers for numbers in one.sent if numbers == [1]]
    assert 15 <= len(alone) <= 25
    assert one.named == [1]
    assert one.given_up == []
    assert one.first_refusals == 1


def test_nothing_is_blamed_while_one_job_waits_alone() -> None:
    """Nobody knows then whether the event or the receiver is to blame. It is tried at most every 30 s."""
    one = receiver(skip_after=0.0, bad={1})
    one.run([(0.0, "a", [1, 2])], 3600.0)
    assert one.named == one.given_up == []
    assert 100 < len(one.sent) < 140


def test_an_outage_does_not_count_as_proof() -> None:
    """The time of --skip-after begins anew after a round in which nothing was accepted."""
    one = receiver(skip_after=100.0, bad={1}, outages=[(60.0, 1000.0)])
    steady = [(float(at), "good", [10 + at]) for at in range(2, 58)] + [
        (float(at), "good", [at]) for at in range(995, 1300)
    ]
    one.run([(0.0, "bad", [1]), *steady], 1090.0)
    assert one.named == [1]
    assert one.given_up == []
    one.run([(float(at), "good", [at]) for at in range(1090, 1300)], 1200.0)
    assert one.given_up == [1]


def test_many_jobs_try_seldom_in_an_outage() -> None:
    """After one round in which nothing was accepted, one of them tries, later each time."""
    one = receiver(most=100, outages=[(0.0, 3600.0)])
    one.run([(0.0, f"job {number}", [number]) for number in range(50)], 3600.0)
    assert len(one.sent) < REFUSALS + 50 + 140
    one.run([], 3640.0)
    assert len(one.taken) == 50
