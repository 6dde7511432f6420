"""What `show` knows of jobs and plans, from the orchestrator or from saved events."""

import pytest

from jobevents_cli.errors import RequestRefused, UnknownJob
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.model.event import Event, event_of
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.node import Node
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.plan import Plan
from jobevents_cli.render.job_details import NodeChoice, NodeCollector, PlanDetails
from jobevents_cli.runtime.job_sources import chosen, details_from, details_from_saved, status_of

JOB, OTHER, PLAN = JobRef.job(352), JobRef.job(353), JobRef.plan(12)


class _Scripted:
    """An orchestrator with the plan 12, whose job 352 can be read and whose job 353 cannot."""

    def job(self, ref: JobRef) -> Job:
        if ref.kind is Kind.PLAN:
            status = {"352": {"state": "failed"}, "353": {"state": "running"}}
            return Plan({"name": "12", "state": "running", "status": status})
        if ref == OTHER:
            raise RequestRefused("not for you")
        return Job({"name": "352", "state": "failed", "node_count": 2})

    def nodes(self, job_id: int, offset: int = 0) -> list[Node]:
        assert job_id == 352
        return [Node({"name": "n2", "state": "failed"}) if offset else Node({"name": "n1", "state": "finished"})]

    def server_time(self) -> float:
        return 0.0


def _collector(now: float) -> NodeCollector:
    return NodeCollector(NodeChoice(), now)


def _event(kind: str, node: str = "", number: int = 1) -> Event:
    return event_of({"id": number, "type": kind, "details": {"node": node}})


def test_a_job_is_shown_with_all_pages_of_its_nodes() -> None:
    """A node that failed makes it a failed job."""
    details = details_from(_Scripted(), JOB, _collector)
    assert [node.name for node in details.nodes] == ["n1", "n2"]
    assert (details.outcome, status_of([details])) == (Outcome.FAILED, ExitStatus.NODES_FAILED)


def test_a_plan_is_shown_although_one_of_its_jobs_cannot_be_read() -> None:
    """Of that job the plan says the state, and the refusal why there is no more."""
    details = details_from(_Scripted(), PLAN, _collector)
    assert isinstance(details, PlanDetails)
    assert details.outcome is None
    assert [(job.ref, job.job.state, job.problem) for job in details.jobs] == [
        (JOB, "failed", ""),
        (OTHER, "running", "not readable: not for you"),
    ]


def test_saved_events_say_which_nodes_are_still_running() -> None:
    """Such a job has not ended, so it counts for nothing in the exit status."""
    events = [_event("node_running", "n1"), _event("node_running", "n2"), _event("node_finished", "n1")]
    (details,) = details_from_saved([(JOB, event) for event in events], _collector)
    assert {node.name: node.state for node in details.nodes} == {"n1": "finished", "n2": "running"}
    assert (details.job.state, details.outcome, status_of([details])) == ("running", None, ExitStatus.DONE)


def test_saved_events_of_a_plan_and_a_job_without_tags() -> None:
    """They belong to one job without a number: a plan, if a plan ends among them, in whatever order."""
    ends = [
        (None, event_of({"type": kind, "id": number})) for number, kind in ((1, "plan_failed"), (2, "job_finished"))
    ]
    for events in (ends, ends[::-1]):
        (plan,) = details_from_saved(events, _collector)
        assert (type(plan), plan.job.state, plan.outcome) == (PlanDetails, "failure", Outcome.FAILED)


def test_saved_events_are_chosen_by_job() -> None:
    """In the order of the choice; a job without events is unknown, and without a choice all are shown."""
    saved = details_from_saved([(JOB, _event("node_running")), (OTHER, _event("job_finished"))], _collector)
    assert [job.ref for job in chosen(saved, [OTHER, JOB], "file")] == [OTHER, JOB]
    assert chosen(saved, [], "file") == saved
    with pytest.raises(UnknownJob, match="--from file: no events of plan 12"):
        chosen(saved, [PLAN], "file")
