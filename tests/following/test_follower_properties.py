"""The promise: each event once, and the exit status of an undisturbed run, whatever happens on the way."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.world import JOB, Followed, World, becomes, event, follow

from jobevents_cli.errors import TransientFault
from jobevents_cli.following.end_watch import SETTLE
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.schedule import CHECK_GAPS, SLOWEST_POLL
from jobevents_cli.model.outcome import Outcome

CLOSINGS = {"finished": "node_finished", "failed": "node_failed", "errored": "node_errored"}
MARGIN = 0.05


@dataclass
class Story:
    """A job: its events, when each becomes visible, when its state is over, and how it ends."""

    events_at: list[tuple[float, dict[str, Any]]]
    over_at: float
    node_states: dict[str, int]
    outcome: Outcome

    @property
    def ids(self) -> list[int]:
        """All ids, sorted."""
        return sorted(int(event["id"]) for _, event in self.events_at)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Any job whose events become visible in any order, each within the settle time of its neighbours."""
    nodes = draw(st.integers(0, 6))
    ends_with_event = draw(st.booleans())
    plan: list[tuple[str, str | None]] = []
    states: dict[str, int] = {}
    for number in range(nodes):
        state = draw(st.sampled_from(list(CLOSINGS)))
        states[state] = states.get(state, 0) + 1
        # A node that errored could not be started: its one event closes it.
        plan += [("node_running", f"n{number}")] if state != "errored" else []
        plan += [(CLOSINGS[state], f"n{number}")]
    order = draw(st.permutations(range(len(plan))))
    # A node's start goes before its end, wherever the two stand.
    plan = _starts_first([plan[index] for index in order])
    plan = [*plan, ("job_finished", None)] if ends_with_event else plan
    number, base = draw(st.integers(0, 50)), 100.0
    events_at = []
    for kind, node in plan:
        number += draw(st.integers(1, 4))
        base += draw(st.sampled_from([0.0, 0.0, 0.3, 2.0, 20.0]))
        late = draw(st.sampled_from([0.0, 0.0, 0.5, 1.9, SETTLE - MARGIN]))
        events_at.append((base + late, event(number, kind, node)))
    over_at = base + draw(st.sampled_from([0.0, 0.4, 3.0]))
    bad = any(state != "finished" for state in states)
    return Story(events_at, over_at, states, Outcome.FAILED if bad else Outcome.SUCCEEDED)


def _starts_first(plan: list[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    ordered: list[tuple[str, str | None]] = []
    for entry in plan:
        start = ("node_running", entry[1])
        if start in plan and start not in ordered:
            ordered.append(start)
        if entry not in ordered:
            ordered.append(entry)
    return ordered


faults = st.dictionaries(st.integers(2, 30), st.just(TransientFault("cut off")), max_size=8)
worlds = st.fixed_dictionaries(
    {
        "inclusive": st.booleans(),
        "latency": st.sampled_from([0.0, 0.01, 0.4]),
        "faults": faults,
    }
)
samples = st.sampled_from([0.0, 0.5, 1.0])


def _world(story: Story, **how: Any) -> World:
    state = "finished" if story.outcome is Outcome.SUCCEEDED else "failed"
    return World(story.events_at, becomes(story.over_at, state, **story.node_states), **how)


def _follower(sample: float, **how: Any) -> Follower:
    return Follower(ref=JOB, sample=lambda: sample, retry_for=3600, **how)


@given(story=stories(), how=worlds, sample=samples)
def test_each_event_is_printed_once_and_the_outcome_is_right(story: Story, how: dict[str, Any], sample: float) -> None:
    """Any schedule, cuts, faults and either reading of `start`: each event once, the undisturbed outcome."""
    followed = follow(_world(story, **how), _follower(sample))
    assert sorted(number for number in followed.ids if number is not None) == story.ids
    assert followed.ending is not None
    assert followed.ending.outcome is story.outcome


@given(story=stories(), how=worlds, sample=samples, stops=st.lists(st.integers(0, 12), max_size=4))
def test_killed_and_resumed_anywhere_prints_each_event_once(
    story: Story, how: dict[str, Any], sample: float, stops: list[int]
) -> None:
    """Killed after any update and resumed from the cursor saved with it, the runs together print each event once."""
    # Never two faults in a row: until its first good response, each run retries for 5 s only.
    world = _world(story, **{**how, "faults": {2 * number: fault for number, fault in how["faults"].items()}})
    printed: list[int | None] = []
    cursor = None
    followed = Followed()
    for stop in [*stops, None]:
        followed = follow(world, _follower(sample, cursor=cursor), stop_after=stop)
        printed += followed.ids
        cursor = followed.cursor or cursor
        if followed.ending:
            break
    assert sorted(number for number in printed if number is not None) == story.ids
    assert followed.ending is not None
    assert followed.ending.outcome is story.outcome


@given(story=stories(), how=worlds, start=st.integers(0, 60))
def test_start_prints_the_event_itself_and_all_after_it(story: Story, how: dict[str, Any], start: int) -> None:
    """`--start N` prints exactly the events from N on, in either reading of the API's `start`."""
    followed = follow(_world(story, **how), _follower(0.5, start=start))
    expected = [number for number in story.ids if number >= start]
    assert sorted(number for number in followed.ids if number is not None) == expected


@given(story=stories(), how=worlds, sample=samples, job_first=st.booleans())
def test_a_tail_ends_soon_after_its_job(story: Story, how: dict[str, Any], sample: float, *, job_first: bool) -> None:
    """Without faults, the end comes at most a slow poll, a check of the job and the settle time after all is over."""
    world = _world(story, **{**how, "faults": {}})
    follow(world, _follower(sample, job_first=job_first))
    over = max([at for at, _ in story.events_at] + [story.over_at, 100.0])
    if any(event["type"] == "job_finished" for _, event in story.events_at):
        assert world.now <= over + SLOWEST_POLL * 1.1 + SETTLE + 4
    else:
        assert world.now <= over + CHECK_GAPS[-1] + SLOWEST_POLL * 1.1 + SETTLE + 4


def test_a_job_that_is_silent_for_hours_is_followed_to_its_end() -> None:
    """Six hours without an event: asked every 5 s, its job every 15 s, and then each event once."""
    silence = 6 * 3600.0
    told = [event(1, "node_running", "n"), event(2, "node_finished", "n"), event(3, "job_finished")]
    times = [100.0, 100.0 + silence, 101.0 + silence]
    world = World(
        list(zip(times, told, strict=True)), becomes(101.0 + silence, "finished", finished=1), most_requests=60_000
    )
    followed = follow(world, _follower(0.5))
    assert followed.ids == [1, 2, 3]
    assert len(world.asked) <= silence / SLOWEST_POLL + 50
    assert len(world.checked) <= silence / CHECK_GAPS[-1] + 50


@given(story=stories(), how=worlds, sample=samples)
def test_a_quiet_orchestrator_is_asked_at_most_once_an_interval(
    story: Story, how: dict[str, Any], sample: float
) -> None:
    """Two polls stand at least the interval less its jitter apart, but for those at once after the end."""
    world = _world(story, **{**how, "faults": {}})
    follow(world, _follower(sample, interval=1.0))
    seen_end = min([at for at, event in story.events_at if event["type"] == "job_finished"] + [story.over_at])
    times = [at for at, _ in world.asked if at < seen_end]
    assert all(after - before >= 0.9 - 1e-6 for before, after in pairwise(times))
