"""What `show` knows about jobs and plans by their saved events alone."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from jobevents_cli.model.event import CLOSING_STATES, JOB_ABORTED, JOB_FINISHED, NODE_RUNNING, Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.node import Node
from jobevents_cli.model.outcome import Outcome, outcome_of
from jobevents_cli.model.plan import Plan
from jobevents_cli.model.progress import Progress
from jobevents_cli.show.job_details import RUNNING, JobDetails, Nodes, outcome_so_far

_PLAN_ENDS: Final = {"plan_finished": "success", "plan_failed": "failure"}
_STATES: Final = {Outcome.SUCCEEDED: "finished", Outcome.FAILED: "failed", Outcome.STOPPED: "stopped"}


def saved_details(events: Iterable[tuple[JobRef | None, Event]], new_nodes: Callable[[], Nodes]) -> list[JobDetails]:
    """Return each job and plan in the saved *events*, in the order in which they first appear.

    The nodes of each are added to new ones of *new_nodes*.
    """
    jobs: dict[JobRef | None, _SavedJob] = {}
    for ref, event in events:
        if ref not in jobs:
            jobs[ref] = _SavedJob(ref, new_nodes())
        jobs[ref].take(event)
    details = {ref: job.details() for ref, job in jobs.items()}
    return [
        replace(job, jobs=[details[child] for child in jobs[ref].children if child in details]) if job.plan else job
        for ref, job in details.items()
    ]


class _SavedJob:
    """One job or plan while its events are read; of nodes that ended only what is shown is kept."""

    def __init__(self, ref: JobRef | None, nodes: Nodes) -> None:
        self.children: dict[JobRef, None] = {}
        self._ref = ref
        self._nodes = nodes
        self._progress = Progress()
        self._started: dict[str, str] = {}
        self._ended: set[str] = set()
        self._first = self._last = ""
        self._end: Event | None = None
        self._is_plan = ref is not None and ref.kind is Kind.PLAN

    def take(self, event: Event) -> None:
        """Take in the next *event*."""
        self._progress.take(event)
        self._first = self._first or event.timestamp
        self._last = event.timestamp or self._last
        if event.type in _PLAN_ENDS:
            self._end, self._is_plan = event, True
        elif event.type in (JOB_FINISHED, JOB_ABORTED) and not self._is_plan:
            self._end = event
        if event.child_job is not None:
            self.children[JobRef.job(event.child_job)] = None
        if event.type == NODE_RUNNING and event.node not in self._ended:
            self._started[event.node] = event.timestamp
        elif (state := CLOSING_STATES.get(event.type)) and event.node not in self._ended:
            self._ended.add(event.node)
            self._nodes.add(_node(event, state, self._started.pop(event.node, None)), 0.0)

    def details(self) -> JobDetails:
        """Return what the events say."""
        now = self._progress.last or 0.0  # nothing is known of what came later
        for name, started in self._started.items():
            self._nodes.add(Node({"name": name, "state": RUNNING, "start_timestamp": started}), now)
        first, last = self._progress.first, self._progress.last
        seconds = None if first is None or last is None else max(0.0, last - first)
        if self._is_plan:
            result = self._end.details.get("result") if self._end else None
            plan = Plan({**self._document(_PLAN_ENDS[self._end.type] if self._end else RUNNING), "result": result})
            self._progress.take_job(plan)
            ended = outcome_of(Kind.PLAN, self._progress, self._end) if self._end else None
            return JobDetails(self._ref, plan, outcome=ended, seconds=seconds)
        outcome = outcome_of(Kind.JOB, self._progress, self._end)
        known = outcome_so_far(outcome, self._nodes, is_over=self._end is not None)
        counts = dict(self._nodes.counts)
        state = _STATES[known] if known is not None and self._end else RUNNING
        document = {**self._document(state), "node_count": sum(counts.values()), "node_states": counts}
        return JobDetails(self._ref, Job(document), self._nodes, known, seconds)

    def _document(self, state: str) -> dict[str, object]:
        return {
            "name": str(self._ref.number) if self._ref else None,
            "state": state,
            "created_timestamp": self._first or None,
            "finished_timestamp": (self._last or None) if self._end else None,
        }


def _node(event: Event, state: str, started: str | None) -> Node:
    """Return the node that *event* ended, in the form of `GET /jobs/:job-id/nodes`."""
    details = {"message": event.message}
    if "report-url" in event.detail:
        details["report-url"] = event.detail["report-url"]
    return Node(
        {
            "name": event.node,
            "state": state,
            "start_timestamp": started,
            "finish_timestamp": event.timestamp,
            "details": details,
            "result": event.details.get("detail"),
        }
    )
