"""Gets the reports of failed runs from PuppetDB, and waits a little for those that are late."""

from collections.abc import Callable, Iterable
from typing import Final

from jobevents_cli.clients.puppetdb import PuppetdbClient, PuppetdbUnusable
from jobevents_cli.model.node_failures import EndedNode
from jobevents_cli.model.report import Report
from jobevents_cli.puppetdb.reports import Run, find_reports, read_reports, reports_of_jobs

JUST_ENDED: Final = 120.0
"""Seconds after a run's end within which PuppetDB may not have its report yet."""

_LATE_WAITS: Final = (0.5, 1.0, 1.5, 2.0)
"""Seconds between the requests for late reports."""


class RunReports:
    """The reports of the failed runs among some nodes. `problem` is why PuppetDB could not be queried, if so."""

    def __init__(self, nodes: Iterable[EndedNode]) -> None:
        self._nodes = {
            Run(node.name, node.report_hash, node.transaction_uuid, str(node.job_id or "")): node
            for node in nodes
            if node.has_report
        }
        self._reports: dict[tuple[int | None, str], Report] = {}
        self.problem = ""
        self.notices: list[str] = []

    def of(self, node: EndedNode) -> Report | None:
        """The report of *node*'s run, if PuppetDB has it."""
        return self._reports.get((node.job_id, node.name))

    def read(
        self,
        puppetdb: PuppetdbClient,
        *,
        limit: Callable[[], float],
        wait: Callable[[float], bool],
        server_time: float | None,
    ) -> None:
        """Read the reports from *puppetdb*, unless no run can have one.

        *limit* gives the seconds that the next request may take. *wait* waits so many seconds, or returns False if
        there is no time for that. *server_time* is the orchestrator's clock; without it no report is late.
        """
        if not self._nodes:
            return
        try:
            found = self._find(puppetdb, limit, wait, server_time)
            self._read(puppetdb, found, limit)
        except PuppetdbUnusable as error:
            hint = f"; {error.hint}" if error.hint else ""
            self.problem = (
                f"PuppetDB could not be queried, so causes of failed runs are incomplete: {error.message}{hint}"
            )

    def _find(
        self,
        puppetdb: PuppetdbClient,
        limit: Callable[[], float],
        wait: Callable[[float], bool],
        server_time: float | None,
    ) -> dict[Run, str]:
        """The hash of each run's report that there is, or that comes within some seconds."""
        runs = list(self._nodes)
        found = reports_of_jobs(puppetdb, runs, limit())
        if others := [run for run in runs if run not in found]:
            found |= find_reports(puppetdb, others, limit)
        for seconds in _LATE_WAITS:
            missing = [run for run in runs if run not in found and _is_late(self._nodes[run], server_time)]
            if not missing or not wait(seconds):
                break
            found |= find_reports(puppetdb, missing, limit)
        if lacking := len(runs) - len(found):
            number = "1 failed run" if lacking == 1 else f"{lacking} failed runs"
            self.notices.append(f"PuppetDB has no report of {number}: causes are those that the orchestrator knows")
        return found

    def _read(self, puppetdb: PuppetdbClient, found: dict[Run, str], limit: Callable[[], float]) -> None:
        runs_of: dict[str, list[Run]] = {}
        for run, report_hash in found.items():
            runs_of.setdefault(report_hash, []).append(run)
        for report_hash, report in read_reports(puppetdb, runs_of, limit):
            for run in runs_of.get(report_hash, ()):
                node = self._nodes[run]
                self._reports[node.job_id, node.name] = report


def _is_late(node: EndedNode, server_time: float | None) -> bool:
    """Whether the report of *node*'s run may still be on its way."""
    if server_time is None or node.finished_at is None:
        return False
    return server_time - node.finished_at < JUST_ENDED
