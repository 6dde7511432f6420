"""What went wrong on one node, or on one target of a plan: from its state, its result and its report to failures."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from jobevents_cli.model.job import Job
from jobevents_cli.model.json_values import as_count, as_mapping, as_text
from jobevents_cli.model.node import Node
from jobevents_cli.model.node_result import (
    COMMANDS,
    STDERR,
    has_error,
    is_agent_run,
    is_command,
    is_run,
    names_run,
    reason_of,
    said_by,
)
from jobevents_cli.model.plan import step_errors, target_results
from jobevents_cli.model.telling_line import lines_of
from jobevents_cli.why.causes import CauseKind, Failure, Finding, Source
from jobevents_cli.why.report import LogLine, Report, ResourceFailure
from jobevents_cli.why.report_findings import Steps, findings_of

FAILED_STATES: Final = ("failed", "errored")

NO_REASON: Final = "failed without an error"

_APPLIES: Final = ("apply", "plan_apply")
_RUNS: Final = ("deploy", *_APPLIES)

_OF_TARGETS: Final = ("bolt/run-failure", "bolt/apply-failure", "bolt/parallel-failure")
"""The kinds of errors that say no more than on how many targets an action failed."""

_OUTPUT: Final = re.compile(
    r"(?P<level>Error|Warning|Notice|Info|Debug|Alert|Critical|Emergency): "
    r"(?:(?P<source>/\S.*?\](?:/\w+)?): )?(?P<message>.*)"
)
_BEFORE_OUTPUT: Final = re.compile(r"[^\n:]{0,80}: (?=(?:Error|Warning|Notice|Info|Debug): )")
"""What the agent's task says before the output in its error: "Puppet agent run failed: "."""

_LEVELS: Final = {"Error": "err", "Alert": "alert", "Critical": "crit", "Emergency": "emerg", "Warning": "warning"}


@dataclass(frozen=True, slots=True)
class EndedNode:
    """A node of a job that has ended. *message* is what the orchestrator says about its end, if anything.

    *job_type* and *task* are the job's, empty if unknown: saved events do not say them.
    """

    name: str
    state: str
    result: Any = None
    message: str = ""
    transaction_uuid: str = ""
    finished_at: float | None = None
    job_id: int | None = None
    job_type: str = ""
    task: str = ""

    @property
    def detail(self) -> Mapping[str, Any]:
        """The result, if it is an object."""
        return as_mapping(self.result)

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
        return self.state == "finished" and has_error(self.detail, job_type=self.job_type, task=self.task)

    @property
    def kind(self) -> CauseKind:
        """What failed, as far as the orchestrator says."""
        if self.state == "errored":
            return CauseKind.ERRORED
        if self.job_type in _RUNS or (not self.job_type and is_run(self.detail)):
            return CauseKind.RUN
        if self.job_type in COMMANDS or (not self.job_type and is_command(self.detail)):
            return CauseKind.COMMAND
        return CauseKind.TASK

    @property
    def is_apply(self) -> bool:
        """Whether it is a target of a plan's `apply`: its result does not say why it failed, but the plan's may."""
        if self.job_type:
            return self.job_type in _APPLIES
        return self.kind is CauseKind.RUN and not names_run(self.detail)

    @property
    def has_report(self) -> bool:
        """Whether PuppetDB can have a report of its run: not of an apply, nor of one that the agent did not begin."""
        if self.state != "failed" or self.kind is not CauseKind.RUN or self.job_type in _APPLIES:
            return False
        if self.detail.get("error_type") is not None:
            return False
        return not reason_of(self.detail).text or bool(self.report_hash)


def ended_node(node: Node, job: Job, number: int) -> EndedNode:
    """Return the *node* of *job*, whose number is *number*."""
    return EndedNode(
        node.name,
        node.state,
        node.result,
        as_text(node.details.get("message")).strip(),
        node.transaction_uuid,
        node.finished_at or job.finished_at,
        number,
        job.type,
        job.task,
    )


def failures_of(node: EndedNode, report: Report | None, *, puppetdb_answers: bool) -> Steps[list[Failure]]:
    """Yield while working, and return what went wrong on *node*: at least one failure if it has failed.

    *report* is its run's report, if PuppetDB has it; *puppetdb_answers*: PuppetDB can be queried.
    """
    if not node.has_failed:
        return []
    findings: list[Finding] = []
    if report and node.kind is CauseKind.RUN:
        findings = yield from findings_of(report, Source.PUPPETDB)
    elif own := report_in(node.detail):
        findings = yield from findings_of(own, Source.ORCHESTRATOR, only_resources=node.kind is CauseKind.RUN)
    if not findings and _is_of_agent(node):
        output = agent_output(reason_of(node.detail).text)
        findings = yield from findings_of(Report(log=output), Source.ORCHESTRATOR)
    if not findings:
        findings = [_by_result(node, is_complete=puppetdb_answers or not node.has_report)]
    has_finished = node.has_finished_with_error
    return [Failure(node.name, replace(finding, has_finished=has_finished)) for finding in findings]


def _is_of_agent(node: EndedNode) -> bool:
    kind = as_text(as_mapping(node.detail.get("_error")).get("kind"))
    return is_agent_run(node.detail, node.task) or kind.startswith("puppet_agent/")


def _by_result(node: EndedNode, *, is_complete: bool) -> Finding:
    """What the orchestrator knows: the error in the result, its message, or a run's counts."""
    kind = node.kind
    code, said, outputs = reason_of(node.detail)
    log = tuple(
        LogLine("err" if name == STDERR else "notice", name, line)
        for name, text in outputs
        for line in lines_of(text)[0]
    )
    if kind is CauseKind.ERRORED:
        message = node.message if said in node.message else f"{node.message}\n{said}".strip()
        return Finding(kind, message or "the orchestrator gives no reason", exit_code=code, log=log)
    if kind is CauseKind.RUN:
        kind, counted = (kind, "") if said else _run_counts(node.detail)
        return Finding(kind, said or counted or node.message or NO_REASON, complete=is_complete)
    message = said or ("" if code is None else f"exit code {code}") or node.message or NO_REASON
    return Finding(kind, message, exit_code=code, log=log)


def _run_counts(detail: Mapping[str, Any]) -> tuple[CauseKind, str]:
    metrics = as_mapping(detail.get("metrics"))
    counts = {name: value for name, value in metrics.items() if type(value) is int and value > 0}
    if not counts:
        return (CauseKind.CATALOG, "no catalog was applied") if "metrics" in detail else (CauseKind.RUN, "")
    failed = counts.get("failed", 0) + counts.get("failed_to_restart", 0)
    return CauseKind.RUN, f"{failed} of {counts.get('total', 0)} resources failed"


def report_in(detail: Mapping[str, Any]) -> Report | None:
    """Return the report that the result *detail* contains, as those of an apply and of the agent's task do."""
    report = as_mapping(detail.get("report"))
    statuses, logs = as_mapping(report.get("resource_statuses")), report.get("logs")
    failures = [failure for name, status in statuses.items() for failure in _failed(name, as_mapping(status))]
    log = tuple(LogLine.read(as_mapping(line)) for line in (logs if isinstance(logs, list) else ()))
    return Report(tuple(failures), log) if failures or log else None


def _failed(resource: str, status: Mapping[str, Any]) -> Iterator[ResourceFailure]:
    events = status.get("events")
    failed = [
        event
        for event in map(as_mapping, events if isinstance(events, list) else ())
        if event.get("status") == "failure"
    ]
    if not failed and status.get("failed") is True:
        failed = [{}]  # its reason is in the log
    within = status.get("containment_path")
    path = "".join(f"/{name}" for name in within) if isinstance(within, list) else ""
    for event in failed:
        message = as_text(event.get("message")).strip()
        yield ResourceFailure(
            resource, path, message, as_text(status.get("file")) or None, as_count(status.get("line"))
        )


def agent_output(text: str) -> tuple[LogLine, ...]:
    """Return what `puppet agent --test` printed as the log that it is: `Error: /Stage[main]/.../returns: message`."""
    lines: list[LogLine] = []
    for line in lines_of(_BEFORE_OUTPUT.sub("", text, count=1)).lines:
        if match := _OUTPUT.match(line):
            level = _LEVELS.get(match["level"], "notice")
            lines.append(LogLine(level, match["source"] or "Puppet", match["message"]))
        elif lines:
            lines[-1] = replace(lines[-1], message=f"{lines[-1].message}\n{line}")
    return tuple(lines)


def plan_failures(error: object, message: str) -> tuple[list[Failure], list[EndedNode]]:
    """Return what a plan's *error* says of its own, and the targets that failed, as nodes.

    *message* is what else is known. Of a plan that only says on how many targets an action failed, the targets count.
    """
    targets = [
        EndedNode(each.target, "failed", each.value, job_type=each.action or "apply")
        for each in target_results(error)
        if each.has_failed
    ]
    own: list[Failure] = []
    for each in step_errors(error):
        said = said_by(each)
        is_told = any(each.has_failed for each in target_results(each)) and as_text(each.get("kind")) in _OF_TARGETS
        if said and not is_told:
            own.append(Failure("", Finding(CauseKind.PLAN, said)))
    if not own and not targets:
        own = [Failure("", Finding(CauseKind.PLAN, said_by(error) or message or "the plan failed"))]
    return own, targets
