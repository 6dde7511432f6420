"""What a failed job was, how many nodes failed, and how to run them again."""

from typing import Any

import pytest

from jobevents_cli.model.job import Job
from jobevents_cli.model.plan import Plan
from jobevents_cli.why.again import Again, again_for
from jobevents_cli.why.causes import Cause, CauseKind, Finding
from jobevents_cli.why.explanation import Counts, Explanation, counts_of, title_of
from jobevents_cli.why.failures import EndedNode

RUN = {"status": "failed", "environment": "staging", "metrics": {"failed": 1}}
NODES = (
    EndedNode("b", "failed", RUN, job_type="deploy"),
    EndedNode("a", "errored"),
    EndedNode("c", "skipped"),
    EndedNode("d", "finished"),
    EndedNode("e", "finished", {"_error": {"msg": "no"}}),
)
NAMES = ("a", "b", "c")


def _job(kind: str, **options: Any) -> Job:
    return Job({"type": kind, "environment": {"name": "production"}, "options": options})


@pytest.mark.parametrize(
    ("job", "title"),
    [
        (_job("deploy"), "deploy in production"),
        (_job("task", task="db::migrate"), "task db::migrate in production"),
        (_job("plan_task"), "plan_task in production"),
        (Job({"type": "deploy"}), "deploy"),
        (Plan({"options": {"plan_name": "app::rollout"}}), "app::rollout"),
    ],
)
def test_titles(job: Job, title: str) -> None:
    """The type, the task's or plan's name, and the environment if there is one."""
    assert title_of(job) == title


def test_counts() -> None:
    """Failed and errored nodes together, skipped ones, and finished ones with an error."""
    assert counts_of(NODES, 9) == Counts(9, failed=2, skipped=1, finished_with_error=1)


@pytest.mark.parametrize(
    ("job", "again"),
    [
        (_job("deploy"), Again(NAMES, environment="production")),
        (_job("deploy", noop=True), Again(NAMES, environment="production", noop=True)),
        (_job("deploy", noop={"noop": True}), Again(NAMES, environment="production", noop=True)),
        (_job("task", task="db::migrate"), Again(NAMES, task="db::migrate")),
        (_job("task", task="db::migrate", params={"a": 1}), Again(NAMES, task="db::migrate", has_parameters=True)),
        (_job("task"), None),
        (_job("plan_script"), None),
    ],
)
def test_how_to_run_the_failed_nodes_again(job: Job, again: Again | None) -> None:
    """A Puppet run or a task can be run again, other kinds cannot; skipped nodes belong to it, finished ones do not."""
    assert again_for(job, NODES) == again


def test_saved_events_are_run_again_if_they_are_of_a_puppet_run() -> None:
    """Without the job's own document, the results say what it was."""
    assert again_for(None, NODES) == Again(NAMES, environment="staging")
    noop = EndedNode("a", "failed", {**RUN, "noop": True})
    assert again_for(None, [noop]) == Again(("a",), environment="staging", noop=True)


@pytest.mark.parametrize(
    "result",
    [{"_output": "no"}, {"status": "failed"}, {"status": "failed", "metrics": {}}, {"exit_code": 1, "stderr": "no"}],
)
def test_what_may_be_no_puppet_run_is_not_run_again(result: dict[str, Any]) -> None:
    """A task's result, an apply's, or both kinds in one file: the kind is not certain."""
    assert again_for(None, [EndedNode("a", "failed", result)]) is None
    if "metrics" not in result:
        assert again_for(None, [EndedNode("a", "failed", result), EndedNode("b", "failed", RUN)]) is None


def test_a_plan_is_run_again_as_a_whole() -> None:
    """With a note if it had parameters."""
    options = {"plan_name": "app::rollout", "parameters": {}}
    assert again_for(Plan({"options": options}), NODES) == Again(plan="app::rollout")
    parameters = {**options, "parameters": {"version": 2}}
    assert again_for(Plan({"options": parameters}), NODES) == Again(plan="app::rollout", has_parameters=True)


def test_nothing_is_run_again_if_nothing_failed() -> None:
    """Nodes that finished, even with an error, are left alone."""
    assert again_for(_job("deploy"), NODES[3:]) is None


def test_skipped_nodes_are_a_problem_too() -> None:
    """There is something to say about a job if it has a cause or a skipped node."""
    cause = Cause(Finding(CauseKind.ERRORED, "no"), ("a",))
    assert not Explanation(None, "finished", "", Counts(1), ()).has_problems
    assert Explanation(None, "finished", "", Counts(1, skipped=1), ()).has_problems
    assert Explanation(None, "failed", "", Counts(1, failed=1), (cause,)).has_problems
