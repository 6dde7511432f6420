"""The reports of Puppet runs that failed or changed something, in the wire format that PuppetDB receives."""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

_MANIFESTS: Final = "/etc/puppetlabs/code/environments/production"
_PROFILES: Final = f"{_MANIFESTS}/modules/profile/manifests"

Document = dict[str, Any]


class Failure(NamedTuple):
    """What a report says about a run that failed; nothing of one that did not."""

    resources: Sequence[Document] = ()
    logs: Sequence[Document] = ()
    failed: int = 0
    """How many resources failed; 0 if there was no catalog."""


Cause = Callable[[str, int, str], Failure]
"""Makes the failure of a node from its name, a process id and the time at which the run ended."""


def hash_of(job_id: int, certname: str) -> str:
    """The hash that names the run of *certname* in the job."""
    return hashlib.sha1(f"{job_id} {certname}".encode(), usedforsecurity=False).hexdigest()


def transaction_of(run_hash: str) -> str:
    """The transaction_uuid of the run with this hash."""
    return str(uuid.UUID(run_hash[:32]))


def report(certname: str, job_id: int, what: Failure, at: str, *, changed: int = 0) -> Document:
    """The report of a run of the job on *certname* that ended *at* that time, after it *changed* so many resources."""
    return {
        "certname": certname,
        "job_id": str(job_id),
        "transaction_uuid": transaction_of(hash_of(job_id, certname)),
        "environment": "production",
        "status": "failed" if what.logs else "changed",
        "noop": False,
        "end_time": at,
        "producer_timestamp": at,
        "metrics": [],
        "resources": [*(_changed(number, at) for number in range(changed)), *what.resources],
        "logs": list(what.logs),
    }


def _changed(number: int, at: str) -> Document:
    """A resource that a run changed: a file, a service that somebody had stopped, a package, then further files."""
    checksums = [f"{{sha256}}{hashlib.sha256(f'{number} {word}'.encode()).hexdigest()}" for word in ("old", "new")]
    kinds = [
        ("File", "/etc/ntp.conf", "content", *checksums, "ntp/manifests/config.pp", 12),
        ("Service", "ntpd", "ensure", "stopped", "running", "ntp/manifests/service.pp", 7),
        ("Package", "nginx", "ensure", "1.18.0", "1.24.0", "nginx/manifests/install.pp", 4),
    ]
    further = ("File", f"/srv/app/conf.d/{number}.conf", "content", *checksums, "app/manifests/config.pp", 30 + number)
    kind, title, name, old, new, file, line = kinds[number] if number < len(kinds) else further
    event = {"status": "success", "timestamp": at, "property": name, "old_value": old, "new_value": new}
    is_corrective = kind == "Service"
    return {
        "resource_type": kind,
        "resource_title": title,
        "file": f"{_MANIFESTS}/modules/{file}",
        "line": line,
        "containment_path": ["Stage[main]", "Main", f"{kind}[{title}]"],
        "corrective_change": is_corrective,
        "skipped": False,
        "timestamp": at,
        "events": [{**event, "message": f"{name} changed '{old}' to '{new}'", "corrective_change": is_corrective}],
    }


def migration(_node: str, process: int, at: str) -> Failure:
    """An exec that returned the wrong status; what it printed is only in the log."""
    message = "change from 'notrun' to ['0'] failed: '/opt/app/bin/migrate' returned 3 instead of one of [0]"
    source = "/Stage[main]/Profile::Db/Exec[migrate]/returns"
    logs = [
        _log("notice", source, f"schema is locked by pid {process}", at),
        _log("err", source, message, at, file=f"{_PROFILES}/db.pp", line=14),
        _log("warning", "/Stage[main]/Profile::Db/Service[app]", "Skipping because of failed dependencies", at),
    ]
    failed = _resource("Exec", "migrate", 14, at, message)
    return Failure([failed, _resource("Service", "app", 20, at)], logs, 1)


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


def _resource(kind: str, title: str, line: int, at: str, message: str | None = None) -> Document:
    """A resource of profile::db: without a *message* it was skipped."""
    event = {
        "status": "failure" if message else "skipped",
        "timestamp": at,
        "property": "returns" if message else None,
        "old_value": None,
        "new_value": None,
        "message": message,
    }
    return {
        "resource_type": kind,
        "resource_title": title,
        "file": f"{_PROFILES}/db.pp",
        "line": line,
        "containment_path": ["Stage[main]", "Profile::Db", f"{kind}[{title}]"],
        "corrective_change": False,
        "skipped": message is None,
        "timestamp": at,
        "events": [event],
    }


def _log(
    level: str, source: str, message: str, at: str, *, file: str | None = None, line: int | None = None
) -> Document:
    return {"level": level, "source": source, "message": message, "file": file, "line": line, "time": at}
