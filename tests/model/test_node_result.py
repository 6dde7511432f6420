"""What a node's result says, in every shape that was documented or recorded."""

from typing import Any

import pytest
from hypothesis import given
from support.json_shapes import DETAIL

from jobevents_cli.model.causes import CauseKind
from jobevents_cli.model.node_failures import EndedNode, failures_of
from jobevents_cli.model.node_result import error_of, has_error, is_noop, stdout_of


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
        ({"_error": ["odd"], "exit_code": 6}, 6, ""),
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
        ({"exitcode": 3}, True),
        ({"_error": "x"}, True),
    ],
)
def test_which_results_have_an_error(detail: dict[str, Any], *, expected: bool) -> None:
    """An error object, an error text or an exit code other than 0."""
    assert has_error(detail) is expected


@pytest.mark.parametrize(
    ("detail", "message"),
    [
        ({"_error": {"message": "boom"}}, "boom"),
        ({"error": {"msg": "x", "details": {"exit_code": 5}}}, "x"),
        ({"exitcode": 7, "stdout": "out"}, "exit code 7"),
        ({"msg": "only a message"}, "only a message"),
        ({"_error": {}}, "failed without an error"),
    ],
)
def test_why_reads_a_result_as_the_event_s_line_does(detail: dict[str, Any], message: str) -> None:
    """The same error and exit code, so that the two commands never contradict each other."""
    node = EndedNode("n1", "failed", detail, job_type="task")
    ((finding,),) = [[failure.finding for failure in failures_of(node, None, puppetdb_answers=True)]]
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
