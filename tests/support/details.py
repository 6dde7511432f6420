"""Jobs and nodes as `show` knows them, made from few words."""

from typing import Any

from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.node import Node
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.show.job_details import JobDetails, Nodes


def node(name: Any, state: Any = "finished", message: Any = None, **more: Any) -> Node:
    """A node in *state* whose last event had *message*."""
    details = {} if message is None else {"message": message}
    return Node({"name": name, "state": state, "details": details, "result": None, **more})


def run_result(status: str, **metrics: int) -> dict[str, Any]:
    """The result of a Puppet run."""
    return {"status": status, "metrics": {"total": 171, **metrics}}


def details(*nodes: Node, number: int | None = 352, state: str = "failed", **more: Any) -> JobDetails:
    """A job with *nodes*, in *state*; *more* are fields of its document."""
    collected = Nodes()
    for one in nodes:
        collected.add(one, 0.0)
    raw = {"name": None if number is None else str(number), "state": state, **more}
    ref = None if number is None else JobRef.job(number)
    job = Job(raw)
    outcome = _OUTCOMES.get(state)
    return JobDetails(ref, job, collected, outcome, job.seconds(0.0))


_OUTCOMES = {"finished": Outcome.SUCCEEDED, "failed": Outcome.FAILED, "stopped": Outcome.STOPPED}
