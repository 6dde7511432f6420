"""Reports of real Puppet runs (tests/data/reports.json), as PuppetDB stores and returns them."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from jobevents_cli.why.report import LogLine, Report, ResourceFailure

_DATA = Path(__file__).parents[1] / "data" / "reports.json"
REPORTS: dict[str, dict[str, Any]] = json.loads(_DATA.read_text(encoding="utf-8"))
"""By name: two_causes, changed, timeout, locked, package, service, missing_directory, provider, noop, catalog;
cycle, prefetch, no_provider, service_start, files (of servers that are away), tries."""


def wire_report(name: str, node: str, *, job_id: str | None = None, uuid: str = "") -> dict[str, Any]:
    """The report *name* in wire format, as if *node* had sent it for job *job_id*."""
    text = json.dumps(REPORTS[name]).replace(REPORTS[name]["certname"], node)
    report: dict[str, Any] = json.loads(text)
    report.update(certname=node, producer=node, job_id=job_id)
    if uuid:
        report["transaction_uuid"] = uuid
    return report


def failure_events(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The failure events of a *report* in wire format, as PuppetDB returns them."""
    events = []
    for resource in report["resources"]:
        about = {key: value for key, value in deepcopy(resource).items() if key not in ("events", "skipped")}
        events += [{**about, **event} for event in resource["events"] if event["status"] == "failure"]
    return events


def parsed_report(name: str, node: str) -> Report:
    """The report *name* as a value, as if *node* had sent it."""
    report = wire_report(name, node)
    failures = tuple(ResourceFailure.read(event) for event in failure_events(report))
    return Report(failures, tuple(LogLine.read(line) for line in report["logs"]))
