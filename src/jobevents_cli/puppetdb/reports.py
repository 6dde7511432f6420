"""Finds the reports of runs and reads what explains failures: many reports in each request."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from jobevents_cli.clients.puppetdb import PuppetdbClient, ResponseTooLarge
from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.model.report import LogLine, Report, ResourceFailure

RUNS_PER_SEARCH: Final = 1000
REPORTS_PER_EVENTS: Final = 250
REPORTS_PER_LOGS: Final = 100
"""Logs are large: 1,000 failed runs take 1 search (6 if reports are late), 4 requests for events and 10 for logs."""

SEVERAL_LOGS: Final = 16 * 1024 * 1024
"""Bytes that the logs of several reports may have together: parsing takes several times the memory."""

LARGEST: Final = 64 * 1024 * 1024
"""Bytes that one response may have."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Run:
    """A run, with what may identify its report: the report's hash, the transaction, the job. Empty if unknown."""

    node: str
    report_hash: str = ""
    transaction_uuid: str = ""
    job_id: str = ""


def reports_of_jobs(client: PuppetdbClient, runs: Sequence[Run], limit: float) -> dict[Run, str]:
    """Return the hash of each report of *runs* that PuppetDB has under the number of the run's job.

    One request finds them all, and much faster than a search for each hash. *limit* is in seconds.
    """
    jobs = sorted({run.job_id for run in runs if run.job_id})
    if not jobs:
        return {}
    condition = ["and", ["=", "status", "failed"], _one_of("job_id", jobs)]
    return _match(runs, client.query(_search(condition), limit, most=LARGEST))


def find_reports(client: PuppetdbClient, runs: Sequence[Run], limit: Callable[[], float]) -> dict[Run, str]:
    """Return the hash of each report of *runs* that PuppetDB has.

    A run's report is the one with its hash, or else of its transaction, or else of its node and job. *limit* gives the
    seconds that the next request may take.
    """
    found: dict[Run, str] = {}
    for some in _chunks(runs, RUNS_PER_SEARCH):
        ways: list[Any] = []
        if hashes := [run.report_hash for run in some if run.report_hash]:
            ways.append(_one_of("hash", hashes))
        if uuids := [run.transaction_uuid for run in some if run.transaction_uuid]:
            ways.append(_one_of("transaction_uuid", uuids))
        if jobs := sorted({run.job_id for run in some if run.job_id}):
            ways.append(["and", ["=", "status", "failed"], _one_of("job_id", jobs)])
        if ways:
            found |= _match(some, client.query(_search(["or", *ways]), limit(), most=LARGEST))
    return found


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


def read_reports(
    client: PuppetdbClient, hashes: Iterable[str], limit: Callable[[], float]
) -> Iterator[tuple[str, Report]]:
    """Yield each report of *hashes* with its hash: the failed resources, their log lines, and all warnings and errors.

    *limit* gives the seconds that the next request may take. The rest of a log, most of it, is dropped as it arrives.
    PuppetdbUnusable if PuppetDB cannot be queried: by then each report with failed resources has been yielded.
    """
    wanted = list(dict.fromkeys(hashes))
    failures: dict[str, list[ResourceFailure]] = {}
    for some in _chunks(wanted, REPORTS_PER_EVENTS):
        rows = client.query(_events(some), limit(), most=LARGEST)
        for row in sorted(rows, key=lambda row: as_text(row.get("timestamp"))):
            failures.setdefault(as_text(row.get("report")), []).append(ResourceFailure.read(row))
    for report_hash, failed in failures.items():
        yield report_hash, Report(tuple(failed))
    for some in _chunks(wanted, REPORTS_PER_LOGS):
        for row in _read_logs(client, some, limit):
            report_hash = as_text(row.get("hash"))
            complete = tuple(failures.pop(report_hash, ()))
            data = as_mapping(row.get("logs")).get("data")
            yield report_hash, Report(complete, tuple(_needed(data, complete)))


def _read_logs(
    client: PuppetdbClient, hashes: Sequence[str], limit: Callable[[], float]
) -> Iterator[Mapping[str, Any]]:
    """Yield the logs of *hashes*; if they are too large together, in halves. The log of one that is, is left out."""
    try:
        yield from client.query(_logs(hashes), limit(), most=LARGEST if len(hashes) == 1 else SEVERAL_LOGS)
    except ResponseTooLarge:
        if len(hashes) > 1:
            middle = len(hashes) // 2
            yield from _read_logs(client, hashes[:middle], limit)
            yield from _read_logs(client, hashes[middle:], limit)


def _needed(data: Any, failed: Iterable[ResourceFailure]) -> Iterator[LogLine]:
    paths = {failure.path for failure in failed}
    for raw in data if isinstance(data, list) else ():
        line = LogLine.read(as_mapping(raw))
        if line.is_warning or not paths.isdisjoint(line.places):
            yield line


def _events(hashes: Sequence[str]) -> list[Any]:
    columns = ["certname", "report", "resource_type", "resource_title", "message", "file", "line", "containment_path"]
    wanted = ["and", ["=", "status", "failure"], _one_of("report", hashes)]
    return ["from", "events", ["extract", [*columns, "timestamp"], wanted]]


def _logs(hashes: Sequence[str]) -> list[Any]:
    return ["from", "reports", ["extract", ["certname", "hash", "logs"], _one_of("hash", hashes)]]


def _one_of(column: str, values: Sequence[str]) -> list[Any]:
    return ["in", column, ["array", list(values)]]


def _chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
