"""The whole result of one node, as text."""

from typing import Any

from jobevents_cli.model.node import Node
from jobevents_cli.show.node_result import result_lines


def _lines(result: Any = None, message: str = "", longest: int | None = None) -> list[str]:
    return result_lines(Node({"name": "a", "result": result, "details": {"message": message}}), longest=longest)


def test_a_puppet_run() -> None:
    """A run shows its status, its environment and its metrics; what is empty or false is left out."""
    result = {
        "status": "changed",
        "environment": "production",
        "configuration_version": "",
        "noop": False,
        "hash": None,
        "metrics": {"changed": 1, "total": 30},
        "report-url": "https://pe/report",
    }
    assert _lines(result, "Message of the run ") == [
        "Message of the run",
        "status: changed",
        "environment: production",
        "metrics: changed 1, total 30",
    ]


def test_a_run_of_pe_2016() -> None:
    """Its nodes have the metrics among their details, and no result."""
    details = {"message": "Finished", "metrics": {"changed": 1, "total": 30}, "report-url": "https://pe/report"}
    node = Node({"name": "a", "state": "finished", "details": details})
    assert result_lines(node) == ["Finished", "status: changed", "metrics: changed 1, total 30"]
    assert node.report_link == "https://pe/report"


def test_a_failed_task() -> None:
    """A task shows exit code, kind and text of its error, then everything that it printed."""
    result = {
        "_error": {"kind": "puppetlabs.tasks/task-error", "msg": "no\ndisk", "details": {"exit_code": 3}},
        "_output": "one\ntwo\n",
        "stderr": "late",
    }
    assert _lines(result) == [
        "exit code: 3",
        "error: puppetlabs.tasks/task-error",
        "  no",
        "  disk",
        "stdout:",
        "  one",
        "  two",
        "stderr:",
        "  late",
    ]
    assert _lines({"kind": "k", "msg": "on its own"}) == ["error: k", "  on its own"]


def test_success_is_said_with_its_exit_code() -> None:
    """An exit code of 0 is shown, because the server said it."""
    assert _lines({"exit_code": 0, "stdout": "ok"}) == ["exit code: 0", "stdout:", "  ok"]


def test_other_values_are_shown_as_json() -> None:
    """A task's own values, odd shapes of known ones, and results that are no object are all shown."""
    assert _lines({"version": "1.2é"}) == ["result:", "  {", '    "version": "1.2é"', "  }"]
    assert _lines({"metrics": 7, "stdout": ["x"]})[0] == "result:"
    assert _lines([1]) == ["result:", "  [", "    1", "  ]"]
    assert _lines("text") == ["result:", "  text"]
    assert _lines(None) == []
    assert _lines({}) == []


def test_a_long_result_is_cut() -> None:
    """Where the length is limited, the line that does not fit is cut and marked, and it is the last one."""
    result = {"stdout": "abcdef\nsecond"}
    assert _lines(result, longest=12) == ["stdout:", "  ab…"]
    assert _lines(result, longest=100) == _lines(result)
