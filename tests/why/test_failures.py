"""What went wrong on a node or a target of a plan, by its result."""

from typing import Any

import pytest
from support.steps import worked

from jobevents_cli.why.causes import CauseKind, Finding
from jobevents_cli.why.failures import EndedNode, agent_output, failures_of, plan_failures

AGENT_OUTPUT = """\
Info: Using environment 'production'
Notice: /Stage[main]/Main/Exec[migrate]/returns: schema is locked
Error: /Stage[main]/Main/Exec[migrate]/returns: change from 'notrun' to ['0'] failed: 'x' returned 3
Error: 'x' returned 3
Error: Could not find a suitable provider for docker_volume
with more than one line
Warning: Not using cache
"""


def _findings(node: EndedNode) -> list[Finding]:
    return [failure.finding for failure in worked(failures_of(node, None, puppetdb_answers=True))]


def test_what_the_agent_printed_is_a_log() -> None:
    """The output of the task that runs the agent names resources as a report does."""
    result = {"exitcode": 6, "report": {"status": "failed", "logs": []}, "_output": AGENT_OUTPUT}
    resource, provider = _findings(EndedNode("a", "finished", result, job_type="task", task="puppet_agent::run"))
    assert (resource.kind, resource.resource, resource.message[:11]) == ("resource", "Exec[migrate]", "change from")
    assert [line.message for line in resource.log] == ["schema is locked"]
    assert provider.message == "Could not find a suitable provider for docker_volume\nwith more than one line"
    assert resource.has_finished
    assert agent_output("no output of an agent") == ()


def test_what_the_agent_changed_does_not_tell_causes_apart() -> None:
    """Two nodes with the same error and other notices have the same cause."""
    error = "Puppet agent run failed: Info: {}\nError: Could not retrieve catalog; skipping run\n"
    findings = [
        _findings(EndedNode("a", "failed", {"_error": {"kind": "puppet_agent/x", "msg": error.format(text)}}))
        for text in ("one", "two")
    ]
    assert [[finding.message for finding in some] for some in findings] == [
        ["Could not retrieve catalog; skipping run"]
    ] * 2


def test_the_report_in_a_result() -> None:
    """It names the failed resources and their log."""
    source = "/Stage[main]/App/Exec[migrate]/returns"
    statuses = {
        "Exec[migrate]": {
            "failed": True,
            "file": "/a/b.pp",
            "line": 3,
            "containment_path": ["Stage[main]", "App", "Exec[migrate]"],
            "events": [{"status": "success", "message": "x"}, {"status": "failure", "message": "returned 3"}, "odd"],
        },
        "File[/a]": {"failed": False, "events": []},
        "Package[x]": {"failed": True, "events": None},
        "odd": 7,
    }
    logs = [
        {"level": "notice", "source": source, "message": "schema is locked"},
        {
            "level": "err",
            "source": "/Stage[main]/App/Package[x]",
            "message": "Provider gem is not functional on this host",
        },
    ]
    result = {"report": {"status": "failed", "resource_statuses": statuses, "logs": logs}, "exitcode": 4}
    migrate, package = _findings(EndedNode("a", "finished", result))
    assert (migrate.resource, migrate.file, migrate.line, migrate.message) == (
        "Exec[migrate]",
        "/a/b.pp",
        3,
        "returned 3",
    )
    assert [line.message for line in migrate.log] == ["schema is locked"]
    assert (package.resource, package.message) == ("Package[x]", "Provider gem is not functional on this host")


def _error(*results: dict[str, Any], kind: str = "bolt/run-failure") -> dict[str, Any]:
    return {"kind": kind, "msg": "Plan aborted", "details": {"result_set": [*results]}}


def _failed(target: str, value: Any, action: str = "task") -> dict[str, Any]:
    return {"target": target, "action": action, "object": "x", "status": "failure", "value": value}


def test_each_target_of_a_plan_has_its_own_error() -> None:
    """A task's, a command's or an apply's; that an action failed on some targets is no cause beside them."""
    error = _error(
        _failed("a", {"_error": {"msg": "no disk", "details": {"exit_code": 3}}}),
        _failed("b", {"stderr": "not found", "exit_code": 127}, "command"),
        _failed("c", {"_error": {"msg": "Puppet is not installed on the target"}}, "apply"),
        {"target": "d", "status": "success", "value": {}},
    )
    own, targets = plan_failures(error, "")
    assert own == []
    found = {node.name: _findings(node)[0] for node in targets}
    assert [(name, finding.kind, finding.message) for name, finding in found.items()] == [
        ("a", CauseKind.TASK, "no disk"),
        ("b", CauseKind.COMMAND, "not found"),
        ("c", CauseKind.RUN, "Puppet is not installed on the target"),
    ]
    assert not any(node.has_report for node in targets)


@pytest.mark.parametrize(
    ("error", "message", "own", "names"),
    [
        ("stopped: timeout", "", ["stopped: timeout"], []),
        ({"kind": "bolt/plan-failure", "msg": "blocked", "details": {}}, "", ["blocked"], []),
        (None, "the message", ["the message"], []),
        (None, "", ["the plan failed"], []),
        (_error(_failed("a", None)), "", [], ["a"]),
        (_error(_failed("a", None), kind="app/blocked"), "", ["Plan aborted"], ["a"]),
        ({"details": {"results": [_error(_failed("a", {})), {"kind": "k", "msg": "two"}]}}, "", ["two"], ["a"]),
    ],
)
def test_a_plan_s_own_error(error: Any, message: str, own: list[str], names: list[str]) -> None:
    """What it says beside on how many targets it failed."""
    failures, targets = plan_failures(error, message)
    assert [(failure.node, failure.finding.message) for failure in failures] == [("", text) for text in own]
    assert [node.name for node in targets] == names


@pytest.mark.parametrize(
    ("result", "job_type", "has_report"),
    [
        ({"status": "failed", "hash": "abc", "metrics": {}}, "", True),
        ({"status": "failed", "metrics": {}}, "deploy", True),
        ({"status": "failed", "metrics": {}}, "plan_apply", False),
        ({"_error": {"msg": "Puppet agent is disabled"}, "error_type": "agent_disabled"}, "deploy", False),
        ({"_error": {"msg": "no"}}, "deploy", False),
        ({"_error": {"msg": "no"}, "hash": "abc"}, "deploy", True),
        ({"_output": "x"}, "task", False),
    ],
)
def test_whether_puppetdb_can_have_a_report(result: dict[str, Any], job_type: str, *, has_report: bool) -> None:
    """Of a run that the agent began, and that is not an apply."""
    assert EndedNode("a", "failed", result, job_type=job_type).has_report is has_report
