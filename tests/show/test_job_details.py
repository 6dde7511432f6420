"""What `show` knows of jobs and plans, from the orchestrator or from saved events."""

from contextlib import closing

import pytest
from support.events import event_of

from jobevents_cli.errors import RequestRefused
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.node import Node
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.plan import Plan
from jobevents_cli.runtime.loop import Loop
from jobevents_cli.show.job_details import JobDetails, NodeChoice, Nodes, job_details
from jobevents_cli.show.saved_jobs import saved_details
from jobevents_cli.show.show import status_of

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


def _asked(ref: JobRef) -> JobDetails:
    with closing(Loop(signals=False)) as loop:
        return loop.run(job_details(_Scripted(), ref, Nodes))  # type: ignore[arg-type]


def _event(kind: str, node: str = "", number: int = 1) -> Event:
    return event_of({"id": number, "type": kind, "details": {"node": node}})


def test_a_job_is_shown_with_all_pages_of_its_nodes() -> None:
    """A node that failed makes it a failed job."""
    details = _asked(JOB)
    assert [node.name for node in details.nodes.shown] == ["n1", "n2"]
    assert (details.outcome, status_of([details])) == (Outcome.FAILED, ExitStatus.NODES_FAILED)


def test_a_plan_is_shown_although_one_of_its_jobs_cannot_be_read() -> None:
    """Of that job the plan says the state, and the refusal why there is no more."""
    details = _asked(PLAN)
    assert details.plan
    assert details.outcome is None
    assert [(job.ref, job.job.state, job.problem) for job in details.jobs] == [
        (JOB, "failed", ""),
        (OTHER, "running", "not readable: not for you"),
    ]


def test_saved_events_say_which_nodes_are_still_running() -> None:
    """Such a job has not ended, so it counts for nothing in the exit status."""
    events = [_event("node_running", "n1"), _event("node_running", "n2"), _event("node_finished", "n1")]
    (details,) = saved_details([(JOB, event) for event in events], Nodes)
    assert {node.name: node.state for node in details.nodes.shown} == {"n1": "finished", "n2": "running"}
    assert (details.job.state, details.outcome, status_of([details])) == ("running", None, ExitStatus.DONE)


def test_saved_events_of_a_plan_and_a_job_without_tags() -> None:
    """They belong to one job without a number: a plan, if a plan ends among them, in whatever order."""
    ends = [
        (None, event_of({"type": kind, "id": number})) for number, kind in ((1, "plan_failed"), (2, "job_finished"))
    ]
    for events in (ends, ends[::-1]):
        (plan,) = saved_details(events, Nodes)
        assert (plan.plan is plan.job, plan.job.state, plan.outcome) == (True, "failure", Outcome.FAILED)


@pytest.mark.parametrize("end", ["job_aborted", "job_stopping"])
def test_a_job_that_was_stopped_is_called_stopped(end: str) -> None:
    """Whatever its end says: a job that was asked to stop did not finish."""
    kinds = [end] if end == "job_aborted" else [end, "job_finished"]
    (details,) = saved_details([(JOB, _event(kind, number=number)) for number, kind in enumerate(kinds)], Nodes)
    assert (details.job.state, details.outcome) == ("stopped", Outcome.STOPPED)


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (NodeChoice(), ["bad.example.com", "good.example.com", "slow.example.com"]),
        (NodeChoice(failures=True), ["bad.example.com"]),
        (NodeChoice(running=True), ["slow.example.com"]),
        (NodeChoice(failures=True, running=True), ["bad.example.com", "slow.example.com"]),
        (NodeChoice(("good", "s*")), ["good.example.com", "slow.example.com"]),
        (NodeChoice(("bad.example", "g")), []),
    ],
)
def test_nodes_are_chosen(choice: NodeChoice, names: list[str]) -> None:
    """By state, and by a glob or the first label of the name; all are counted."""
    nodes = Nodes(choice)
    for name, state in (("bad", "failed"), ("good", "finished"), ("slow", "running")):
        nodes.add(Node({"name": f"{name}.example.com", "state": state}), 0.0)
    assert [node.name for node in nodes.shown] == names
    assert nodes.counts.total() == 3
