"""What happened: every documented and recorded shape of a node's result in a few words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import event_of
from support.json_shapes import DETAIL

from jobevents_cli.render.details import output_of, report_link, what_happened


def _happened(kind: str, detail: Any, message: str = "the message") -> str:
    details = {"node": "n1"} if detail is None else {"node": "n1", "detail": detail}
    return what_happened(event_of({"type": f"node_{kind}", "details": details, "message": message}))


RUNS = [
    ("finished", {"status": "unchanged", "metrics": {"total": 171, "changed": 0}}, "unchanged"),
    ("finished", {"status": "changed", "metrics": {"total": 171, "changed": 4}}, "changed 4 of 171"),
    ("finished", {"status": "changed", "metrics": {"changed": 4}}, "changed 4"),
    ("finished", {"status": "changed"}, "changed"),
    (
        "finished",
        {"status": "changed", "metrics": {"total": 9, "changed": 3, "corrective_change": 2}},
        "changed 3 of 9, 2 corrective",
    ),
    (
        "finished",
        {"noop": True, "status": "unchanged", "metrics": {"out_of_sync": 5}},
        "unchanged, noop: 5 would change",
    ),
    (
        "finished",
        {"noop": {"noop": True, "no_noop": False}, "status": "unchanged", "metrics": {}},
        "unchanged, noop: 0 would change",
    ),
    ("failed", {"status": "failed", "metrics": {"total": 171, "failed": 2}}, "failed 2 of 171"),
    ("failed", {"status": "failed", "metrics": {"total": 9, "failed": 2, "changed": 1}}, "failed 2 of 9, 1 changed"),
    ("failed", {"status": "failed", "metrics": {"total": 9, "failed_to_restart": 1}}, "failed, 1 failed to restart"),
    ("failed", {"status": "failed", "metrics": {}}, "no catalog was applied"),
    ("failed", {"status": "failed", "metrics": {"total": 0, "failed": 0}}, "no catalog was applied"),
    ("failed", {"status": "failed"}, "the message"),
    ("failed", {"status": "failed", "metrics": {"total": 9, "failed": -3}}, "the message"),
    ("failed", {"status": "unchanged", "metrics": {"total": 9}}, "the message"),
    ("running", {"noop": True}, "noop"),
    ("running", {"noop": False}, ""),
    ("running", None, ""),
]
TASK_ERROR = {"kind": "puppetlabs.tasks/task-error"}
TASKS = [
    ("finished", {"_output": "one\ntwo\nthree\n"}, "one (+2 lines)"),
    ("finished", {"_output": "one\ntwo"}, "one (+1 line)"),
    ("finished", {"output": "test\n"}, "test"),
    ("finished", {"_output": "Uploaded 'x' to 'n:/y'"}, "Uploaded 'x' to 'n:/y'"),
    ("finished", {"_output": ""}, ""),
    (
        "finished",
        {"status": "installed", "version": "1.2", "n": 3, "_x": 1, "deep": {}},
        "status: installed, version: 1.2, n: 3",
    ),
    ("finished", {"stdout": "hello", "stderr": "", "exit_code": 0}, "hello"),
    ("finished", {"stdout": "", "stderr": "careful", "exit_code": 0}, "careful"),
    ("finished", {"_output": f"{'x' * 300}\ny"}, f"{'x' * 300} (+1 line)"),
    ("failed", {"_output": "x" * 300, "_error": {"msg": "y" * 300}}, "y" * 300),
    ("finished", {"a": "x" * 300, "b": 1}, f"a: {'x' * 300}"),
    ("finished", {"stderr": "bye", "_error": {"details": {"exit_code": 23}}}, "with an error: exit 23: bye"),
    ("finished", {"stdout": "out", "stderr": "bye\nbye", "exit_code": 23}, "with an error: exit 23: bye (+1 line)"),
    ("finished", {"_error": "as text"}, "with an error: as text"),
    ("failed", {"_error": "as text"}, "as text"),
    ("failed", {"_error": {"msg": "no details"}}, "no details"),
    ("failed", {"_error": {"msg": "odd details", "details": "text"}}, "odd details"),
    ("failed", {"_error": {"kind": "a/kind"}}, "a/kind"),
    ("failed", {"error": "Invalid task name 'x'"}, "Invalid task name 'x'"),
    (
        "failed",
        {
            "_output": "a\nb",
            "_error": {**TASK_ERROR, "msg": "The task failed with exit code 126", "details": {"exit_code": 126}},
        },
        "exit 126: a (+1 line)",
    ),
    (
        "failed",
        {
            "_error": {
                **TASK_ERROR,
                "msg": "The task failed with exit code 1 and no stdout, but stderr contained:\nwhy\nmore",
                "details": {"exitcode": 1},
            }
        },
        "exit 1: why (+1 line)",
    ),
    (
        "failed",
        {"_output": "log", "_error": {"msg": "the database is down", "details": {"exit_code": 2}}},
        "exit 2: the database is down",
    ),
    ("failed", {"_error": {"msg": "line 1\nline 2"}}, "line 1 (+1 line)"),
    (
        "failed",
        {"msg": "Running tasks is not supported", "kind": "puppetlabs.orchestrator/execution-failure", "details": {}},
        "Running tasks is not supported",
    ),
    ("failed", {"_error": ["one", {"msg": "two"}]}, "one (+1 line)"),
    (
        "failed",
        {"_output": "begin\nerror: no disk\nend", "_error": {"msg": "exit code 1"}},
        "exit 1: error: no disk (+2 lines)",
    ),
    ("failed", {"_error": {"msg": "The task failed with exit code 1"}, "error": "no disk"}, "exit 1: no disk"),
    (
        "failed",
        {"_output": "\x1b[32m  0%\r100%\r\n\x1b[31mError:\x1b[0m no\r\n", "exitcode": "3"},
        "exit 3: Error: no (+1 line)",
    ),
    ("finished", {"exitcode": 3, "status": "warm"}, "exitcode: 3, status: warm"),
    ("finished", {"_output": "\ufeffOK\r\n"}, "OK"),
    ("failed", {"_output": ""}, "the message"),
]
OTHERS = [
    ("finished", None, "the message"),
    ("finished", {}, "the message"),
    ("failed", "text", "the message"),
    ("skipped", {}, "the message"),
    ("errored", None, "the message"),
    ("errored", {"msg": "not connected"}, "the message: not connected"),
    ("errored", {"msg": "message"}, "the message"),
    ("rebooted", {"status": "unchanged"}, "the message"),
]


@pytest.mark.parametrize(("kind", "detail", "shown"), [*RUNS, *TASKS, *OTHERS])
def test_every_shape_says_what_happened(kind: str, detail: Any, shown: str) -> None:
    """The fields where they say it, else the message."""
    assert _happened(kind, detail) == shown


def test_a_run_that_failed_for_another_reason_says_both() -> None:
    """Counts and an error are two facts."""
    detail = {"status": "failed", "metrics": {"total": 9, "failed": 1}, "_error": {"msg": "timed out"}}
    assert _happened("failed", detail) == "failed 1 of 9; timed out"


def test_job_events_are_their_message() -> None:
    """A job's own events have nothing else to say."""
    event = event_of({"type": "job_stopping", "message": "Stop requested ", "details": {}})
    assert what_happened(event) == "Stop requested"


def test_the_end_of_a_job_does_not_say_how_it_ended() -> None:
    """Its message says "finished" of a job that failed, too."""
    assert what_happened(event_of({"type": "job_finished", "message": "Job 352 finished"})) == ""


@given(DETAIL, st.sampled_from(("node_finished", "node_failed", "node_errored", "node_running", "job_finished", "x")))
def test_no_shape_is_a_crash(detail: Any, kind: str) -> None:
    """Whatever JSON a server sends, there is a text."""
    for details in (detail, {"node": "n", "detail": detail}):
        event = event_of({"type": kind, "details": details, "message": "m"})
        assert isinstance(what_happened(event), str)
        assert isinstance(report_link(event), str)
    if isinstance(detail, dict):
        assert isinstance(output_of(detail), str)
