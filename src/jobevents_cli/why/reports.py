"""Ask PuppetDB for the reports of runs, many in each request: find them, and read what explains failures.

1,000 failed runs take 1 search (5 if reports are late), 4 requests for events and 10 for logs, which are large.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from msgspec import Raw, Struct
from msgspec.json import Decoder
from msgspec.structs import astuple

from jobevents_cli.clients.puppetdb import PuppetdbClient, ResponseTooLarge
from jobevents_cli.model.json_text import NOT_JSON, parsed, repaired
from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.runtime.loop import Requests
from jobevents_cli.why.asking import Asking
from jobevents_cli.why.failures import EndedNode
from jobevents_cli.why.report import ERRORS, WARNINGS, LogLine, ResourceFailure, places_in
from jobevents_cli.why.report_findings import Steps

RUNS_PER_SEARCH: Final = 1000
REPORTS_PER_EVENTS: Final = 250
REPORTS_PER_LOGS: Final = 100

SEVERAL_LOGS: Final = 16 * 1024 * 1024
"""Bytes that the logs of several reports may have together: reading them takes several times the memory."""

CHANGE_STATUSES: Final = ("success", "noop", "corrective_change")
"""The statuses of events that changed something, or would."""

_JUST_ENDED: Final = 120.0
"""Seconds after a run's end within which PuppetDB may not have its report yet."""

_LATE_WAITS: Final = (0.5, 1.0, 1.5, 2.0)
"""Seconds between the requests for late reports."""

LARGEST: Final = 64 * 1024 * 1024
"""Bytes that one response may have."""

Item = TypeVar("Item")


class Run(NamedTuple):
    """A run, with what may identify its report: the report's hash, the transaction, the job. Empty if unknown."""

    node: str
    report_hash: str = ""
    transaction_uuid: str = ""
    job_id: str = ""


def run_of(node: EndedNode) -> Run:
    """Return what identifies the run of *node*."""
    return Run(node.name, node.report_hash, node.transaction_uuid, str(node.job_id or ""))


class RunReports:
    """Asks *puppetdb*. Every method raises PuppetdbUnusable if it cannot be queried."""

    def __init__(
        self, puppetdb: PuppetdbClient, asking: Asking, server_time: float | None = None, *, only_failed: bool = True
    ) -> None:
        """*server_time*: the orchestrator's clock; without it no report is late. *only_failed*: search failed runs."""
        self._puppetdb = puppetdb
        self._asking = asking
        self._server_time = server_time
        self._failed = [["=", "status", "failed"]] if only_failed else []

    def found(self, runs: Mapping[Run, float | None]) -> Requests[dict[Run, str]]:
        """Return the hash of each report of *runs* that there is, or that comes within some seconds.

        *runs* has the end of each, in seconds since 1970: PuppetDB may receive a report after the orchestrator reports
        the end.
        """
        found = yield from self.of_jobs(list(runs))
        if others := [run for run in runs if run not in found]:
            found |= yield from self.find(others)
        for seconds in _LATE_WAITS:
            missing = [run for run, ended in runs.items() if run not in found and self._is_late(ended)]
            if not missing or not (yield from self._asking.wait(seconds)):
                break
            found |= yield from self.find(missing)
        return found

    def _is_late(self, ended: float | None) -> bool:
        """Whether the report of a run that *ended* then may still be on its way."""
        return self._server_time is not None and ended is not None and self._server_time - ended < _JUST_ENDED

    def of_jobs(self, runs: Sequence[Run]) -> Requests[dict[Run, str]]:
        """Return the hash of each report of *runs* that PuppetDB has under the number of the run's job.

        One request finds them all, and much faster than a search for each hash.
        """
        jobs = sorted({run.job_id for run in runs if run.job_id})
        if not jobs:
            return {}
        rows = yield from self._objects(_search(self._of_jobs(jobs)))
        return _match(runs, rows)

    def find(self, runs: Sequence[Run]) -> Requests[dict[Run, str]]:
        """Return the hash of each report of *runs* that PuppetDB has.

        A run's report is the one with its hash, or else of its transaction, or else of its node and job.
        """
        found: dict[Run, str] = {}
        for some in chunks(runs, RUNS_PER_SEARCH):
            ways: list[Any] = []
            if hashes := [run.report_hash for run in some if run.report_hash]:
                ways.append(_one_of("hash", hashes))
            if uuids := [run.transaction_uuid for run in some if run.transaction_uuid]:
                ways.append(_one_of("transaction_uuid", uuids))
            if jobs := sorted({run.job_id for run in some if run.job_id}):
                ways.append(self._of_jobs(jobs))
            if ways:
                found |= _match(some, (yield from self._objects(_search(["or", *ways]))))
        return found

    def _of_jobs(self, jobs: Sequence[str]) -> list[Any]:
        condition = _one_of("job_id", jobs)
        return ["and", *self._failed, condition] if self._failed else condition

    def failures(self, hashes: Sequence[str]) -> Requests[dict[str, list[ResourceFailure]]]:
        """Return the failed resources of each of the reports *hashes*, in the order in which they failed."""
        failures: dict[str, list[ResourceFailure]] = {}
        for some in chunks(hashes, REPORTS_PER_EVENTS):
            rows = yield from self._objects(_events(some))
            for row in sorted(rows, key=lambda row: as_text(row.get("timestamp"))):
                failures.setdefault(as_text(row.get("report")), []).append(ResourceFailure.read(row))
        return failures

    def changes(self, hashes: Sequence[str]) -> Requests[list[Raw]]:
        """Return the texts of the events of the reports *hashes* that changed something, or would in a noop run."""
        try:
            return (yield from self._query(_changes(hashes), SEVERAL_LOGS if len(hashes) > 1 else LARGEST))
        except ResponseTooLarge:
            if len(hashes) == 1:
                raise
        middle = len(hashes) // 2
        return [*(yield from self.changes(hashes[:middle])), *(yield from self.changes(hashes[middle:]))]

    def logs(self, hashes: Sequence[str]) -> Requests[list[Raw]]:
        """Return the logs of the reports *hashes*, to be read with `log_in`.

        If they are too large together they are requested in halves. A log that is too large alone is left out.
        """
        try:
            return (yield from self._query(_logs(hashes), LARGEST if len(hashes) == 1 else SEVERAL_LOGS))
        except ResponseTooLarge:
            if len(hashes) == 1:
                return []
        middle = len(hashes) // 2
        return [*(yield from self.logs(hashes[:middle])), *(yield from self.logs(hashes[middle:]))]

    def _objects(self, query: Sequence[Any]) -> Requests[list[Mapping[str, Any]]]:
        rows = yield from self._query(query, LARGEST)
        return [as_mapping(_value(row)) for row in rows]

    def _query(self, query: Sequence[Any], most: int) -> Requests[list[Raw]]:
        limit = self._asking.limit
        rows: list[Raw] = yield from self._asking.ask(
            "PuppetDB", partial(self._puppetdb.query, query, limit, most=most)
        )
        return rows


class _Logs(Struct):
    data: list[Raw] = []


class _Report(Struct):
    hash: Any = None
    logs: _Logs | None = None


class _Line(Struct):
    level: str = ""
    source: str = ""
    message: str = ""
    file: str | None = None
    line: int | None = None


class _Head(Struct):
    level: str = ""
    source: str = ""


_report_decoder: Final = Decoder(_Report)
_line_decoder: Final = Decoder(_Line)
_head_decoder: Final = Decoder(_Head)


def log_in(row: Raw, failed: Mapping[str, Sequence[ResourceFailure]]) -> Steps[tuple[str, tuple[LogLine, ...]]]:
    """Yield while reading, and return the hash and the log of the report *row*, as far as it explains failures.

    These are all lines of level warning and above, and what those resources logged that *failed* (by report) or logged
    an error. The rest, most of it, is not kept.
    """
    try:
        report = _report_decoder.decode(row)
    except NOT_JSON:
        return "", ()
    texts = report.logs.data if report.logs else []
    places = {failure.path for failure in failed.get(as_text(report.hash), ())}
    for text in texts:
        yield
        head = _head_of(text)
        if head.level in ERRORS:
            places.update(place for place in places_in(head.source) if place.endswith("]"))
    kept: list[LogLine] = []
    for text in texts:
        yield
        head = _head_of(text)
        if head.level in WARNINGS or (places and not places.isdisjoint(places_in(head.source))):
            kept.append(_line_of(text))
    return as_text(report.hash), tuple(kept)


def _head_of(text: Raw) -> "_Head":
    """Return what decides about a log line: most are not needed, and there can be 200,000."""
    try:
        return _head_decoder.decode(text)
    except NOT_JSON:
        line = _line_of(text)
        return _Head(line.level, line.source)


def _line_of(text: Raw) -> LogLine:
    try:
        return LogLine(*astuple(_line_decoder.decode(text)))
    except NOT_JSON:
        return LogLine.read(as_mapping(_value(text)))


def _value(text: Raw) -> Any:
    try:
        return parsed(bytes(text))
    except NOT_JSON:
        with suppress(*NOT_JSON):
            return parsed(repaired(bytes(text)))
    return None


def _search(condition: list[Any]) -> list[Any]:
    columns = ["certname", "hash", "transaction_uuid", "job_id", "receive_time"]
    return ["from", "reports", ["extract", columns, condition]]


def _match(runs: Sequence[Run], rows: Iterable[Mapping[str, Any]]) -> dict[Run, str]:
    by_hash: set[str] = set()
    by_uuid: dict[tuple[str, str], str] = {}
    by_job: dict[tuple[str, str], str] = {}
    for row in sorted(rows, key=lambda row: as_text(row.get("receive_time"))):
        found, node = as_text(row.get("hash")), as_text(row.get("certname"))
        by_hash.add(found)
        by_uuid[node, as_text(row.get("transaction_uuid"))] = found
        by_job[node, as_text(row.get("job_id"))] = found
    matched: dict[Run, str] = {}
    for run in runs:
        found = run.report_hash if run.report_hash in by_hash else ""
        found = found or (by_uuid.get((run.node, run.transaction_uuid), "") if run.transaction_uuid else "")
        found = found or (by_job.get((run.node, run.job_id), "") if run.job_id else "")
        if found:
            matched[run] = found
    return matched


def _events(hashes: Sequence[str]) -> list[Any]:
    columns = ["certname", "report", "resource_type", "resource_title", "message", "file", "line", "containment_path"]
    wanted = ["and", ["=", "status", "failure"], _one_of("report", hashes)]
    return ["from", "events", ["extract", [*columns, "timestamp"], wanted]]


def _changes(hashes: Sequence[str]) -> list[Any]:
    columns = ["certname", "resource_type", "resource_title", "property", "old_value", "new_value", "message", "file"]
    wanted = ["and", _one_of("status", CHANGE_STATUSES), _one_of("report", hashes)]
    return ["from", "events", ["extract", [*columns, "line", "status", "corrective_change"], wanted]]


def _logs(hashes: Sequence[str]) -> list[Any]:
    return ["from", "reports", ["extract", ["certname", "hash", "logs"], _one_of("hash", hashes)]]


def _one_of(column: str, values: Sequence[str]) -> list[Any]:
    return ["in", column, ["array", list(values)]]


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yield *items* in pieces of *size*."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
