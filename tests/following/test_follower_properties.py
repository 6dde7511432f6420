"""The promise: each event once, and the exit status of an undisturbed run, whatever happens on the way."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.world import JOB, Followed, Script, World, follow, raw_event

from jobevents_cli.errors import TransientFault
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.position import SETTLE
from jobevents_cli.following.schedule import CHECK_GAPS, SLOWEST_POLL
from jobevents_cli.model.outcome import Outcome

CLOSINGS = {"finished": "node_finished", "failed": "node_failed", "errored": "node_errored"}
MARGIN = 0.05


@dataclass
class Story:
    """A job, and how it ends."""

    script: Script
    outcome: Outcome

    @property
    def ids(self) -> list[int]:
        """All ids, sorted."""
        return sorted(int(event["id"]) for _, event in self.script.events_at)

    @property
    def is_over_at(self) -> float:
        """When nothing happens any more."""
        return max([at for at, _ in self.script.events_at] + [self.script.over_at, 100.0])

    @property
    def has_end(self) -> bool:
        """Whether an event tells the end."""
        return any(event["type"] == "job_finished" for _, event in self.script.events_at)


@st.composite
def stories(draw: st.DrawFn, *, has_times: bool = False) -> Story:
    """Any job whose events become visible in any order, each within the settle time of its neighbours.

    *has_times*: they all have the times at which they happened.
    """
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
    number, base = draw(st.integers(0, 50)), draw(st.sampled_from([100.0, 100.7, -400.0]))
    events_at = []
    for kind, node in plan:
        number += draw(st.integers(1, 4))
        base += draw(st.sampled_from([0.0, 0.0, 0.3, 2.0, 20.0]))
        late = draw(st.sampled_from([0.0, 0.0, 0.5, 1.9, SETTLE - MARGIN]))
        events_at.append((base + late, raw_event(number, kind, node, at=base)))
    if draw(st.booleans()):
        events_at = draw(st.permutations(events_at))
    if not has_times and draw(st.booleans()):
        other = draw(st.sampled_from([None, "", "soon", "2999-01-01T00:00:00Z"]))
        events_at = [(at, {**value, "timestamp": other}) for at, value in events_at]
    over_at = base + draw(st.sampled_from([0.0, 0.4, 3.0]))
    bad = any(state != "finished" for state in states)
    script = Script(events_at, over_at, "failed" if bad else "finished", states, draw(st.booleans()))
    return Story(script, Outcome.FAILED if bad else Outcome.SUCCEEDED)


def _starts_first(plan: list[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    ordered: list[tuple[str, str | None]] = []
    for entry in plan:
        start = ("node_running", entry[1])
        if start in plan and start not in ordered:
            ordered.append(start)
        if entry not in ordered:
            ordered.append(entry)
    return ordered


faults = st.dictionaries(st.integers(2, 30), st.builds(TransientFault, st.just("cut off")), max_size=6)
worlds = st.fixed_dictionaries(
    {
        "inclusive": st.booleans(),
        "date_shift": st.sampled_from([0.0, 0.0, -3600.0, None]),
        "latency": st.sampled_from([0.0, 0.01, 0.4, 2.0]),
        "faults": faults,
    }
)
samples = st.sampled_from([0.0, 0.5, 1.0])


def _world(story: Story, **how: Any) -> World:
    return World({JOB: story.script}, **how)


def _follower(sample: float = 0.5, **how: Any) -> Follower:
    return Follower(JOB, sample=lambda: sample, retry_for=3600, **how)


@given(story=stories(), how=worlds, sample=samples, job_first=st.booleans())
def test_each_event_is_printed_once_and_the_outcome_is_right(
    story: Story, how: dict[str, Any], sample: float, *, job_first: bool
) -> None:
    """Any schedule, order, faults and either reading of `start`: each event once, the undisturbed outcome."""
    followed = follow(_world(story, **how), _follower(sample, job_first=job_first))
    assert sorted(number for number in followed.ids if number is not None) == story.ids
    assert followed.ending is not None
    assert followed.ending.outcome is story.outcome


@given(story=stories(), how=worlds, sample=samples, stops=st.lists(st.integers(0, 12), max_size=4))
def test_killed_and_resumed_anywhere_prints_each_event_once(
    story: Story, how: dict[str, Any], sample: float, stops: list[int]
) -> None:
    """Killed after any line and resumed from what was saved with it, the runs together print each event once."""
    # Never two faults in a row: until its first good response, each run retries for 5 s only.
    world = _world(story, **{**how, "faults": {2 * number: fault for number, fault in how["faults"].items()}})
    printed: list[int | None] = []
    followed = Followed()
    for stop in [*stops, None]:
        followed = follow(world, _follower(sample, saved=followed.saved), stop_after=stop)
        printed += followed.ids
        if followed.has_ended:
            break
    assert sorted(number for number in printed if number is not None) == story.ids
    assert followed.ending is not None
    assert followed.ending.outcome is story.outcome


@given(story=stories(), how=worlds, start=st.integers(0, 60))
def test_start_prints_the_event_itself_and_all_after_it(story: Story, how: dict[str, Any], start: int) -> None:
    """`--start N` prints exactly the events from N on, in either reading of the API's `start`."""
    followed = follow(_world(story, **how), _follower(start=start))
    assert sorted(number for number in followed.ids if number is not None) == [n for n in story.ids if n >= start]


@given(story=stories(), how=worlds, stop=st.integers(0, 12))
def test_a_hint_loses_nothing(story: Story, how: dict[str, Any], stop: int) -> None:
    """Stopped after any line, a tail from `next_start` on prints all that came and was not printed."""
    world = _world(story, **{**how, "faults": {}})
    follower = _follower()
    printed = follow(world, follower, stop_after=stop).ids
    came = {number for number in story.ids if follower.received.has(number)}
    again = follow(world, _follower(start=follower.printed.next_start))
    assert came <= {*printed, *again.ids}


@given(story=stories(), how=worlds, sample=samples, job_first=st.booleans())
def test_a_tail_ends_soon_after_its_job(story: Story, how: dict[str, Any], sample: float, *, job_first: bool) -> None:
    """Without faults, the end comes at most a slow poll, a check of the job and the settle time after all is over."""
    world = _world(story, **{**how, "faults": {}})
    follow(world, _follower(sample, job_first=job_first))
    look = SLOWEST_POLL if story.has_end else CHECK_GAPS[-1] + SLOWEST_POLL
    assert world.now <= story.is_over_at + look * 1.1 + 2 * SETTLE + 4 + 5 * world.latency


@given(story=stories(has_times=True), inclusive=st.booleans(), job_first=st.booleans())
def test_a_finished_job_costs_one_request_for_events(story: Story, *, inclusive: bool, job_first: bool) -> None:
    """Its end is older than the settle time by the response's Date, so nothing can be missing."""
    world = _world(replace(story, script=replace(story.script, has_finish_time=True)), inclusive=inclusive)
    world.now = story.is_over_at + SETTLE + 2
    begun = world.now
    follow(world, _follower(job_first=job_first))
    asked = len(world.asked)
    if story.has_end or job_first:
        assert asked == 1
        assert world.now - begun < 0.1
    else:
        first = 2 if story.ids else 1
        assert asked == first + 1, (
            "the first page without news leads to the job; then one page shows what came meanwhile"
        )
    assert len(world.checked) == 1


def test_a_job_that_is_silent_for_hours_is_followed_to_its_end() -> None:
    """Six hours without an event: asked every 5 s, its job every 15 s, and then each event once."""
    silence = 6 * 3600.0
    times = [100.0, 100.0 + silence, 101.0 + silence]
    kinds = ["node_running", "node_finished", "job_finished"]
    happened = enumerate(zip(times, kinds, strict=True), 1)
    told = [(at, raw_event(number, kind, "n", at=at)) for number, (at, kind) in happened]
    world = World({JOB: Script(told, times[2], node_states={"finished": 1})}, most_requests=60_000)
    followed = follow(world, _follower())
    assert followed.ids == [1, 2, 3]
    assert len(world.asked) <= silence / SLOWEST_POLL + 50
    assert len(world.checked) <= silence / CHECK_GAPS[-1] + 50
    assert world.now < times[2] + SLOWEST_POLL + 1, "the job counts one node, and its end came: nothing is missing"


@given(story=stories(), how=worlds, sample=samples)
def test_a_quiet_orchestrator_is_asked_at_most_once_an_interval(
    story: Story, how: dict[str, Any], sample: float
) -> None:
    """Two polls are at least the interval less its jitter apart, but for those at once after the end."""
    world = _world(story, **{**how, "faults": {}})
    follow(world, _follower(sample, interval=1.0))
    ends = [at for at, event in story.script.events_at if event["type"] == "job_finished"]
    seen_end = min([*ends, story.script.over_at])
    times = [at for at, _ in world.asked if at < seen_end]
    assert all(after - before >= 0.9 - 1e-6 for before, after in pairwise(times))
