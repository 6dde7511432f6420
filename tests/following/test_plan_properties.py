"""The promise for plans: each event of the plan and its jobs once, and the plan's verdict, whatever happens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.world import PLAN, PlanFollowed, Script, World, follow_plan, raw_event

from jobevents_cli.errors import TransientFault
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.position import SETTLE
from jobevents_cli.following.printed import Saved
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome

MARGIN = 0.05


@dataclass
class Story:
    """A plan and its jobs, how it ends, and which of its jobs fail."""

    scripts: dict[JobRef, Script]
    outcome: Outcome
    failed: set[int]

    @property
    def expected(self) -> set[tuple[JobRef, int]]:
        """Every event that is to be printed."""
        return {(ref, int(each["id"])) for ref, script in self.scripts.items() for _, each in script.events_at}


gaps = st.sampled_from([0.0, 0.3, 2.0, 20.0])
lateness = st.sampled_from([0.0, 0.0, 0.5, SETTLE - MARGIN])


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Any plan: jobs named by events or by the status alone, some outliving the plan, late and low ids."""
    scripts: dict[JobRef, Script] = {}
    failed: set[int] = set()
    plan_events: list[tuple[float, dict[str, Any]]] = []
    at, plan_id, event_id = 100.0, 0, 1000
    for number in range(20, 20 + draw(st.integers(0, 4))):
        at += draw(gaps)
        plan_id += 1
        if draw(st.booleans()):
            details = {"job-id": draw(st.sampled_from([number, str(number)]))}
            plan_events.append((at + draw(lateness), {**raw_event(plan_id, "task_start", at=at), "details": details}))
        else:
            message = {"message": "next"}
            plan_events.append((at, {**raw_event(plan_id, "out_message", at=at), "details": message}))
        is_bad = draw(st.booleans())
        job_at, job_events = at, []
        for kind in ["node_running", "node_failed" if is_bad else "node_finished", "job_finished"]:
            job_at += draw(gaps)
            event_id += draw(st.integers(1, 3))
            value = raw_event(event_id, kind, "n" if "node" in kind else None, at=job_at)
            job_events.append((job_at + draw(lateness), value))
        over_at = max(when for when, _ in job_events)
        state = "failed" if is_bad else "finished"
        scripts[JobRef.job(number)] = Script(job_events, over_at, state, {state: 1}, begins_at=at)
        failed |= {number} if is_bad else set()
    at += draw(gaps)
    fails = draw(st.booleans())
    if draw(st.booleans()):
        plan_events.append((at, raw_event(plan_id + 1, "plan_failed" if fails else "plan_finished", at=at)))
    scripts[PLAN] = Script(plan_events, at, "failure" if fails else "success")
    return Story(scripts, Outcome.FAILED if fails else Outcome.SUCCEEDED, failed)


faults = st.dictionaries(st.integers(2, 60), st.builds(TransientFault, st.just("cut off")), max_size=6)
samples = st.sampled_from([0.0, 0.5, 1.0])


def _new_follower(sample: float) -> Callable[[JobRef, Saved | None], Follower]:
    return lambda ref, saved: Follower(ref, sample=lambda: sample, saved=saved, retry_for=3600, job_first=ref == PLAN)


def _check(story: Story, printed: list[tuple[JobRef, int | None]], followed: PlanFollowed) -> None:
    assert len(set(printed)) == len(printed)
    assert set(printed) == story.expected
    assert followed.ending is not None
    assert followed.ending.outcome is story.outcome
    assert {number for number, is_bad in followed.saved.ended.items() if is_bad} == story.failed


@given(story=stories(), faults=faults, sample=samples, latency=st.sampled_from([0.0, 0.01, 0.4]))
def test_each_event_of_the_plan_and_its_jobs_is_printed_once(
    story: Story, faults: dict[int, Any], sample: float, latency: float
) -> None:
    """Any schedule with faults: everything once, the plan's own verdict, the jobs that failed."""
    world = World(story.scripts, faults=faults, latency=latency)
    followed = follow_plan(world, _new_follower(sample))
    _check(story, followed.printed, followed)


@given(story=stories(), faults=faults, stops=st.lists(st.integers(0, 15), min_size=1, max_size=4))
def test_killed_and_resumed_anywhere_everything_is_printed_once(
    story: Story, faults: dict[int, Any], stops: list[int]
) -> None:
    """Killed after any line and resumed from what was saved with it: the runs together print all, once."""
    world = World(story.scripts, faults={2 * number: fault for number, fault in faults.items()})
    printed: list[tuple[JobRef, int | None]] = []
    followed = PlanFollowed()
    for stop in [*stops, None]:
        followed = follow_plan(world, _new_follower(0.5), followed.saved, stop_after=stop)
        printed += followed.printed
    _check(story, printed, followed)
