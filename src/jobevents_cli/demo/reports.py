"""The reports of failed Puppet runs, as PuppetDB keeps them. Shapes: puppetdb-api.md, section 2."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

_MANIFESTS: Final = "/etc/puppetlabs/code/environments/production"
_PROFILES: Final = f"{_MANIFESTS}/modules/profile/manifests"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a report says about a run that failed: the events of its resources and its log, without times."""

    events: list[dict[str, Any]] = field(default_factory=list)
    logs: list[dict[str, Any]] = field(default_factory=list)
    failed: int = 0
    """How many resources failed; 0 if there was no catalog."""


Cause = Callable[[str, int], Failure]
"""Makes the failure of a node from its name and a process id."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report that PuppetDB has from *stored_at* on, in seconds since 1970."""

    certname: str
    job_id: int
    stored_at: float
    failure: Failure

    @property
    def hash(self) -> str:
        """The report's name."""
        return hash_of(self.job_id, self.certname)


def hash_of(job_id: int, certname: str) -> str:
    """The hash of the report of *certname* in the job."""
    return hashlib.sha1(f"{job_id} {certname}".encode()).hexdigest()  # noqa: S324 - only a name


def transaction_of(report_hash: str) -> str:
    """The transaction_uuid of the run whose report has this hash."""
    return str(uuid.UUID(report_hash[:32]))


def migration(_node: str, process: int) -> Failure:
    """An exec that returned the wrong status; what it printed is only in the log."""
    file = f"{_PROFILES}/db.pp"
    message = "change from 'notrun' to ['0'] failed: '/opt/app/bin/migrate' returned 3 instead of one of [0]"
    source = "/Stage[main]/Profile::Db/Exec[migrate]/returns"
    return Failure(
        events=[
            _event("Exec", "migrate", "failure", file=file, line=14, property="returns", message=message),
            _event("Service", "app", "skipped", file=file, line=20),
        ],
        logs=[
            _log("notice", source, f"schema is locked by pid {process}"),
            _log("err", source, message, file=file, line=14),
            _log("warning", "/Stage[main]/Profile::Db/Service[app]", "Skipping because of failed dependencies"),
        ],
        failed=1,
    )


def missing_class(node: str, _process: int) -> Failure:
    """A catalog that did not compile: no resource was touched."""
    where = f"(file: {_MANIFESTS}/manifests/site.pp, line: 12, column: 3)"
    error = (
        "Could not retrieve catalog from remote server: Error 500 on SERVER: Server Error: Evaluation Error: Error "
        f"while evaluating a Function Call, Could not find class ::profile::nowhere for {node} {where} on node {node}"
    )
    return Failure(
        logs=[
            _log("err", "Puppet", error),
            _log("warning", "Puppet", "Not using cache on failed catalog"),
            _log("err", "Puppet", "Could not retrieve catalog; skipping run"),
        ]
    )


def full_disk(_node: str, process: int) -> Failure:
    """A file that could not be written."""
    file = f"{_PROFILES}/base.pp"
    message = f"change from absent to file failed: No space left on device - /etc/motd{process}-1bsvgp5.lock"
    source = "/Stage[main]/Profile::Base/File[/etc/motd]/ensure"
    return Failure(
        events=[_event("File", "/etc/motd", "failure", file=file, line=7, property="ensure", message=message)],
        logs=[_log("err", source, message, file=file, line=7)],
        failed=1,
    )


def _event(
    kind: str,
    title: str,
    status: str,
    *,
    file: str,
    line: int,
    property: str | None = None,  # noqa: A002 - PuppetDB's name
    message: str | None = None,
) -> dict[str, Any]:
    return {
        "resource_type": kind,
        "resource_title": title,
        "property": property,
        "status": status,
        "message": message,
        "file": file,
        "line": line,
        "containment_path": ["Stage[main]", "Profile", f"{kind}[{title}]"],
        "containing_class": "Profile",
        "old_value": None,
        "new_value": None,
        "corrective_change": False,
    }


def _log(level: str, source: str, message: str, *, file: str | None = None, line: int | None = None) -> dict[str, Any]:
    return {"level": level, "source": source, "message": message, "file": file, "line": line, "tags": [level]}
