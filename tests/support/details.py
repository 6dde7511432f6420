"""Jobs and nodes as `show` knows them, made from few words."""

from typing import Any

from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.node import Node
from jobevents_cli.render.job_details import JobDetails, NodeChoice, NodeCollector, job_seconds


def node(name: Any, state: Any = "finished", message: Any = None, **more: Any) -> Node:
    """A node in *state* whose last event had *message*."""
    details = {} if message is None else {"message": message}
    return Node({"name": name, "state": state, "details": details, "result": None, **more})


def run_result(status: str, **metrics: int) -> dict[str, Any]:
    """The result of a Puppet run."""
    return {"status": status, "metrics": {"total": 171, **metrics}}


def details(*nodes: Node, number: int | None = 352, state: str = "failed", **more: Any) -> JobDetails:
    """A job with *nodes*, in *state*; *more* are fields of its document."""
    collector = NodeCollector(NodeChoice(), 0.0)
    for one in nodes:
        collector.add(one)
    raw = {"name": None if number is None else str(number), "state": state, **more}
    ref = None if number is None else JobRef.job(number)
    job = Job(raw)
    return JobDetails(ref, job, collector.nodes, collector.counts, collector.changed, seconds=job_seconds(job, 0.0))
