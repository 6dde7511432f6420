"""Plans are read tolerantly."""

from typing import Any

import pytest

from jobevents_cli.model.plan import Plan, failed_targets, step_errors, target_results


def test_the_fields_of_a_plan() -> None:
    """Its name and environment are among its options."""
    plan = Plan(
        {
            "name": "12",
            "state": "success",
            "options": {"plan_name": "deploy::rolling", "environment": "production"},
            "result": {"version": 2},
        }
    )
    assert (plan.number, plan.type, plan.plan_name, plan.environment) == (12, "plan", "deploy::rolling", "production")
    assert plan.target == plan.plan_name
    assert plan.result == {"version": 2}
    assert plan.is_over
    assert repr(plan) == "<Plan 12 success>"


def test_its_own_environment_goes_before_that_of_its_options() -> None:
    """Where the plan names an environment as jobs do, that one counts."""
    assert Plan({"environment": {"name": "a"}, "options": {"environment": "b"}}).environment == "a"


@pytest.mark.parametrize(
    ("states", "latest", "runs"),
    [
        (["running", "finished"], "finished", False),
        ([{"state": "finished"}, {"state": "running"}], "running", True),
        ([], "", True),
        ("stopped", "stopped", False),
        ({"state": "failed"}, "failed", False),
        (7, "", True),
    ],
)
def test_the_states_of_its_jobs(states: Any, latest: str, *, runs: bool) -> None:
    """Each job's last state counts; a job without a known state counts as running."""
    plan = Plan({"status": {"7": states, "no number": "running"}})
    assert plan.child_states == {7: latest}
    assert plan.has_running_jobs is runs


def test_a_plan_without_any_field() -> None:
    """It has no jobs and no result."""
    plan = Plan({"status": []})
    assert (plan.plan_name, plan.environment, plan.child_states, plan.result) == ("", "", {}, None)
    assert not plan.has_running_jobs


def test_the_targets_on_which_a_plan_failed() -> None:
    """Of one step, or of each of several that ran in parallel."""
    results = [{"target": "a", "status": "failure"}, {"target": "b", "status": "success"}, {"target": 7}, "odd"]
    step = {"details": {"result_set": [*results, {"target": "a"}, {"target": "c"}]}}
    parallel = {"details": {"results": [step, {"details": {}}, "odd", {"details": {"results": [step]}}]}}
    assert failed_targets(step) == failed_targets(parallel) == ["a", "c"]
    assert failed_targets({"details": {"results": {}}}) == failed_targets({}) == failed_targets("a text") == []


def test_what_an_action_did_on_a_target() -> None:
    """Bolt 1 had other keys."""
    new = {"target": "a", "action": "task", "status": "failure", "value": {"_error": {"msg": "no"}}}
    old = {"node": "b", "status": "success", "result": {"x": 1}}
    assert list(target_results({"details": {"result_set": [new, old]}})) == [
        ("a", "task", {"_error": {"msg": "no"}}, True),
        ("b", "", {"x": 1}, False),
    ]


def test_errors_within_errors_end() -> None:
    """A hostile depth is not followed, and an error that contains no other is its own."""
    deep: Any = {"kind": "k", "msg": "innermost"}
    for _ in range(100):
        deep = {"kind": "k", "msg": "m", "details": {"results": [deep]}}
    assert [error["msg"] for error in step_errors(deep)] == ["m"]
    two = {"details": {"results": [{"kind": "k", "msg": "one"}, {"kind": "k", "msg": "two"}, {"value": 1}]}}
    assert [error["msg"] for error in step_errors(two)] == ["one", "two"]
