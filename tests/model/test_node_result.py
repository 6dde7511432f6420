"""What a node's result says, in every shape that was documented or recorded."""

from typing import Any

import pytest
from hypothesis import given
from support.json_shapes import DETAIL
from support.steps import worked

from jobevents_cli.model.node_result import error_of, has_error, is_noop, is_run, names_run, reason_of, stdout_of
from jobevents_cli.why.causes import CauseKind
from jobevents_cli.why.failures import EndedNode, failures_of


@pytest.mark.parametrize(
    ("detail", "code", "text"),
    [
        ({}, None, ""),
        ({"_error": {}}, None, ""),
        ({"_error": " as text\n"}, None, "as text"),
        ({"_error": "as text", "exitcode": 7}, 7, "as text"),
        ({"_error": {"message": "boom"}}, None, "boom"),
        ({"_error": {"kind": "a/kind", "details": "odd"}}, None, "a/kind"),
        ({"_error": {"msg": "x", "details": {"exit_code": 5}}, "exit_code": 6}, 5, "x"),
        ({"_error": ["one", {"msg": "two"}, 3], "exit_code": 6}, 6, "one\ntwo"),
        ({"_error": {"msg": "x", "details": {"exitcode": "100"}}}, 100, "x"),
        ({"exit_code": "23"}, 23, ""),
        ({"exit_code": "unknown"}, None, ""),
        ({"error": {"msg": "x", "details": {"exitcode": 5}}}, 5, "x"),
        ({"_error": None, "error": "old form"}, None, "old form"),
        ({"kind": "a/kind", "msg": " an error on its own "}, None, "an error on its own"),
        ({"msg": "a task's own value"}, None, ""),
        ({"exit_code": 0}, None, ""),
        ({"exit_code": 10**15}, None, ""),
    ],
)
def test_the_error_of_a_result(detail: dict[str, Any], code: int | None, text: str) -> None:
    """Its exit code and its text, wherever they are."""
    assert error_of(detail) == (code, text)


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"_error": {}}, False),
        ({"_error": None}, False),
        ({"exit_code": 0}, False),
        ({"exit_code": "x"}, False),
        ({"exit_code": 3}, True),
        ({"exit_code": "3", "stdout": "", "stderr": "no"}, True),
        ({"exit_code": 3, "checked": 7}, False),
        ({"exitcode": 3}, False),
        ({"_error": "x"}, True),
        ({"exitcode": 1, "report": {"status": "failed"}, "_output": ""}, True),
        ({"exitcode": 2, "report": {"status": "changed"}, "_output": ""}, False),
    ],
)
def test_which_results_have_an_error(detail: dict[str, Any], *, expected: bool) -> None:
    """An error object, an error text, or an exit code where it is no task's own value."""
    assert has_error(detail) is expected


def test_what_is_known_of_the_job_decides() -> None:
    """The exit code of commands and scripts counts, that of tasks does not, but for the task that runs the agent."""
    detail = {"exit_code": 4, "note": "x"}
    assert has_error(detail, job_type="script")
    assert not has_error(detail, job_type="task", task="app::check")
    assert has_error({"exitcode": 4}, job_type="task", task="puppet_agent::run")
    assert not has_error({"exitcode": 2}, job_type="task", task="puppet_agent::run")
    assert not has_error({"exitcode": 1, "report": {"status": "x"}}, job_type="task", task="app::check")


@pytest.mark.parametrize(
    ("detail", "run", "named"),
    [
        ({"metrics": {}, "status": "failed", "hash": "abc"}, True, True),
        ({"metrics": {}, "status": "failed", "noop": False}, True, False),
        ({"status": "failed", "environment": "production"}, True, True),
        ({"status": "failed"}, False, False),
        ({"status": "up to date", "environment": "x"}, False, True),
        ({"metrics": {}, "_output": "x"}, False, False),
    ],
)
def test_what_is_a_puppet_run(detail: dict[str, Any], *, run: bool, named: bool) -> None:
    """A result with metrics, or with a run's status and what names the run; a task may have a key `status` too."""
    assert (is_run(detail), names_run(detail)) == (run, named)


RUNNER = "The task failed with exit code 1"


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        (
            {"_error": {"msg": RUNNER, "details": {"exit_code": 1}}, "error": "no disk", "_output": "log"},
            (1, "no disk"),
        ),
        ({"_error": {"msg": RUNNER}, "message": "no disk", "stderr": "x"}, (1, "no disk")),
        ({"_error": {"msg": RUNNER}, "reason": "no disk"}, (1, "no disk")),
        ({"_error": {"msg": RUNNER}, "stderr": "no disk\n", "_output": "log"}, (1, "no disk")),
        ({"_error": {"msg": RUNNER}, "_output": "log\nno disk\n"}, (1, "log\nno disk")),
        ({"_error": {"msg": RUNNER}}, (1, "")),
        ({"_error": {"msg": f"{RUNNER} and no stdout, but stderr contained:\nno disk"}}, (1, "no disk")),
        ({"_error": {"msg": f"{RUNNER} and no output"}}, (1, "")),
        ({"_error": {"msg": "Task exited : 100\nno disk", "details": {"exitcode": "100"}}}, (100, "no disk")),
        (
            {"_error": {"msg": "The command failed with exit code 2.", "details": {"exit_code": 2}}, "stderr": "x"},
            (2, "x"),
        ),
        ({"_error": {"msg": "The task errored with a code 1"}, "error": {"message": "no disk"}}, (1, "no disk")),
        ({"_error": {"msg": "exit status 1"}, "error": ["a", "b"]}, (1, "a\nb")),
        ({"_error": {"msg": "exit code 2", "details": {"exit_code": 1}}, "error": "x"}, (1, "exit code 2")),
        ({"_error": {"msg": "no disk", "details": {"exit_code": 1}}, "error": "more"}, (1, "no disk")),
        ({"_error": {"msg": "403: Forbidden"}, "error": "x"}, (None, "403: Forbidden")),
        ({"_error": {"msg": "failed 2 of 208"}, "error": "x"}, (None, "failed 2 of 208")),
        ({"_error": {"kind": "a/kind"}, "_output": "no disk"}, (None, "no disk")),
        ({"_error": {"kind": "a/kind"}}, (None, "a/kind")),
        (
            {"_error": {"msg": "The task failed with exit code unknown"}},
            (None, "The task failed with exit code unknown"),
        ),
        ({"_error": {"msg": RUNNER, "details": {"exit_code": 1, "stderr": 7, "message": "no disk"}}}, (1, "no disk")),
    ],
)
def test_the_reason(detail: dict[str, Any], reason: tuple[int | None, str]) -> None:
    """What the error says; if that is only an exit code, what the result says beside it."""
    assert reason_of(detail)[:2] == reason


def test_what_was_printed_beside_the_reason() -> None:
    """Each stream that the reason does not repeat."""
    detail = {"_error": {"msg": "no disk"}, "stderr": "careful", "_output": "log\n"}
    assert reason_of(detail).outputs == (("stderr", "careful"), ("stdout", "log"))
    assert reason_of({"_error": {"msg": RUNNER}, "_output": "log"}).outputs == ()


@pytest.mark.parametrize(
    ("detail", "message"),
    [
        ({"_error": {"message": "boom"}}, "boom"),
        ({"error": {"msg": "x", "details": {"exit_code": 5}}}, "x"),
        ({"exitcode": 7, "stdout": "out"}, "out"),
        ({"exitcode": 7}, "exit code 7"),
        ({"msg": "only a message"}, "only a message"),
        ({"_error": {}}, "failed without an error"),
    ],
)
def test_why_reads_a_result_as_the_event_s_line_does(detail: dict[str, Any], message: str) -> None:
    """The same error and exit code, so that the two commands never contradict each other."""
    node = EndedNode("n1", "failed", detail, job_type="task")
    (failure,) = worked(failures_of(node, None, puppetdb_answers=True))
    finding = failure.finding
    assert (finding.kind, finding.message, finding.exit_code) == (CauseKind.TASK, message, error_of(detail)[0])
    assert EndedNode("n1", "finished", detail).has_failed is has_error(detail)


def test_standard_output_has_several_names() -> None:
    """The first that is not blank."""
    assert stdout_of({"stdout": " \n", "_output": "log\n", "output": "old"}) == "log\n"
    assert stdout_of({"stdout": 7, "stderr": "x"}) == ""


def test_noop_has_two_shapes() -> None:
    """A boolean, or an object with one."""
    assert [is_noop(value) for value in (True, {"noop": True}, False, {"noop": 1}, "true", None)] == [True, True] + [
        False
    ] * 4


@given(DETAIL)
def test_no_shape_is_a_crash(detail: Any) -> None:
    """Whatever JSON a server sends, there is an answer."""
    if isinstance(detail, dict):
        assert isinstance(error_of(detail)[1], str)
        assert isinstance(has_error(detail), bool)
