"""What a plan's own events say."""

from typing import Any

import pytest
from hypothesis import given
from support.events import event_of
from support.json_shapes import DETAIL

from jobevents_cli.render.plan_text import plan_text


def _text(kind: str, details: Any) -> str:
    return plan_text(event_of({"type": kind, "details": details}))


@pytest.mark.parametrize("kind", ["task", "script", "command", "upload", "wait", "apply", "apply_prep", "download"])
def test_a_start_names_the_job(kind: str) -> None:
    """By an integer or by a string, whatever kind of step starts."""
    assert _text(f"{kind}_start", {"job-id": 69}) == "job 69"
    assert _text(f"{kind}_start", {"job-id": "69"}) == "job 69"
    assert _text(f"{kind}_start", {}) == ""


def test_a_message_is_whole() -> None:
    """With its line breaks; a value that is no text as JSON."""
    assert _text("out_message", {"message": "one\ntwo"}) == "one\ntwo"
    assert _text("out_message", {"message": {"a": [1, "é"]}}) == '{"a": [1, "é"]}'
    assert _text("out_message", {}) == ""


def test_a_failure_is_its_message_and_the_targets_that_failed() -> None:
    """Values and parameters in the error are not shown."""
    results = [
        {"target": "a.example.com", "status": "failure", "value": {"_error": {"msg": "secret"}}},
        {"target": "b.example.com", "status": "success", "value": {"password": "secret"}},
        {"target": "c.example.com", "status": "failure"},
    ]
    error = {"kind": "bolt/run-failure", "msg": "Plan aborted: 2 failed", "details": {"result_set": results}}
    assert _text("plan_failed", {"result": error}) == "Plan aborted: 2 failed: a.example.com, c.example.com"
    assert _text("plan_failed", {"result": {"msg": "no targets", "details": {"x": "secret"}}}) == "no targets"


def test_results_are_never_shown() -> None:
    """A plan's return value can be anything, secrets too."""
    assert _text("plan_finished", {"result": {"password": "secret"}, "plan-id": "9"}) == ""
    assert _text("plan_finished", {"result": "secret"}) == ""


def test_an_error_may_be_a_text() -> None:
    """What stops a plan from outside says why in a text."""
    assert _text("plan_failed", {"result": "stopped: timeout of 600 seconds reached"}).endswith("600 seconds reached")


def test_sub_plans_are_named() -> None:
    """At their start and at their end."""
    assert _text("plan_start", {"plan": "profile::sub"}) == "profile::sub"
    assert _text("plan_end", {"plan": "profile::sub", "duration": 3.2}) == "end of profile::sub"


@given(DETAIL)
def test_no_shape_is_a_crash(details: Any) -> None:
    """Whatever JSON a server sends, there is a text."""
    for kind in ("plan_failed", "plan_finished", "plan_start", "plan_end", "out_message", "task_start"):
        assert isinstance(_text(kind, details), str)
        assert isinstance(_text(kind, {"result": {"details": details}}), str)
