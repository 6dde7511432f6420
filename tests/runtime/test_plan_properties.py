"""The promise for plans: each event of the plan and its jobs once, and the plan's verdict, whatever happens."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.plan_world import PLAN, PlanFollowed, PlanWorld, Scripted, follow_plan
from support.world import event

from jobevents_cli.errors import JobEventsError, TransientFault
from jobevents_cli.following.end_watch import SETTLE
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome

MARGIN = 0.05


@dataclass
class Story:
    """A plan and its jobs, how it ends, and which of its jobs fail."""

    scripts: dict[JobRef, Scripted]
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
    scripts: dict[JobRef, Scripted] = {}
    failed: set[int] = set()
    plan_events: list[tuple[float, dict[str, Any]]] = []
    at, plan_id, event_id = 100.0, 0, 1000
    for number in range(20, 20 + draw(st.integers(0, 4))):
        at += draw(gaps)
        plan_id += 1
        if draw(st.booleans()):
            started = {
                **event(plan_id, "task_start"),
                "details": {"job-id": draw(st.sampled_from([number, str(number)]))},
            }
            plan_events.append((at + draw(lateness), started))
        else:
            plan_events.append((at, {**event(plan_id, "out_message"), "details": {"message": "next"}}))
        is_bad = draw(st.booleans())
        kinds = ["node_running", "node_failed" if is_bad else "node_finished", "job_finished"]
        job_at, job_events = at, []
        for kind in kinds:
            job_at += draw(gaps)
            event_id += draw(st.integers(1, 3))
            job_events.append((job_at + draw(lateness), event(event_id, kind, "n" if "node" in kind else None)))
        ends_at = max(when for when, _ in job_events)
        scripts[JobRef.job(number)] = Scripted(job_events, ends_at, "failed" if is_bad else "finished", at)
        failed |= {number} if is_bad else set()
    at += draw(gaps)
    fails = draw(st.booleans())
    if draw(st.booleans()):
        plan_events.append((at, event(plan_id + 1, "plan_failed" if fails else "plan_finished")))
    scripts[PLAN] = Scripted(plan_events, at, "failure" if fails else "success")
    return Story(scripts, Outcome.FAILED if fails else Outcome.SUCCEEDED, failed)


faults = st.dictionaries(st.integers(2, 60), st.just(TransientFault("cut off")), max_size=8)
samples = st.sampled_from([0.0, 0.5, 1.0])


def _check(story: Story, printed: list[tuple[JobRef, int | None]], followed: PlanFollowed) -> None:
    assert len(set(printed)) == len(printed)
    assert set(printed) == story.expected
    assert followed.outcome is story.outcome
    assert set(followed.failed) == story.failed


@given(story=stories(), faults=faults, sample=samples, latency=st.sampled_from([0.0, 0.01, 0.4]))
def test_each_event_of_the_plan_and_its_jobs_is_printed_once(
    story: Story, faults: dict[int, JobEventsError], sample: float, latency: float
) -> None:
    """Any schedule with faults: everything once, the plan's own verdict, the jobs that failed."""
    followed = follow_plan(PlanWorld(story.scripts, faults=faults, latency=latency), sample=sample)
    _check(story, followed.printed, followed)


@given(story=stories(), faults=faults, stops=st.lists(st.integers(0, 15), min_size=1, max_size=4))
def test_killed_and_resumed_anywhere_everything_is_printed_once(
    story: Story, faults: dict[int, JobEventsError], stops: list[int]
) -> None:
    """Killed after any update and resumed from the one cursor kept with it: the runs together print all, once."""
    world = PlanWorld(story.scripts, faults=faults)
    printed: list[tuple[JobRef, int | None]] = []
    followed = PlanFollowed()
    for stop in [*stops, None]:
        followed = follow_plan(world, followed.kept, stop_after=stop)
        printed += followed.printed
    _check(story, printed, followed)
