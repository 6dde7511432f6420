"""Where `show` gets its jobs and plans from: the orchestrator, or saved events."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from jobevents_cli.errors import AccessDenied, RequestRefused, TokenRefused, UnknownJob
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.model.event import CLOSING_STATES, JOB_ABORTED, JOB_FINISHED, NODE_RUNNING, Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.node import Node
from jobevents_cli.model.outcome import Outcome, outcome_of
from jobevents_cli.model.plan import Plan
from jobevents_cli.model.progress import WITH_ERROR, Progress
from jobevents_cli.render.job_details import JobDetails, NodeCollector, PlanDetails, job_seconds
from jobevents_cli.runtime.job_search import nodes_of
from jobevents_cli.runtime.retry import fetch

_PLAN_ENDS: Final = {"plan_finished": "success", "plan_failed": "failure"}
_STATES: Final = {Outcome.SUCCEEDED: "finished", Outcome.FAILED: "failed", Outcome.STOPPED: "stopped"}

NewCollector = Callable[[float], NodeCollector]
"""Makes a collector for a job's nodes, given the time."""


class Orchestrator(Protocol):
    """What showing a job needs of the client."""

    def job(self, ref: JobRef) -> Job:
        """The job or plan as it is now."""

    def nodes(self, job_id: int, offset: int = 0) -> list[Node]:
        """Its nodes as they are now."""

    def server_time(self) -> float:
        """The orchestrator's clock, in seconds since 1970."""


def details_from(client: Orchestrator, ref: JobRef, collector: NewCollector, *, with_nodes: bool = True) -> JobDetails:
    """Return the job or plan *ref* as it is now; its nodes go through a new collector.

    *with_nodes*: also request the nodes of a plan's jobs. Requests that fail are repeated for 5 s.
    """
    (job,) = fetch(lambda: iter([client.job(ref)]))
    if not isinstance(job, Plan):
        return _with_nodes(client, ref, job, collector)
    jobs = tuple(
        _child(client, JobRef.job(number), state, collector if with_nodes else None)
        for number, state in sorted(job.child_states.items())
    )
    progress = Progress()
    progress.take_job(job)
    outcome = outcome_of(Kind.PLAN, progress, None) if job.is_over else None
    return PlanDetails(ref, job, outcome=outcome, seconds=job_seconds(job, client.server_time()), jobs=jobs)


def _child(client: Orchestrator, ref: JobRef, state: str, collector: NewCollector | None) -> JobDetails:
    """Return one of a plan's jobs. If it cannot be read, what the plan says about it, and why."""
    try:
        (job,) = fetch(lambda: iter([client.job(ref)]))
        if collector is not None:
            return _with_nodes(client, ref, job, collector)
        return JobDetails(ref, job, seconds=job_seconds(job, client.server_time()))
    except TokenRefused:
        raise
    except (AccessDenied, RequestRefused) as error:
        return JobDetails(ref, Job({"name": str(ref.number), "state": state}), problem=f"not readable: {error}")


def _with_nodes(client: Orchestrator, ref: JobRef, job: Job, collector: NewCollector) -> JobDetails:
    def collected() -> NodeCollector:
        nodes = collector(client.server_time())
        for page in nodes_of(client, ref.number, job.node_count):
            for node in page:
                nodes.add(node)
        return nodes

    (nodes,) = fetch(lambda: iter([collected()]))
    counts = {f"node_{state}": count for state, count in nodes.counts.items()}
    progress = Progress({**counts, WITH_ERROR: nodes.with_error})
    progress.take_job(job)
    seconds = job_seconds(job, client.server_time())
    return _details(ref, job, nodes, _outcome(progress, None, is_over=job.is_over), seconds)


def _outcome(progress: Progress, last: Event | None, *, is_over: bool) -> Outcome | None:
    """Return how the job ended; None if it has not, unless a node has failed already: then the job will fail."""
    outcome = outcome_of(Kind.JOB, progress, last)
    return outcome if is_over or outcome is Outcome.FAILED else None


def _details(
    ref: JobRef | None, job: Job, nodes: NodeCollector, outcome: Outcome | None, seconds: float | None
) -> JobDetails:
    return JobDetails(ref, job, nodes.nodes, nodes.counts, nodes.changed, outcome, nodes.only, nodes.lines, seconds)


def details_from_saved(events: Iterable[tuple[JobRef | None, Event]], collector: NewCollector) -> list[JobDetails]:
    """Return each job and plan in the saved *events*, in the order in which they first appear.

    The nodes of each go through a new collector.
    """
    jobs: dict[JobRef | None, _SavedJob] = {}
    for ref, event in events:
        if ref not in jobs:
            jobs[ref] = _SavedJob(ref, collector(0.0))
        jobs[ref].take(event)
    details = {ref: job.details() for ref, job in jobs.items()}
    return [_as_plan(job, jobs[ref].children, details) for ref, job in details.items()]


def chosen(details: list[JobDetails], refs: Sequence[JobRef], name: str) -> list[JobDetails]:
    """Return those of *details*, read from the file *name*, that *refs* name; all if these are empty.

    UnknownJob if the file has no event of one of them.
    """
    known = {job.ref: job for job in details}
    for ref in refs:
        if ref not in known:
            hint = "leave JOB out: its events name no job" if None in known else None
            raise UnknownJob(f"--from {name}: no events of {ref.label}", hint=hint)
    return [known[ref] for ref in refs] if refs else details


def status_of(details: Iterable[JobDetails]) -> ExitStatus:
    """Return the exit status that `tail` would end with: the worst of all *details*; 0 for what has not ended."""
    outcomes = [job.outcome for job in details if job.outcome is not None]
    return max(outcomes, default=Outcome.SUCCEEDED).status


class _SavedJob:
    """One job or plan while its events are read; of nodes that ended only the collected form is kept."""

    def __init__(self, ref: JobRef | None, nodes: NodeCollector) -> None:
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
            self._nodes.add(_node(event, state, self._started.pop(event.node, None)))

    def details(self) -> JobDetails:
        """Return what the events say."""
        self._nodes.now = self._progress.last or 0.0  # nothing is known of what came later
        for name, started in self._started.items():
            self._nodes.add(Node({"name": name, "state": "running", "start_timestamp": started}))
        if self._is_plan:
            state = _PLAN_ENDS[self._end.type] if self._end else "running"
            result = self._end.details.get("result") if self._end else None
            plan = Plan({**self._document(state), "result": result})
            progress = self._progress
            progress.take_job(plan)
            outcome = outcome_of(Kind.PLAN, progress, self._end) if self._end else None
            return PlanDetails(self._ref, plan, outcome=outcome, seconds=self._seconds)
        outcome = _outcome(self._progress, self._end, is_over=self._end is not None)
        state = _STATES[outcome] if outcome is not None and self._end else "running"
        counts = dict(self._nodes.counts)
        document = {**self._document(state), "node_count": sum(counts.values()), "node_states": counts}
        return _details(self._ref, Job(document), self._nodes, outcome, self._seconds)

    @property
    def _seconds(self) -> float | None:
        first, last = self._progress.first, self._progress.last
        return None if first is None or last is None else max(0.0, last - first)

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


def _as_plan(job: JobDetails, children: Iterable[JobRef], details: dict[JobRef | None, JobDetails]) -> JobDetails:
    """Return *job*, a plan with those of its jobs that were saved too."""
    if not isinstance(job, PlanDetails):
        return job
    jobs = tuple(details[ref] for ref in children if ref in details)
    return PlanDetails(job.ref, job.job, outcome=job.outcome, seconds=job.seconds, jobs=jobs)
