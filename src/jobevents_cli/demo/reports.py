"""The reports of failed Puppet runs, in the wire format that PuppetDB receives."""

import hashlib
import uuid
from collections.abc import Callable
from typing import Any, Final, NamedTuple

_MANIFESTS: Final = "/etc/puppetlabs/code/environments/production"
_PROFILES: Final = f"{_MANIFESTS}/modules/profile/manifests"

Document = dict[str, Any]


class Failure(NamedTuple):
    """What a report says about a run that failed."""

    resources: list[Document]
    logs: list[Document]
    failed: int
    """How many resources failed; 0 if there was no catalog."""


Cause = Callable[[str, int, str], Failure]
"""Makes the failure of a node from its name, a process id and the time at which the run ended."""


def hash_of(job_id: int, certname: str) -> str:
    """The hash that names the run of *certname* in the job."""
    return hashlib.sha1(f"{job_id} {certname}".encode(), usedforsecurity=False).hexdigest()


def transaction_of(run_hash: str) -> str:
    """The transaction_uuid of the run with this hash."""
    return str(uuid.UUID(run_hash[:32]))


def report(certname: str, job_id: int, failure: Failure, at: str) -> Document:
    """The report of a run of the job on *certname* that ended *at* that time."""
    return {
        "certname": certname,
        "job_id": str(job_id),
        "transaction_uuid": transaction_of(hash_of(job_id, certname)),
        "environment": "production",
        "status": "failed",
        "noop": False,
        "end_time": at,
        "producer_timestamp": at,
        "metrics": [],
        "resources": failure.resources,
        "logs": failure.logs,
    }


def migration(_node: str, process: int, at: str) -> Failure:
    """An exec that returned the wrong status; what it printed is only in the log."""
    file = f"{_PROFILES}/db.pp"
    message = "change from 'notrun' to ['0'] failed: '/opt/app/bin/migrate' returned 3 instead of one of [0]"
    source = "/Stage[main]/Profile::Db/Exec[migrate]"
    failed = _resource("Exec", "migrate", "Profile::Db", _event("failure", "returns", message, at), file=file, line=14)
    skipped = _resource("Service", "app", "Profile::Db", _event("skipped", None, None, at), file=file, line=20)
    logs = [
        _log("notice", f"{source}/returns", f"schema is locked by pid {process}", at),
        _log("err", f"{source}/returns", message, at, file=file, line=14),
        _log("warning", "/Stage[main]/Profile::Db/Service[app]", "Skipping because of failed dependencies", at),
    ]
    return Failure([failed, skipped], logs, 1)


def missing_class(node: str, _process: int, at: str) -> Failure:
    """A catalog that did not compile: no resource was touched."""
    where = f"(file: {_MANIFESTS}/manifests/site.pp, line: 12, column: 3)"
    error = (
        "Could not retrieve catalog from remote server: Error 500 on SERVER: Server Error: Evaluation Error: Error "
        f"while evaluating a Function Call, Could not find class ::profile::nowhere for {node} {where} on node {node}"
    )
    logs = [
        _log("err", "Puppet", error, at),
        _log("warning", "Puppet", "Not using cache on failed catalog", at),
        _log("err", "Puppet", "Could not retrieve catalog; skipping run", at),
    ]
    return Failure([], logs, 0)


def full_disk(_node: str, process: int, at: str) -> Failure:
    """A file that could not be written."""
    file = f"{_PROFILES}/base.pp"
    message = f"change from absent to file failed: No space left on device - /etc/motd{process}-1bsvgp5.lock"
    failed = _resource(
        "File", "/etc/motd", "Profile::Base", _event("failure", "ensure", message, at), file=file, line=7
    )
    source = "/Stage[main]/Profile::Base/File[/etc/motd]/ensure"
    return Failure([failed], [_log("err", source, message, at, file=file, line=7)], 1)


def _resource(kind: str, title: str, within: str, event: Document, *, file: str, line: int) -> Document:
    return {
        "resource_type": kind,
        "resource_title": title,
        "file": file,
        "line": line,
        "containment_path": ["Stage[main]", within, f"{kind}[{title}]"],
        "corrective_change": False,
        "skipped": event["status"] == "skipped",
        "timestamp": event["timestamp"],
        "events": [event],
    }


def _event(status: str, changed: str | None, message: str | None, at: str) -> Document:
    return {
        "status": status,
        "timestamp": at,
        "property": changed,
        "name": None,
        "old_value": None,
        "new_value": None,
        "message": message,
        "corrective_change": False,
    }


def _log(
    level: str, source: str, message: str, at: str, *, file: str | None = None, line: int | None = None
) -> Document:
    return {
        "level": level,
        "source": source,
        "message": message,
        "file": file,
        "line": line,
        "tags": [level],
        "time": at,
    }
