"""Find out what a job changed, or in a noop run would change: the events of its reports, grouped by resource."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from msgspec import Raw, Struct
from msgspec.json import Decoder

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.clients.puppetdb import PuppetdbClient, PuppetdbUnusable
from jobevents_cli.errors import AccessDenied, RequestRefused, TokenRefused, TransientFault
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.json_text import NOT_JSON
from jobevents_cli.model.json_values import as_count, as_mapping, as_text
from jobevents_cli.model.node import Node
from jobevents_cli.model.node_result import is_noop
from jobevents_cli.model.plan import Plan
from jobevents_cli.runtime.job_search import read_nodes
from jobevents_cli.runtime.loop import Requests
from jobevents_cli.why.asking import Asking
from jobevents_cli.why.cause_key import blanked, ends_of
from jobevents_cli.why.causes import CauseKind, digest_of
from jobevents_cli.why.explanation import title_of
from jobevents_cli.why.failures import EndedNode, ended_node
from jobevents_cli.why.property_value import as_value
from jobevents_cli.why.report_findings import Steps
from jobevents_cli.why.reports import Run, RunReports, run_of

_EVENTS_AT_ONCE: Final = 10_000
"""Events that one request asks for, by the counts that the orchestrator knows: they take some 5 MB."""

_REPORTS_AT_ONCE: Final = 250

_UNKNOWN: Final = 500
"""Events of a run whose counts are not known."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a property of a resource on *nodes*, sorted by name, in the words of the first of them.

    *old* and *new* are the values as PuppetDB returns them. *corrective*: Puppet put right what somebody else had
    changed. *noop*: it would happen. *property* is None for what is said by the *message* alone.
    """

    nodes: tuple[str, ...]
    resource: str
    property: str | None = None
    old: Any = None
    new: Any = None
    message: str = ""
    file: str | None = None
    line: int | None = None
    corrective: bool = False
    noop: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What a job or plan changed. *nodes* is how many it has, *changed* on how many something did or would change.

    *failed* nodes are not explained here. *has_runs*: it has Puppet runs; tasks report no changes. *notices* are
    sentences for standard error: what is missing.
    """

    ref: JobRef
    state: str
    title: str
    nodes: int
    changed: int = 0
    failed: int = 0
    changes: tuple[Change, ...] = ()
    has_runs: bool = True
    is_noop: bool = False
    is_running: bool = False
    notices: tuple[str, ...] = ()

    def text(self, width: int | None = None) -> str:
        """Return what `jobevents changes` prints on a screen *width* columns wide; without one in whole lines."""
        from jobevents_cli.why.changes_text import plain_text

        return plain_text(self, width)


def changes(
    client: Orchestrator,
    puppetdb: PuppetdbClient,
    ref: JobRef,
    *,
    wanted: Callable[[str], bool] | None = None,
    note: Callable[[str], object] = lambda _what: None,
) -> Requests[Changes]:
    """Return what the job or plan *ref* changed; only the nodes whose names are *wanted* count.

    *note* is told which server is waited for, and "" when its response has come. Raises what the client raises, and
    PuppetdbUnusable if PuppetDB cannot be queried.
    """
    asking = Asking(None, note)
    job = yield from asking.retried(client.url, partial(client.job, ref))
    runs = _Runs()
    notices: list[str] = []
    for number in sorted(job.child_states) if isinstance(job, Plan) else [ref.number]:
        try:
            yield from _read(client, asking, job, number, runs)
        except TokenRefused:
            raise
        except (RequestRefused, AccessDenied) as error:
            if not isinstance(job, Plan):
                raise
            notices.append(f"job {number} could not be read: {error.message}")
    if wanted:
        runs.nodes = [node for node in runs.nodes if wanted(node.name)]
    groups = _Groups()
    if any(_expected(node) for node in runs.nodes):
        reports = RunReports(puppetdb, asking, client.server_time(), only_failed=False)
        try:
            yield from _group(reports, asking, runs.nodes, groups, notices)
        except (PuppetdbUnusable, TransientFault) as error:
            raise PuppetdbUnusable(
                f"PuppetDB could not be queried, so what changed is not known: {error.message}", hint=error.hint
            ) from None
    found = groups.sorted()
    return Changes(
        ref,
        job.state,
        title_of(job),
        len(runs.names),
        len({name for change in found for name in change.nodes}),
        len({node.name for node in runs.nodes if node.has_failed}),
        found,
        has_runs=runs.is_of_runs,
        is_noop=runs.is_noop,
        is_running=not job.is_over,
        notices=tuple(notices),
    )


@dataclass
class _Runs:
    """The nodes of a job, or of a plan's jobs, whose Puppet runs have ended."""

    names: set[str] = field(default_factory=set)
    nodes: list[EndedNode] = field(default_factory=list)
    is_of_runs: bool = False
    is_noop: bool = False


def _read(client: Orchestrator, asking: Asking, job: Job, number: int, runs: _Runs) -> Requests[None]:
    """Add the runs of the *job*, or of the plan's job *number*."""
    if isinstance(job, Plan):
        job = yield from asking.retried(client.url, partial(client.job, JobRef.job(number)))
    if job.type not in ("deploy", ""):
        return

    def take(page: Sequence[Node]) -> None:
        runs.names.update(node.name for node in page)
        nodes = [ended_node(node, job, number) for node in page]
        runs.nodes += [node for node in nodes if node.state in ("finished", "failed", "errored")]

    runs.is_of_runs = True
    runs.is_noop = runs.is_noop or is_noop(as_mapping(job.raw.get("options")).get("noop"))
    yield from read_nodes(client.nodes, number, job.node_count, take, partial(asking.retried, client.url))


def _expected(node: EndedNode) -> int:
    """Return about how many events the report of *node*'s run has that changed something, or would."""
    if node.kind is not CauseKind.RUN or not (node.report_hash or node.transaction_uuid or node.job_id):
        return 0
    metrics = node.detail.get("metrics")
    if type(metrics) is not dict:
        return _UNKNOWN if node.detail else 0
    return max(as_count(metrics.get(name)) or 0 for name in ("changed", "out_of_sync", "corrective_change"))


def _group(
    reports: RunReports, asking: Asking, nodes: Iterable[EndedNode], groups: "_Groups", notices: list[str]
) -> Requests[None]:
    """Read the changes of *nodes* from their reports, and add them to *groups*."""
    runs = {run_of(node): node for node in nodes if _expected(node)}
    found = yield from reports.found({run: node.finished_at for run, node in runs.items()})
    if lacking := len(runs) - len(found):
        number = "1 run" if lacking == 1 else f"{lacking} runs"
        notices.append(f"PuppetDB has no report of {number}: what they changed is missing")
    for some in _batches(runs, found):
        rows = yield from reports.changes(some)
        yield from asking.work(groups.add(rows))


def _batches(runs: dict[Run, EndedNode], found: dict[Run, str]) -> Iterator[list[str]]:
    """Yield the hashes of the reports that are *found*, so many together as have about as many events as allowed."""
    batch: dict[str, None] = {}
    size = 0
    for run, report_hash in found.items():
        expected = _expected(runs[run])
        if batch and (size + expected > _EVENTS_AT_ONCE or len(batch) == _REPORTS_AT_ONCE):
            yield list(batch)
            batch, size = {}, 0
        batch[report_hash] = None
        size += expected
    if batch:
        yield list(batch)


class _Event(Struct):
    certname: Any = None
    resource_type: Any = None
    resource_title: Any = None
    property: Any = None
    old_value: Any = None
    new_value: Any = None
    message: Any = None
    file: Any = None
    line: Any = None
    status: Any = None
    corrective_change: Any = None


_REPEATED: Final = ("certname", "resource_type", "property", "file", "status")
"""Fields whose texts repeat from event to event."""

_decoder: Final = Decoder(_Event)


class _Groups:
    """Events, grouped by what they say. Of each group only the event that is shown is kept."""

    def __init__(self) -> None:
        self._groups: dict[bytes, tuple[_Event, list[str]]] = {}
        self._texts: dict[str, str] = {}
        """Texts that many events have, each once: a first run has 150,000 events."""

    def add(self, rows: Iterable[Raw]) -> Steps[None]:
        """Add the events whose texts are *rows*."""
        same = self._texts
        for row in rows:
            yield
            try:
                event = _decoder.decode(row)
            except NOT_JSON:
                continue
            for name in _REPEATED:
                text = as_text(getattr(event, name))
                setattr(event, name, same.setdefault(text, text))
            node = event.certname
            about = (event.resource_type, as_text(event.resource_title), event.property, str(_flags(event)))
            values = (blanked(ends_of(as_value(value)), node) for value in _said(event))
            key = digest_of([*about, *values])
            first, nodes = self._groups.setdefault(key, (event, []))
            nodes.append(node)
            if node < first.certname:
                self._groups[key] = event, nodes

    def sorted(self) -> tuple[Change, ...]:
        """Return the changes, those of most nodes first. Nothing is kept."""
        changes = []
        while self._groups:
            _, (event, nodes) = self._groups.popitem()
            changes.append(_change(event, nodes))
        changes.sort(key=lambda change: (-len(change.nodes), change.resource, change.property or "", change.nodes))
        return tuple(changes)


def _change(event: _Event, nodes: Iterable[str]) -> Change:
    return Change(
        tuple(sorted(set(nodes))),
        f"{event.resource_type}[{as_text(event.resource_title)}]",
        event.property or None,
        event.old_value,
        event.new_value,
        as_text(event.message).strip(),
        event.file or None,
        as_count(event.line),
        *_flags(event),
    )


def _flags(event: _Event) -> tuple[bool, bool]:
    """Return whether it is a corrective change, and whether the run was a noop run."""
    is_corrective = event.status == "corrective_change" or event.corrective_change is True
    return is_corrective, event.status == "noop"


def _said(event: _Event) -> tuple[Any, Any]:
    """Return what tells the events of a property apart: its values, or the message if there are none."""
    if event.old_value is None and event.new_value is None:
        return "", event.message
    return event.old_value, event.new_value
