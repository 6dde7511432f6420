"""JUnit XML of jobs for CI systems: a testsuite for each job, a testcase for each node."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC
from typing import Final, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.timestamps import parse_timestamp
from jobevents_cli.render.escape import safe, safe_lines
from jobevents_cli.render.plan_text import failure_text
from jobevents_cli.show.job_details import NOT_STARTED, JobDetails, ShownNode
from jobevents_cli.show.tables import started_text

_NO_RESULT: Final = "no result: the job ended before this node did"
_NOT_XML: Final = re.compile("[\ufffe\uffff]")
"""What `safe` leaves and XML 1.0 does not allow."""

_KINDS: Final = {"skipped": "skipped", "errored": "error", "stopped": "error"}
_LONGEST_TIME: Final = 1e12


class _Verdict(NamedTuple):
    """The element that a testcase gets, its message and text; the element is empty for a node that did well."""

    kind: str = ""
    message: str = ""
    text: str = ""


def junit_pieces(details: Sequence[JobDetails]) -> Iterator[bytes]:
    """Yield JUnit XML of *details*, jobs and plans, in pieces.

    Valid against the schema that Jenkins uses, whatever the texts contain. A plan gives a testsuite for each of its
    jobs, and one for itself if it failed.
    """
    yield b'<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="jobevents">\n'
    for suite in _suites(details):
        for line in _suite_lines(suite):
            yield f"{line}\n".encode()
    yield b"</testsuites>\n"


def _suites(details: Iterable[JobDetails]) -> Iterator[JobDetails]:
    written = set()
    for job in details:
        if job.plan and job.outcome not in (None, Outcome.SUCCEEDED):
            yield job
        for one in job.jobs if job.plan else (job,):
            if one.ref not in written:
                written.add(one.ref)
                yield one


def _suite_lines(job: JobDetails) -> Iterator[str]:
    """Yield the testsuite of *job*."""
    nodes = sorted(job.nodes.shown, key=lambda node: node.place)
    kinds = [_verdict(node, job).kind for node in nodes]
    own = _own_case(job, kinds)
    if own:
        kinds.append(own.kind)
    attributes = {
        "name": job.label.lower(),
        "tests": str(len(kinds)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
        **_time(job.seconds),
    }
    if moment := parse_timestamp(started_text(job.job)):
        with suppress(OverflowError):
            attributes["timestamp"] = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    yield f"  <testsuite{_attributes(attributes)}>"
    # What ran is the same from job to job, so that a CI's history works: `deploy.production`, `task.package`.
    class_name = ".".join(part for part in (job.job.type, job.job.target) if part) or "job"
    if own:
        yield _case({"name": job.label, "classname": class_name}, own)
    for node in nodes:
        names = {"name": safe(node.name) or "-", "classname": class_name}
        yield _case({**names, **_time(node.seconds)}, _verdict(node, job), node.link)
    yield "  </testsuite>"


def _case(attributes: Mapping[str, str], verdict: _Verdict, link: str = "") -> str:
    kind, message, text = verdict
    inside = ""
    if kind:
        said = _xml("\n".join(safe_lines(text or message)))
        inside = f"\n      <{kind}{_attributes({'message': message, 'type': kind})}>{said}</{kind}>"
    if link:
        inside += f"\n      <system-out>{_xml(safe(link))}</system-out>"
    start = f"    <testcase{_attributes(attributes)}"
    return f"{start}>{inside}\n    </testcase>" if inside else f"{start}/>"


def _own_case(job: JobDetails, kinds: Sequence[str]) -> _Verdict | None:
    """Return what a job or plan itself gives if it ended badly and none of the *kinds* of its nodes says so."""
    if job.problem:
        return _Verdict("error", job.problem)
    if job.plan:
        return _Verdict("failure", failure_text(job.plan.result) or f"plan {job.job.state}")
    if job.is_over and job.outcome not in (None, Outcome.SUCCEEDED) and not {"failure", "error"}.intersection(kinds):
        return _Verdict("failure", f"the job {'was stopped' if job.outcome is Outcome.STOPPED else 'failed'}")
    return None


def _verdict(node: ShownNode, job: JobDetails) -> _Verdict:
    if not node.is_over:
        if job.is_over and node.state in NOT_STARTED:
            return _Verdict("error", "not started")
        return _Verdict("error", "still running", _NO_RESULT if job.is_over else "")
    kind = _KINDS.get(node.state, "failure" if node.is_failure else "")
    by_node = job.why.by_node if job.why else {}
    return _Verdict(kind, node.what or node.state, by_node.get(node.name) or node.text) if kind else _Verdict()


def _time(seconds: float | None) -> dict[str, str]:
    return {} if seconds is None or seconds > _LONGEST_TIME else {"time": f"{seconds:.3f}"}


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f" {name}={_NOT_XML.sub(_escaped, quoteattr(safe(value)))}" for name, value in values.items())


def _xml(text: str) -> str:
    return _NOT_XML.sub(_escaped, escape(text))


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
