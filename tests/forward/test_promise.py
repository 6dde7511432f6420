"""The promise of forward: no event is lost, whichever process is killed and when."""

import json
import random
import tempfile
from collections import Counter, defaultdict
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.forward_world import ForwardWorld, Story
from support.world import timestamp

from jobevents_cli.following.filters import event_filter
from jobevents_cli.forward.lines import ForwardedLines
from jobevents_cli.forward.queue import Queue

CALM, UNTIL = 700.0, 1400.0


def _stories(chance: random.Random, jobs: int, *, latest: float) -> list[Story]:
    """Jobs that are there at the start or begin later; ids are database-wide, and some events come *latest* late."""
    ids = count(1)
    stories = []
    begun = sorted(chance.choice([0.0, 100.0, chance.uniform(100, 600)]) for _ in range(jobs))
    for number, begins in enumerate(begun, 1):
        created = begins + chance.choice([0.0, 0.0, 10.0])  # some become visible late
        at = max(created, 100.5)
        events: list[tuple[float, dict[str, Any]]] = []
        for _ in range(chance.choice([0, 1, 4, 30])):
            at += chance.choice([0.0, 0.1, 5.0])
            late = chance.choice([0.0, 0.0, latest])
            events.append((at + late, _event(next(ids), chance.choice(["node_running", "node_failed"]), at)))
        events.append((at + 3.5, _event(next(ids), "job_finished", at + 3.5)))
        stories.append(Story(number, created, events))
    return stories


def _event(number: int, kind: str, at: float) -> dict[str, Any]:
    details = {"node": f"n{number}"} if kind.startswith("node") else {}
    return {"type": kind, "timestamp": timestamp(at), "details": details, "message": "m", "id": str(number)}


def _run(
    seed: int, kills: int, *, jobs: int, failures_only: bool = False, latest: float = 1.0, life: int = 200
) -> tuple[ForwardWorld, Counter[str]]:
    """Forward with so many kills at random moments; the world, and how often each event of each job was taken.

    *life*: at most how many things happen between two kills; the first run is not killed before its first search.
    """
    chance = random.Random(seed)
    world = ForwardWorld(
        _stories(chance, jobs, latest=latest),
        chance,
        fault_rate=chance.choice([0.0, 0.05]),
        refusal_rate=chance.choice([0.0, 0.2]),
        calm_after=CALM,
        until=UNTIL,
    )
    most, wait = chance.choice([1, 4, 50]), chance.choice([0.0, 1.0])
    lines = ForwardedLines(event_filter(failures=True) if failures_only else None)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(kills + 1):
            is_last = number == kills or world.now >= CALM
            world.steps_to_live = None if is_last else chance.randint(3, life) + (0 if number else 40)
            world.forward(Path(folder), Queue(most, wait, sample=chance.random), lines)
            if world.now >= UNTIL:
                break
            world.now += chance.choice([0.0, 0.1, 4.0])
    assert world.largest <= most
    return world, Counter(line.decode() for line in world.taken)


def _check(world: ForwardWorld, taken: Counter[str], *, failures_only: bool) -> None:
    wanted = ("node_failed", "job_finished") if failures_only else ("node_failed", "job_finished", "node_running")
    expected = {
        (str(story.number), event["id"])
        for story in world.stories
        for _, event in story.events_at
        if event["type"] in wanted
    }
    got = {(line["job"], line["id"]) for line in map(json.loads, taken)}
    assert got == expected
    twice = {line.encode() for line, times in taken.items() if times > 1}
    assert twice <= world.excused


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**9), kills=st.integers(0, 12), jobs=st.integers(1, 5), failures_only=st.booleans())
def test_no_event_is_lost_whatever_is_killed(seed: int, kills: int, jobs: int, *, failures_only: bool) -> None:
    """The receiver has every event; only those of a batch that was refused or being sent at a kill come twice."""
    world, taken = _run(seed, kills, jobs=jobs, failures_only=failures_only)
    _check(world, taken, failures_only=failures_only)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_hundreds_of_kills(seed: int) -> None:
    """The same with hundreds of kills in one story."""
    world, taken = _run(seed, 500, jobs=20, life=30)
    _check(world, taken, failures_only=False)


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 10**9))
@example(seed=0)
def test_order_within_a_job_is_that_of_the_orchestrator(seed: int) -> None:
    """The events of a job arrive by their ids, kills or not, if they became visible in that order."""
    world, _ = _run(seed, 4, jobs=3, latest=0.0)
    arrived: dict[str, list[int]] = defaultdict(list)
    for line in map(json.loads, world.taken):
        if int(line["id"]) not in arrived[line["job"]]:
            arrived[line["job"]].append(int(line["id"]))
    assert all(ids == sorted(ids) for ids in arrived.values())
