"""Find out why a job, a plan or saved events failed: ask the orchestrator for results, and PuppetDB for reports.

`explain` and `explain_saved` are generators of requests, for `runtime/loop.py`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.clients.puppetdb import PuppetdbClient, PuppetdbUnusable
from jobevents_cli.errors import AccessDenied, JobEventsError, RequestRefused, TokenRefused, TransientFault
from jobevents_cli.model.event import CLOSING_STATES, END_TYPES, PLAN_FAILED, Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.json_values import as_text
from jobevents_cli.model.node import Node
from jobevents_cli.model.plan import Plan, target_results
from jobevents_cli.runtime.job_search import read_nodes
from jobevents_cli.runtime.loop import Requests
from jobevents_cli.why.again import again_for
from jobevents_cli.why.asking import Asking
from jobevents_cli.why.causes import CauseKind, Causes, Failure
from jobevents_cli.why.explanation import Explanation, counts_of, title_of
from jobevents_cli.why.failures import EndedNode, ended_node, failures_of, plan_failures
from jobevents_cli.why.report import Report, ResourceFailure
from jobevents_cli.why.report_findings import Steps
from jobevents_cli.why.reports import REPORTS_PER_LOGS, Run, RunReports, chunks, log_in, run_of

_APPLIES: Final = ("apply", "plan_apply")


def _ignore(_what: str) -> None:
    """Tell nobody what is waited for."""


def explain(
    client: Orchestrator,
    puppetdb: PuppetdbClient,
    ref: JobRef,
    *,
    wanted: Callable[[str], bool] | None = None,
    within: float | None = None,
    note: Callable[[str], object] = _ignore,
    said: set[str] | None = None,
) -> Requests[Explanation]:
    """Return why the job or plan *ref* failed; only the nodes whose names are *wanted* count.

    *within*: seconds that servers may take in all; then what is known without them is returned. *note* is told which
    server is waited for, and "" when its response has come. *said*: notices about PuppetDB that are not repeated; new
    ones are added.
    Raises what the client raises if the job itself or its nodes cannot be read.
    """
    asking = Asking(within, note)
    job = yield from asking.retried(client.url, partial(client.job, ref))
    reading = _Reading(client, asking)
    if isinstance(job, Plan):
        yield from reading.read_plan(ref, job)
    else:
        yield from reading.read_job(job, ref.number)
    explaining = _Explaining(RunReports(puppetdb, asking, client.server_time()), asking)
    return (yield from _explanation(ref, job, reading.found.only(wanted), explaining, said))


def explain_saved(
    puppetdb: PuppetdbClient,
    ref: JobRef | None,
    jobs: Mapping[JobRef | None, Iterable[Event]],
    *,
    wanted: Callable[[str], bool] | None = None,
    note: Callable[[str], object] = _ignore,
    said: set[str] | None = None,
) -> Requests[Explanation]:
    """Return why the job or plan *ref* failed, by saved events only, without the orchestrator.

    *jobs* has the events of each job, see `events_by_job`. A plan is explained together with its jobs. The other
    arguments are those of `explain`.
    """
    asking = Asking(None, note)
    saved = yield from asking.work(_by_events(ref, jobs.get(ref, ())))
    found = _Found(saved.seen, list(saved.ended.values()))
    for child in sorted(saved.children):
        job = yield from asking.work(_by_events(child, jobs.get(child, ())))
        found.add(job.seen, job.ended.values())
    if saved.plan_errors != (None, ""):
        found.add_plan_error(*saved.plan_errors)
    explaining = _Explaining(RunReports(puppetdb, asking), asking)
    explanation = yield from _explanation(ref, None, found.only(wanted), explaining, said)
    return replace(explanation, is_running=not saved.is_over)


def events_by_job(saved: Iterable[tuple[JobRef | None, Event]]) -> dict[JobRef | None, list[Event]]:
    """Return the events of each job among *saved*, the jobs in the order of their first events."""
    jobs: dict[JobRef | None, list[Event]] = {}
    for ref, event in saved:
        jobs.setdefault(ref, []).append(event)
    return jobs


@dataclass
class _Found:
    """What was read: the names of all nodes, those that ended badly, and a plan's own errors."""

    names: set[str] = field(default_factory=set)
    nodes: list[EndedNode] = field(default_factory=list)
    plan_errors: list[Failure] = field(default_factory=list)
    count: int = 0
    """How many nodes the job says it has."""
    notices: list[str] = field(default_factory=list)
    is_narrowed: bool = False
    """Only some of the nodes count."""

    def add(self, names: Collection[str], nodes: Iterable[EndedNode]) -> None:
        """Add a job's nodes."""
        self.names.update(names)
        self.nodes += nodes

    def add_plan_error(self, error: object, message: str) -> None:
        """Add the *error* that a plan failed with, and the targets on which it did.

        What its jobs say about a target counts, unless they are jobs of `apply`: these do not say why.
        """
        own, targets = plan_failures(error, message)
        self.plan_errors += own
        self.names.update(result.target for result in target_results(error))
        applied = {target.name for target in targets if target.job_type in _APPLIES}
        of_jobs = {node.name for node in self.nodes if node.has_failed and not node.is_apply}
        self.nodes = [node for node in self.nodes if not (node.is_apply and node.name in applied)]
        self.nodes += [each for each in targets if each.job_type in _APPLIES or each.name not in of_jobs]

    def only(self, wanted: Callable[[str], bool] | None) -> "_Found":
        """Return what concerns the nodes whose names are *wanted*."""
        if wanted is None:
            return self
        return replace(self, nodes=[node for node in self.nodes if wanted(node.name)], is_narrowed=True)


class _Reading:
    """Reads a job or a plan from the orchestrator."""

    def __init__(self, client: Orchestrator, asking: Asking) -> None:
        self.found = _Found()
        self._client = client
        self._asking = asking

    def read_job(self, job: Job, number: int) -> Requests[None]:
        """Read the nodes of *job* that ended badly; from its events, if it lists none."""
        bad: dict[str, EndedNode] = {}
        names: list[str] = []

        def take(page: Sequence[Node]) -> None:
            names.extend(node.name for node in page)
            ended = (ended_node(node, job, number) for node in page)
            bad.update((node.name, node) for node in ended if node.has_failed or node.state == "skipped")

        ask = partial(self._asking.retried, self._client.url)
        yield from read_nodes(self._client.nodes, number, job.node_count, take, ask)
        if not names and job.node_count != 0:
            saved = yield from self._by_events(JobRef.job(number))
            self.found.add(saved.seen, saved.ended.values())
            self.found.count += job.node_count or len(saved.seen)
            return
        if any(_needs_events(node) for node in bad.values()):
            saved = yield from self._by_events(JobRef.job(number))
            bad = {name: _completed(node, saved.ended.get(name)) for name, node in bad.items()}
        self.found.add(names, bad.values())
        self.found.count += job.node_count or len(names)

    def read_plan(self, ref: JobRef, plan: Plan) -> Requests[None]:
        """Read the *plan* with all of its jobs. One that cannot be read is left out."""
        saved = yield from self._by_events(ref)
        for number in sorted({*plan.child_states, *(child.number for child in saved.children)}):
            try:
                job = yield from self._asking.retried(self._client.url, partial(self._client.job, JobRef.job(number)))
                yield from self.read_job(job, number)
            except TokenRefused:
                raise
            except (RequestRefused, AccessDenied) as error:
                self.found.notices.append(f"job {number} could not be read: {error.message}")
        self.found.count = 0  # a node counts once, in however many of the jobs it was
        result, message = saved.plan_errors
        if plan.state == "failure" or message:
            self.found.add_plan_error(plan.result if result is None else result, message)

    def _by_events(self, ref: JobRef) -> Requests["_JobByEvents"]:
        """Return what the events of *ref* say; nothing, and a notice, if they cannot be read."""
        events: Iterable[Event] = ()
        try:
            page = yield from self._asking.retried(self._client.url, partial(self._client.events, ref, None))
            events = page.events
        except JobEventsError as error:
            self.found.notices.append(f"the events of {ref.label} could not be read: {error.message}")
        return (yield from self._asking.work(_by_events(ref, events)))


def _needs_events(node: EndedNode) -> bool:
    """Whether the node's event may contain what its result lacks: a report's hash, a reason."""
    if not node.has_failed:
        return False
    if node.has_report:
        return not node.report_hash
    return not (node.message if node.kind is CauseKind.ERRORED else node.result)


def _completed(node: EndedNode, by_event: EndedNode | None) -> EndedNode:
    """Return *node* with what its event says beside it: a report's hash, a message, a result."""
    if by_event is None or by_event.state != node.state:
        return node
    result = {**by_event.detail, **node.detail} if by_event.detail else node.result
    return replace(node, result=result, message=node.message or by_event.message)


@dataclass
class _JobByEvents:
    """What the events of one job or plan say."""

    seen: set[str] = field(default_factory=set)
    ended: dict[str, EndedNode] = field(default_factory=dict)
    children: set[JobRef] = field(default_factory=set)
    plan_errors: tuple[object, str] = (None, "")
    """The error that the plan failed with, and its message."""
    is_over: bool = False


def _by_events(ref: JobRef | None, events: Iterable[Event]) -> Steps[_JobByEvents]:
    job = _JobByEvents()
    number = ref.number if ref and ref.kind is Kind.JOB else None
    for event in events:
        yield
        if event.node:
            job.seen.add(event.node)
        if (state := CLOSING_STATES.get(event.type)) and event.node:
            detail, uuid = event.details.get("detail"), as_text(event.detail.get("transaction_uuid"))
            job.ended[event.node] = EndedNode(event.node, state, detail, event.message, uuid, None, number)
        if event.child_job is not None:
            job.children.add(JobRef.job(event.child_job))
        if event.type == PLAN_FAILED:
            job.plan_errors = event.details.get("result"), event.message or "the plan failed"
        job.is_over = job.is_over or event.type in END_TYPES
    return job


def _explanation(
    ref: JobRef | None, job: Job | None, found: _Found, explaining: "_Explaining", said: set[str] | None
) -> Requests[Explanation]:
    """Return what is known of *job*, and what the reports of its runs say."""
    for failure in found.plan_errors:
        explaining.causes.add(failure)
    yield from explaining.add(found.nodes)
    notices = [*found.notices, *explaining.notices]
    if explaining.problem and explaining.problem not in (said or ()):
        notices.append(explaining.problem)
        if said is not None:
            said.add(explaining.problem)
    is_saved_plan = job is None and ref is not None and ref.kind is Kind.PLAN
    return Explanation(
        ref,
        job.state if job else "",
        title_of(job) if job else "",
        counts_of(found.nodes, found.count or len(found.names)),
        explaining.causes.grouped(),
        is_running=job is not None and not job.is_over,
        is_narrowed=found.is_narrowed,
        again=None if is_saved_plan else again_for(job, found.nodes),
        notices=tuple(notices),
    )


class _Explaining:
    """Groups the failures of nodes, with their runs' reports as far as PuppetDB has them."""

    def __init__(self, reports: RunReports, asking: Asking) -> None:
        self.causes = Causes()
        self.problem = ""
        """Why PuppetDB could not be queried, if so."""
        self.notices: list[str] = []
        self._reports = reports
        self._asking = asking
        self._left: dict[Run, EndedNode] = {}
        """Runs whose reports were not read, or not yet."""

    def add(self, nodes: Iterable[EndedNode]) -> Requests[None]:
        """Add what went wrong on *nodes*."""
        others: list[EndedNode] = []
        for node in nodes:
            if node.has_report:
                self._left[run_of(node)] = node
            else:
                others.append(node)
        failures: dict[str, list[ResourceFailure]] = {}
        found: dict[Run, str] = {}
        if self._left:
            try:
                found = yield from self._reports.found({run: node.finished_at for run, node in self._left.items()})
                if lacking := len(self._left) - len(found):
                    number = "1 failed run" if lacking == 1 else f"{lacking} failed runs"
                    causes = "causes are those that the orchestrator knows"
                    self.notices.append(f"PuppetDB has no report of {number}: {causes}")
                hashes = list(dict.fromkeys(found.values()))
                failures = yield from self._reports.failures(hashes)
                yield from self._add_with_logs(found, hashes, failures)
            except (PuppetdbUnusable, TransientFault) as error:
                hint = f"; {error.hint}" if error.hint else ""
                self.problem = (
                    f"PuppetDB could not be queried, so causes of failed runs are incomplete: {error.message}{hint}"
                )
        for run, node in self._left.items():
            failed = failures.get(found.get(run, ""), ())
            yield from self._add(node, Report(tuple(failed)) if failed else None)
        for node in others:
            yield from self._add(node, None)

    def _add_with_logs(
        self, found: Mapping[Run, str], hashes: Sequence[str], failures: Mapping[str, Sequence[ResourceFailure]]
    ) -> Requests[None]:
        runs_of: dict[str, list[Run]] = {}
        for run, report_hash in found.items():
            runs_of.setdefault(report_hash, []).append(run)
        for some in chunks(hashes, REPORTS_PER_LOGS):
            for row in (yield from self._reports.logs(some)):
                report_hash, log = yield from self._asking.work(log_in(row, failures))
                for run in runs_of.get(report_hash, ()):
                    if node := self._left.pop(run, None):
                        yield from self._add(node, Report(tuple(failures.get(report_hash, ())), log))

    def _add(self, node: EndedNode, report: Report | None) -> Requests[None]:
        failures = yield from self._asking.work(failures_of(node, report, puppetdb_answers=not self.problem))
        yield from self._asking.work(_grouping(self.causes, failures))


def _grouping(causes: Causes, failures: Iterable[Failure]) -> Steps[None]:
    for failure in failures:
        yield
        causes.add(failure)
