"""Reports of real Puppet runs (tests/data/reports.json), as PuppetDB stores and returns them."""

import json
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

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


def changing_report(
    node: str, job_id: int, changes: Iterable[tuple[str, str, str, str]], *, status: str = "success"
) -> dict[str, Any]:
    """A report in wire format of a run on *node* whose events have that *status*.

    Each of *changes* is a file, its property, the old and the new value.
    """
    report = wire_report("changed", node, job_id=str(job_id), uuid=str(uuid4()))
    resource = report["resources"][0]
    report["noop"], report["resources"] = status == "noop", []
    for title, name, old, new in changes:
        event = {**resource["events"][0], "status": status, "property": name, "old_value": old, "new_value": new}
        event["message"] = f"{name} changed '{old}' to '{new}'"
        about = {"resource_title": title, "containment_path": ["Stage[main]", "Main", f"File[{title}]"]}
        report["resources"].append({**resource, **about, "events": [event]})
    return report
