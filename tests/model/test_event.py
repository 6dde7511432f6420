"""Events are read tolerantly: nothing that a server sends is an error."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import Raw
from support.events import event_of

from jobevents_cli.model.event import Event, EventHead, events_of


def test_the_fields_of_an_ordinary_event() -> None:
    """Id, type, node, detail, message without its trailing blank, and the time."""
    event = event_of(
        {
            "id": "1272",
            "type": "node_failed",
            "timestamp": "2026-11-23T09:00:40Z",
            "message": "Finished puppet run on db01 - Failed! ",
            "details": {"node": "db01", "detail": {"status": "failed"}},
        }
    )
    assert (event.id, event.type, event.node) == (1272, "node_failed", "db01")
    assert event.detail == {"status": "failed"}
    assert event.message == "Finished puppet run on db01 - Failed!"
    assert event.timestamp == "2026-11-23T09:00:40Z"
    assert event.time == datetime(2026, 11, 23, 9, 0, 40, tzinfo=UTC)
    assert repr(event) == "<Event 1272 node_failed db01>"


@pytest.mark.parametrize(
    "raw",
    [None, True, 7, "text", [True, None], {}, {"type": 1, "details": [], "message": 2, "id": -1, "timestamp": None}],
)
def test_an_event_of_another_shape(raw: Any) -> None:
    """It has no id, type, node or time, and is kept as it came."""
    event = event_of(raw)
    assert (event.id, event.type, event.node, event.detail) == (None, "", "", {})
    assert (event.time, event.child_job, event.raw) == (None, None, raw)
    assert event.timestamp == ""
    as_json = raw if isinstance(raw, str) else json.dumps(raw, separators=(",", ":"))
    assert event.message == ("" if isinstance(raw, dict) else as_json)
    assert repr(event) == "<Event None without type>"


def test_a_time_that_is_a_number_is_shown_as_it_is() -> None:
    """A timestamp that is not text names no moment."""
    event = event_of({"timestamp": 12, "details": {"node": ["web01"], "detail": "none"}})
    assert (event.timestamp, event.time, event.node, event.detail) == ("12", None, "", {})


@pytest.mark.parametrize(
    ("kind", "number", "child"),
    [
        ("task_start", 7, 7),
        ("apply_start", "8", 8),
        ("of_the_future_start", "9", 9),
        ("task_start", None, None),
        ("plan_finished", 7, None),
    ],
)
def test_which_job_a_plan_starts(kind: str, number: object, child: int | None) -> None:
    """`*_start` events name it, as a number or as text."""
    assert event_of({"type": kind, "details": {"job-id": number}}).child_job == child


def test_an_event_has_only_its_own_fields() -> None:
    """The fields that are read late do not make every name one."""
    assert not hasattr(event_of({"nodes": 1}), "nodes")


def test_an_event_that_is_nested_too_deeply() -> None:
    """It is kept as its text: nothing of it is read."""
    text = b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    event = Event(text)
    assert (event.id, event.type, event.details, event.raw) == (None, "", {}, text.decode())


@pytest.mark.parametrize("heads", [None, [EventHead(7, "job_finished", "")]])
def test_the_events_of_a_page(heads: list[EventHead] | None) -> None:
    """Their heads are read together or one by one: the events are the same."""
    (event,) = events_of([Raw(b'{"id":"7","type":"job_finished"}')], heads)
    assert (event.id, event.type, event.node) == (7, "job_finished", "")
