"""JUnit XML of jobs for CI systems: a testsuite for each job, a testcase for each node."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC
from typing import Final, NamedTuple
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

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
_PIECE: Final = 1 << 16
_INDENT: Final = "  "


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
    out = _Pieces()
    xml = XMLGenerator(out, "utf-8", short_empty_elements=True)
    xml.startDocument()
    xml.startElement("testsuites", AttributesImpl({"name": "jobevents"}))
    for suite in _suites(details):
        for _ in _write_suite(xml, suite):
            if out.size > _PIECE:
                yield out.take()
    xml.ignorableWhitespace("\n")
    xml.endElement("testsuites")
    xml.ignorableWhitespace("\n")
    yield out.take()


class _Pieces:
    """What the XML writer writes to: keeps the bytes until they are taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._parts.append(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: the bytes are in memory."""

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return data


def _suites(details: Iterable[JobDetails]) -> Iterator[JobDetails]:
    written = set()
    for job in details:
        if job.plan and job.outcome not in (None, Outcome.SUCCEEDED):
            yield job
        for one in job.jobs if job.plan else (job,):
            if one.ref not in written:
                written.add(one.ref)
                yield one


def _write_suite(xml: XMLGenerator, job: JobDetails) -> Iterator[None]:
    """Write the testsuite of *job*; yields after each testcase."""
    verdicts = [_verdict(node, job) for node in job.nodes.shown]
    kinds = [verdict.kind for verdict in verdicts]
    own = _own_case(job, kinds)
    if own:
        kinds.append(own.kind)
    class_name = _class_name(job)
    attributes = {
        "name": job.label.lower(),
        "tests": str(len(kinds)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
    }
    attributes |= _time(job.seconds)
    if moment := parse_timestamp(started_text(job.job)):
        with suppress(OverflowError):
            attributes["timestamp"] = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    _start(xml, 1, "testsuite", attributes)
    if own:
        _write_case(xml, {"name": job.label, "classname": class_name}, own)
    for node, verdict in sorted(zip(job.nodes.shown, verdicts, strict=True), key=lambda pair: pair[0].place):
        case = {"name": _line(node.name) or "-", "classname": class_name, **_time(node.seconds)}
        _write_case(xml, case, verdict, node.link)
        yield
    xml.ignorableWhitespace(f"\n{_INDENT}")
    xml.endElement("testsuite")
    yield


def _class_name(job: JobDetails) -> str:
    """Return what ran, as `deploy.production`, `task.package`, `plan.app::rollout`: it is the same from job to job."""
    return _line(".".join(part for part in (job.job.type, job.job.target) if part)) or "job"


def _write_case(xml: XMLGenerator, attributes: dict[str, str], verdict: _Verdict, link: str = "") -> None:
    _start(xml, 2, "testcase", attributes)
    if verdict.kind:
        _start(xml, 3, verdict.kind, {"message": _line(verdict.message), "type": verdict.kind})
        xml.characters(_xml("\n".join(safe_lines(verdict.text or verdict.message))))
        xml.endElement(verdict.kind)
    if link:
        _start(xml, 3, "system-out", {})
        xml.characters(_line(link))
        xml.endElement("system-out")
    if verdict.kind or link:
        xml.ignorableWhitespace(f"\n{_INDENT * 2}")
    xml.endElement("testcase")


def _start(xml: XMLGenerator, depth: int, name: str, attributes: dict[str, str]) -> None:
    xml.ignorableWhitespace(f"\n{_INDENT * depth}")
    xml.startElement(name, AttributesImpl(attributes))


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
    return {} if seconds is None or seconds > 1e12 else {"time": f"{seconds:.3f}"}  # noqa: PLR2004 - no real time


def _line(text: str) -> str:
    return _xml(safe(text))


def _xml(text: str) -> str:
    return _NOT_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
