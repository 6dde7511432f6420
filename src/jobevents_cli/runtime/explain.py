"""Finds out why a job, a plan or saved events failed: results from the orchestrator, reports from PuppetDB.

Longer than other modules because jobs, plans and saved events share the way to their causes.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from jobevents_cli.clients.puppetdb import PuppetdbClient
from jobevents_cli.errors import AccessDenied, Interrupted, JobEventsError, RequestRefused, TokenRefused
from jobevents_cli.model.causes import CauseKind, Failure, Finding, group
from jobevents_cli.model.event import CLOSING_STATES, END_TYPES, PLAN_FAILED, Event
from jobevents_cli.model.explanation import Explanation, again_for, counts_of, title_of
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.model.node_failures import EndedNode, failures_of
from jobevents_cli.model.plan import Plan, failed_targets
from jobevents_cli.runtime.job_search import nodes_of
from jobevents_cli.runtime.retry import fetch
from jobevents_cli.runtime.run_reports import RunReports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from jobevents_cli.clients.orchestrator import Orchestrator
    from jobevents_cli.config.connection import Connection
    from jobevents_cli.model.job import Job

_LIMIT: Final = 30.0
"""Seconds that one request may take."""


class Explainer:
    """Explains jobs, one at a time. The explanation's notices say what is missing."""

    def __init__(
        self,
        orchestrator: Orchestrator | None,
        puppetdb: Sequence[Connection],
        *,
        puppetdb_problem: JobEventsError | None = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        within: float | None = None,
        said: dict[str, object] | None = None,
    ) -> None:
        """*orchestrator* is not needed for saved events. *within*: seconds that an explanation may take in all.

        *puppetdb_problem*: why *puppetdb* is empty, unless no address is configured. *said*: what explainers in other
        threads and this one have said about PuppetDB, which is not said again.
        """
        self._orchestrator = orchestrator
        self._puppetdb = PuppetdbClient(puppetdb, puppetdb_problem)
        self._sleep = sleep
        self._clock = clock
        self._within = within
        self._said = {} if said is None else said
        self._deadline: float | None = None
        self._notices: list[str] = []

    def explain(self, ref: JobRef, *, wanted: Callable[[str], bool] | None = None) -> Explanation:
        """Why the job or plan *ref* failed; only the nodes whose names are *wanted* count.

        Raises what the orchestrator's client raises if the job itself cannot be read.
        """
        self._begin()
        job = self._job(ref)
        if ref.kind is Kind.PLAN:
            return self._explain_plan(ref, job, wanted)
        nodes, count = self._nodes(job, ref.number)
        return self._explanation(ref, job, nodes, job.node_count or count, wanted)

    def explain_saved(
        self,
        ref: JobRef | None,
        jobs: Mapping[JobRef | None, Iterable[Event]],
        *,
        wanted: Callable[[str], bool] | None = None,
    ) -> Explanation:
        """Why the job or plan *ref* failed, by saved events only, without the orchestrator.

        *jobs* has the events of each job, see `events_by_job`. A plan is explained together with its jobs.
        """
        self._begin()
        saved = [_JobByEvents(ref, jobs.get(ref, ()))]
        saved += [_JobByEvents(child, jobs.get(child, ())) for child in sorted(saved[0].children)]
        nodes = [node for job in saved for node in job.ended.values()]
        count = sum(len(job.seen) for job in saved)
        explanation = self._explanation(ref, None, nodes, count, wanted, plan_errors=saved[0].plan_errors)
        return replace(explanation, is_running=not saved[0].is_over)

    def close(self) -> None:
        """Close the connections to PuppetDB that are idle."""
        self._puppetdb.close()

    @property
    def _client(self) -> Orchestrator:
        if self._orchestrator is None:
            raise ValueError("an orchestrator is needed for a job that was not saved")
        return self._orchestrator

    def _begin(self) -> None:
        self._notices = []
        self._deadline = None if self._within is None else self._clock() + self._within

    def _limit(self) -> float:
        """Seconds that the next request may take."""
        left = _LIMIT if self._deadline is None else self._deadline - self._clock()
        return max(0.1, min(_LIMIT, left))

    def _wait(self, seconds: float) -> bool:
        """Wait *seconds*; False if there is no time for that."""
        if self._deadline is not None and self._clock() + seconds > self._deadline:
            return False
        self._sleep(seconds)
        return True

    def _job(self, ref: JobRef) -> Job:
        (job,) = fetch(lambda: iter([self._client.job(ref)]))
        return job

    def _nodes(self, job: Job, number: int) -> tuple[list[EndedNode], int]:
        """The nodes of *job* that ended badly, and how many nodes there are."""
        ((bad, count),) = fetch(lambda: iter([self._bad_nodes(job, number)]))
        if any(_needs_events(node) for node in bad.values()):
            self._add_events(bad, number)
        if not count and job.node_count != 0:  # the list of nodes is empty: the events name those that ended
            saved = _JobByEvents(JobRef.job(number), self._events(JobRef.job(number)))
            bad, count = saved.ended, len(saved.seen)
        return list(bad.values()), count

    def _bad_nodes(self, job: Job, number: int) -> tuple[dict[str, EndedNode], int]:
        bad: dict[str, EndedNode] = {}
        count = 0
        for page in nodes_of(self._client, number, job.node_count):
            for node in page:
                count += 1
                ended = EndedNode(
                    node.name,
                    node.state,
                    node.result,
                    as_text(node.details.get("message")).strip(),
                    node.transaction_uuid,
                    node.finished_at or job.finished_at,
                    number,
                    job.type,
                )
                if ended.has_failed or ended.state == "skipped":
                    bad[ended.name] = ended
        return bad, count

    def _add_events(self, bad: dict[str, EndedNode], number: int) -> None:
        """Complete the nodes in *bad* with what the job's events say: a report's hash, a message, a result."""
        for event in self._events(JobRef.job(number)):
            node = bad.get(event.node)
            if node is None or CLOSING_STATES.get(event.type) != node.state:
                continue
            result = {**event.detail, **node.detail} if event.detail else node.result
            bad[node.name] = replace(node, result=result, message=node.message or event.message)

    def _events(self, ref: JobRef) -> Iterator[Event]:
        """The events of *ref*; a notice instead of what cannot be read."""
        try:
            (page,) = fetch(lambda: iter([self._client.events(ref, None)]))
            yield from page.events
        except Interrupted:
            raise
        except JobEventsError as error:
            self._notices.append(f"the events of {ref.label} could not be read: {error.message}")

    def _explain_plan(self, ref: JobRef, plan: Job, wanted: Callable[[str], bool] | None) -> Explanation:
        children = set(plan.child_states) if isinstance(plan, Plan) else set()
        saved = _JobByEvents(ref, self._events(ref))
        children.update(child.number for child in saved.children)
        plan_errors = saved.plan_errors
        if not plan_errors and plan.state == "failure":
            plan_errors = _plan_failures(plan.raw.get("result"), "the plan failed")
        nodes: list[EndedNode] = []
        count = 0
        for number in sorted(children):
            try:
                job = self._job(JobRef.job(number))
                found, seen = self._nodes(job, number)
            except TokenRefused:
                raise
            except (RequestRefused, AccessDenied) as error:
                self._notices.append(f"job {number} could not be read: {error.message}")
                continue
            nodes += found
            count += job.node_count or seen
        return self._explanation(ref, plan, nodes, count, wanted, plan_errors=plan_errors)

    def _explanation(
        self,
        ref: JobRef | None,
        job: Job | None,
        nodes: list[EndedNode],
        node_count: int,
        wanted: Callable[[str], bool] | None,
        *,
        plan_errors: Sequence[Failure] = (),
    ) -> Explanation:
        if wanted is not None:
            nodes = [node for node in nodes if wanted(node.name)]
            plan_errors = [failure for failure in plan_errors if not failure.node or wanted(failure.node)]
        reports = RunReports(nodes)
        server_time = self._orchestrator.server_time() if self._orchestrator else None
        reports.read(self._puppetdb, limit=self._limit, wait=self._wait, server_time=server_time)
        self._notices += reports.notices
        if reports.problem and self._is_news(reports.problem):
            self._notices.append(reports.problem)
        failures = [
            failure
            for node in nodes
            for failure in failures_of(node, reports.of(node), puppetdb_answers=not reports.problem)
        ]
        causes = group([*plan_errors, *failures])
        return Explanation(
            ref,
            job.state if job else "",
            title_of(job) if job else "",
            counts_of(nodes, node_count),
            causes,
            is_running=job is not None and not job.is_over,
            is_narrowed=wanted is not None,
            again=None if ref and ref.kind is Kind.PLAN else again_for(job, nodes),
            notices=tuple(self._notices),
        )

    def _is_news(self, problem: str) -> bool:
        mark = object()
        return self._said.setdefault(problem, mark) is mark  # one step: other threads explain other jobs


def events_by_job(saved: Iterable[tuple[JobRef | None, Event]]) -> dict[JobRef | None, list[Event]]:
    """The events of each job among *saved*, the jobs in the order of their first events."""
    jobs: dict[JobRef | None, list[Event]] = {}
    for ref, event in saved:
        jobs.setdefault(ref, []).append(event)
    return jobs


class _JobByEvents:
    """What the *events* of the one job or plan *ref* say."""

    def __init__(self, ref: JobRef | None, events: Iterable[Event]) -> None:
        self.seen: set[str] = set()
        self.ended: dict[str, EndedNode] = {}
        self.children: set[JobRef] = set()
        self.plan_errors: list[Failure] = []
        self.is_over = False
        self._number = ref.number if ref and ref.kind is Kind.JOB else None
        for event in events:
            self._take(event)

    def _take(self, event: Event) -> None:
        if event.node:
            self.seen.add(event.node)
        if (state := CLOSING_STATES.get(event.type)) and event.node:
            detail, uuid = event.details.get("detail"), as_text(event.detail.get("transaction_uuid"))
            self.ended[event.node] = EndedNode(event.node, state, detail, event.message, uuid, None, self._number)
        if event.child_job is not None:
            self.children.add(JobRef.job(event.child_job))
        if event.type == PLAN_FAILED:
            self.plan_errors += _plan_failures(event.details.get("result"), event.message)
        self.is_over = self.is_over or event.type in END_TYPES


def _needs_events(node: EndedNode) -> bool:
    """Whether the node's event may contain what its result lacks: a report's hash, a reason."""
    if not node.has_failed:
        return False
    if node.has_report:
        return not node.report_hash
    return not (node.message if node.kind is CauseKind.ERRORED else node.result)


def _plan_failures(result: object, message: str) -> list[Failure]:
    """The error that a plan failed with, on each target that did not succeed."""
    error = as_mapping(result)
    text = as_text(error.get("msg")) or as_text(result) or message or "the plan failed"
    finding = Finding(CauseKind.PLAN, text.strip())
    return [Failure(target, finding) for target in failed_targets(error)] or [Failure("", finding)]
