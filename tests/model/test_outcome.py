"""The worse of the events and the job's own state counts."""

from typing import Any

import pytest
from support.events import event_of

from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import Kind
from jobevents_cli.model.outcome import Outcome, outcome_of
from jobevents_cli.model.progress import Progress

S, F, X = Outcome.SUCCEEDED, Outcome.FAILED, Outcome.STOPPED


def _outcome(
    kind: Kind, types: list[str], *, state: str | None = None, details: Any = None, **node_states: int
) -> Outcome:
    progress = Progress()
    events = [event_of({"type": name, "details": {"node": str(number)}}) for number, name in enumerate(types)]
    last = event_of({"type": types[-1], "details": details}) if types else None
    progress.take_all(events)
    if state is not None:
        progress.take_job(Job({"state": state, "node_states": node_states}))
    return outcome_of(kind, progress, last)


@pytest.mark.parametrize(
    ("types", "state", "details", "outcome"),
    [
        (["node_finished", "job_finished"], "finished", {}, S),
        (["job_finished"], None, {}, S),
        ([], "finished", {}, S),
        ([], None, {}, S),
        (["node_failed", "job_finished"], "finished", {}, F),
        (["node_errored", "job_finished"], None, {}, F),
        (["node_skipped", "job_finished"], None, {}, F),
        (["node_finished", "job_finished"], "failed", {}, F),
        (["job_aborted"], "finished", {}, X),
        (["node_failed", "job_aborted"], "failed", {}, X),
        (["job_finished"], "stopped", {}, X),
        (["job_stopping", "job_finished"], None, {}, X),
        (["job_stopping", "job_finished"], "finished", {}, S),
        (["job_finished"], None, {"state": "failed"}, F),
        (["job_finished"], None, {"status": "FAILED"}, F),
        (["job_finished"], None, {"detail": {"state": "failed"}}, F),
        (["job_finished"], None, {"detail": {"status": "aborted"}}, X),
        (["job_finished"], None, {"job": {"state": "failed"}}, F),
        (["job_finished"], None, {"job": {"status": "stopped"}}, X),
        (["job_finished"], "finished", {"state": "of the future"}, S),
    ],
)
def test_how_a_job_ended(types: list[str], state: str | None, details: Any, outcome: Outcome) -> None:
    """Failed nodes, the event of the end wherever it carries the final state, and the job's state: the worst."""
    assert _outcome(Kind.JOB, types, state=state, details=details) is outcome


def test_a_node_that_finished_with_an_error_makes_the_job_failed() -> None:
    """Even if the orchestrator calls the job finished."""
    progress = Progress()
    progress.take(event_of({"type": "node_finished", "details": {"node": "a", "detail": {"_error": "no"}}}))
    progress.take_job(Job({"state": "finished", "node_states": {"finished": 1}}))
    assert outcome_of(Kind.JOB, progress, None) is F


def test_nodes_that_only_the_job_knows_of_count() -> None:
    """A failed node whose event never came makes the job failed."""
    assert _outcome(Kind.JOB, ["job_finished"], state="finished", failed=1) is F
    assert _outcome(Kind.JOB, ["job_finished"], state="finished", finished=1) is S


@pytest.mark.parametrize(
    ("types", "state", "outcome"),
    [
        (["plan_finished"], "success", S),
        (["plan_failed"], None, F),
        (["plan_finished"], "failure", F),
        ([], "stopped", X),
        (["node_failed", "plan_finished"], "success", S),
    ],
)
def test_how_a_plan_ended(types: list[str], state: str | None, outcome: Outcome) -> None:
    """Its own events and state count, its jobs' nodes do not."""
    assert _outcome(Kind.PLAN, types, state=state) is outcome


def test_the_exit_status_of_each_outcome() -> None:
    """0, 3 and 5."""
    assert [one.status for one in Outcome] == [ExitStatus.DONE, ExitStatus.NODES_FAILED, ExitStatus.STOPPED]


def test_which_outcomes_are_bad() -> None:
    """All but success."""
    assert [outcome.is_bad for outcome in Outcome] == [False, True, True]
