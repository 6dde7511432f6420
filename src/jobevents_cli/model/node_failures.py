"""What went wrong on one node: from its state, its result and its run's report to findings."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jobevents_cli.model.causes import CauseKind, Failure, Finding, Source
from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.model.node_result import error_of, has_error, stdout_of
from jobevents_cli.model.report import LogLine, Report

LAST_LINES: Final = 10
"""How many lines of each of a task's or command's outputs belong to a cause."""

STDERR: Final = "stderr"
"""The source of the log lines that are a task's or command's standard error."""

FAILED_STATES: Final = ("failed", "errored")

_COMMANDS: Final = ("command", "script", "plan_command", "plan_script")
_RUNS: Final = ("deploy", "apply", "plan_apply")
_NO_CATALOG: Final = "Could not retrieve catalog"
_EXPLAINED_NO_CATALOG: Final = f"{_NO_CATALOG} from remote server: "
_WRAPPED: Final = "\nWrapped exception:"
_CHANGE: Final = re.compile(r"change from [^\n]*? failed: ")
_ERROR_PREFIXES: Final = (_EXPLAINED_NO_CATALOG, "Error 500 on SERVER: ", "Server Error: ", "Could not evaluate: ")
_RESOURCE: Final = re.compile(r"/([A-Z][A-Za-z0-9_]*(?:::[A-Z][A-Za-z0-9_]*)*\[)")


@dataclass(frozen=True, slots=True)
class EndedNode:
    """A node of a job that has ended. *message* is what the orchestrator says about its end, if anything."""

    name: str
    state: str
    result: Any = None
    message: str = ""
    transaction_uuid: str = ""
    finished_at: float | None = None
    job_id: int | None = None
    job_type: str = ""

    @property
    def detail(self) -> Mapping[str, Any]:
        """The result, if it is an object."""
        return as_mapping(self.result)

    @property
    def error(self) -> tuple[int | None, str]:
        """The exit code and the text of the error in the result; None and "" for what it does not say."""
        code, text = error_of(self.detail)
        return code, text or as_text(self.detail.get("msg")).strip()

    @property
    def report_hash(self) -> str:
        """The hash that names the run's report in PuppetDB; empty if it is not known."""
        return as_text(self.detail.get("hash"))

    @property
    def has_failed(self) -> bool:
        """Whether something went wrong: a finished node with an error counts, a skipped one does not."""
        return self.state in FAILED_STATES or self.has_finished_with_error

    @property
    def has_finished_with_error(self) -> bool:
        """Whether the orchestrator calls the node finished although its result has an error."""
        return self.state == "finished" and has_error(self.detail)

    @property
    def has_report(self) -> bool:
        """Whether its run failed in a way that leaves a report: errors of the agent itself leave none."""
        if self.state != "failed" or not self._is_run or self.detail.get("error_type") is not None:
            return False
        return not self.error[1] or bool(self.report_hash)

    @property
    def kind(self) -> CauseKind:
        """What failed, as far as the orchestrator says."""
        if self.state == "errored":
            return CauseKind.ERRORED
        if self._is_run:
            return CauseKind.RUN
        if self.job_type in _COMMANDS or (not self.job_type and ("stdout" in self.detail or "stderr" in self.detail)):
            return CauseKind.COMMAND
        return CauseKind.TASK

    @property
    def _is_run(self) -> bool:
        if self.job_type:
            return self.job_type in _RUNS
        return any(key in self.detail for key in ("metrics", "hash", "configuration_version", "status"))


def failures_of(node: EndedNode, report: Report | None, *, puppetdb_answers: bool) -> list[Failure]:
    """Return what went wrong on *node*, at least one failure if it has failed.

    *report* is its run's report, if PuppetDB has it; *puppetdb_answers*: PuppetDB can be queried.
    """
    if not node.has_failed:
        return []
    findings: list[Finding] = []
    if report and node.kind is CauseKind.RUN:
        findings = list(_by_report(report))
    if not findings:
        findings = [_by_result(node, is_complete=puppetdb_answers or not node.has_report)]
    return [Failure(node.name, finding) for finding in findings]


def _by_result(node: EndedNode, *, is_complete: bool) -> Finding:
    """What the orchestrator knows: the error in the result, its message, or a run's counts."""
    detail = node.detail
    code, said = node.error
    if node.kind is CauseKind.ERRORED:
        message = node.message if said in node.message else f"{node.message}\n{said}".strip()
        return Finding(node.kind, message or "the orchestrator gives no reason", exit_code=code, log=_output_of(detail))
    if node.kind is CauseKind.RUN:
        kind, counted = _run_counts(detail)
        return Finding(kind if not said else node.kind, said or counted or node.message, complete=is_complete)
    message = said or ("" if code is None else f"exit code {code}") or node.message or "failed without an error"
    return Finding(
        node.kind, message, exit_code=code, log=_output_of(detail), has_finished=node.has_finished_with_error
    )


def _run_counts(detail: Mapping[str, Any]) -> tuple[CauseKind, str]:
    metrics = as_mapping(detail.get("metrics"))
    counts = {name: value for name, value in metrics.items() if type(value) is int and value > 0}
    if not counts:
        return (CauseKind.CATALOG, "no catalog was applied") if "metrics" in detail else (CauseKind.RUN, "")
    failed = counts.get("failed", 0) + counts.get("failed_to_restart", 0)
    return CauseKind.RUN, f"{failed} of {counts.get('total', 0)} resources failed"


def _output_of(detail: Mapping[str, Any]) -> tuple[LogLine, ...]:
    streams = (("err", STDERR, as_text(detail.get("stderr"))), ("notice", "stdout", stdout_of(detail)))
    return tuple(
        LogLine(level, name, line)
        for level, name, text in streams
        for line in text.rstrip().rsplit("\n", LAST_LINES)[-LAST_LINES:]
        if line.strip()
    )


def _by_report(report: Report) -> Iterator[Finding]:
    by_place = _log_by_place(report.log)
    warnings = tuple(line for line in report.log if line.is_warning)
    said = {_core(failure.message) for failure in report.failures}
    paths = {failure.path for failure in report.failures}
    for failure in report.failures:
        log = [line for line in by_place.get(failure.path, ()) if not (line.is_error and _core(line.message) in said)]
        message = failure.message
        if not message:
            message = next((line.message for line in by_place.get(failure.path, ()) if line.is_error), "failed")
        yield Finding(
            CauseKind.RESOURCE,
            message,
            resource=failure.resource,
            file=failure.file,
            line=failure.line,
            log=tuple(log),
            report=warnings,
            source=Source.PUPPETDB,
        )
    errors = [line for line in report.log if line.is_error]
    if report.failures:
        # What Puppet itself logs repeats the failure events; only other resources' errors are news.
        errors = [line for line in errors if line.source.startswith("/Stage[") and paths.isdisjoint(line.places)]
    yield from _by_errors(errors, warnings)


def _by_errors(errors: list[LogLine], warnings: tuple[LogLine, ...]) -> Iterator[Finding]:
    """Yield one finding for each resource that logged *errors*, and one for all that no resource logged."""
    by_resource: dict[str, dict[str, LogLine]] = {}
    for line in errors:
        resource = _resource_in(line.source)
        by_resource.setdefault(resource, {}).setdefault(_core(line.message), line)
    of_none = by_resource.pop("", {})
    repeated = {core for lines in by_resource.values() for core in lines}
    for resource, lines in by_resource.items():
        yield _finding(CauseKind.RUN, list(lines.values()), warnings, resource)
    rest = [line for core, line in of_none.items() if core not in repeated]
    if any(line.message.startswith(_NO_CATALOG) for line in errors):
        rest = [line for line in errors if not _resource_in(line.source) and line.message.startswith(_NO_CATALOG)]
        rest.sort(key=lambda line: not line.message.startswith(_EXPLAINED_NO_CATALOG))
        yield _finding(CauseKind.CATALOG, rest[:1] or errors[:1], warnings, None)
    elif rest:
        yield _finding(CauseKind.RUN, rest, warnings, None)


def _finding(kind: CauseKind, lines: list[LogLine], warnings: tuple[LogLine, ...], resource: str | None) -> Finding:
    first = lines[0]
    return Finding(
        kind,
        "\n".join(line.message.split(_WRAPPED)[0].strip() for line in lines),
        resource=resource,
        file=first.file,
        line=first.line,
        log=tuple(lines),
        report=warnings,
        source=Source.PUPPETDB,
    )


def _core(message: str) -> str:
    """What an error says, whichever of its three forms *message* is: plain, wrapped, or `change from ... failed:`."""
    text = message.split(_WRAPPED, maxsplit=1)[0].strip()
    if match := _CHANGE.match(text):
        text = text[match.end() :]
    for prefix in _ERROR_PREFIXES:
        text = text.removeprefix(prefix)
    return text


def _log_by_place(log: tuple[LogLine, ...]) -> dict[str, list[LogLine]]:
    by_place: dict[str, list[LogLine]] = {}
    for line in log:
        if line.level != "debug":
            for place in line.places:
                by_place.setdefault(place, []).append(line)
    return by_place


def _resource_in(source: str) -> str:
    """The resource, `Type[title]`, that the *source* of a log line names; empty if it names none."""
    if not source.startswith("/"):
        return ""
    place = source if source.endswith("]") else source.rpartition("/")[0]
    names = [match.start() + 1 for match in _RESOURCE.finditer(place)]
    return place[names[-1] :] if names and place.endswith("]") else ""
