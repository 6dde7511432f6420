"""A plan that waits, runs, or has died without saying so."""

from typing import Any

import pytest

from jobevents_cli.following.notices import PlanPending, PlanSilent
from jobevents_cli.following.plan_notices import SILENT_FOR, PlanNotices
from jobevents_cli.model.plan import Plan


def _plan(state: str = "running", **status: Any) -> Plan:
    return Plan({"state": state, "status": {name.removeprefix("job"): states for name, states in status.items()}})


@pytest.fixture(name="plan")
def _notices() -> PlanNotices:
    """A plan that had an event at 100 s."""
    plan = PlanNotices()
    plan.note_activity(100)
    return plan


def test_a_plan_that_has_not_started_is_named_once() -> None:
    """The first look says that the plan is pending; later ones say nothing."""
    plan = PlanNotices()
    assert [plan.notice(_plan("pending"), at) for at in (1, 2, 10_000)] == [PlanPending(), None, None]
    assert {PlanPending(), PlanPending()} == {PlanPending()}


def test_a_plan_without_a_sign_of_life_may_be_dead(plan: PlanNotices) -> None:
    """After ten minutes without event and without job, one notice; an event allows the next one."""
    assert plan.notice(_plan(), 100 + SILENT_FOR - 1) is None
    assert plan.notice(_plan(), 100 + SILENT_FOR) == PlanSilent(SILENT_FOR)
    assert plan.notice(_plan(), 100 + SILENT_FOR + 1) is None
    plan.note_activity(2000)
    assert plan.notice(_plan(), 2000 + SILENT_FOR) == PlanSilent(SILENT_FOR)


def test_the_time_begins_with_the_first_look() -> None:
    """A plan that never had an event is watched from the first look on."""
    plan = PlanNotices()
    assert plan.notice(_plan(), 5000) is None
    assert plan.notice(_plan(), 5000 + SILENT_FOR) == PlanSilent(SILENT_FOR)


def test_a_running_job_is_a_sign_of_life(plan: PlanNotices) -> None:
    """While one of its jobs runs, a plan is alive, as its own state or its followed jobs say."""
    assert plan.notice(_plan(job7=[{"state": "running"}]), 100 + 2 * SILENT_FOR) is None
    assert plan.notice(_plan(job7=[{"state": "running"}, {"state": "finished"}]), 100 + 2.5 * SILENT_FOR) is None
    assert not plan.jobs_running(100 + 4 * SILENT_FOR, are_running=True)
    assert plan.notice(_plan(), 100 + 6 * SILENT_FOR) is None


def test_the_end_of_its_last_job_is_noticed_once(plan: PlanNotices) -> None:
    """When none of its jobs runs any more, the plan itself may be over: that moment is reported once."""
    runs = [False, True, True, False, False]
    assert [plan.jobs_running(200 + at, are_running=now) for at, now in enumerate(runs)] == [False] * 3 + [True, False]
    assert plan.notice(_plan(), 203 + SILENT_FOR) == PlanSilent(SILENT_FOR)
