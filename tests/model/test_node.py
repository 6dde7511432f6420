"""Nodes of a job are read tolerantly."""

from datetime import UTC, datetime
from typing import Any

import pytest

from jobevents_cli.model.node import Node


def test_the_fields_of_a_node() -> None:
    """Name, state, times, result and report link."""
    node = Node(
        {
            "name": "web01",
            "state": "finished",
            "start_timestamp": "1970-01-01T00:00:10Z",
            "finish_timestamp": "1970-01-01T00:00:40Z",
            "duration": 29.5,
            "transaction_uuid": "5f0f",
            "details": {"message": "Finished", "report-url": "https://pe/1"},
            "result": {"status": "changed"},
        }
    )
    assert (node.name, node.state, node.transaction_uuid) == ("web01", "finished", "5f0f")
    assert (node.started_at, node.finished_at, node.seconds(100)) == (10, 40, 29.5)
    assert node.result == {"status": "changed"}
    assert repr(node) == "<Node web01 finished>"


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ({}, None),
        ({"start_timestamp": "1970-01-01T00:00:10Z"}, 90),
        ({"start_timestamp": "1970-01-01T00:00:10Z", "finish_timestamp": "1970-01-01T00:00:15Z"}, 5),
        ({"start_timestamp": "1970-01-01T00:05:00Z"}, 0),
    ],
)
def test_seconds_where_the_node_names_none(raw: dict[str, Any], seconds: float | None) -> None:
    """They are counted from its start to its end, or until now."""
    assert Node(raw).seconds(100) == seconds


def test_what_its_last_event_said() -> None:
    """The result with the link to the report, where there is one, and the message."""
    details = {"message": "Failed ", "report-url": "https://pe/1"}
    node = Node({"name": "web01", "state": "failed", "details": details, "result": {"status": "failed"}})
    assert (node.message, node.report_link) == ("Failed", "https://pe/1")
    assert node.detail == {"status": "failed", "report-url": "https://pe/1"}
    skipped = Node({"name": "web01", "state": "skipped", "result": None})
    assert (skipped.detail, skipped.message, skipped.report_link) == ({}, "", "")


def test_its_text_is_spelled_as_it_came() -> None:
    """A node that was made here has one too."""
    assert Node({"a": 1.0}, b'{"a":1.00}').text == b'{"a":1.00}'
    assert Node({"a": 1}).text == b'{"a":1}'


def test_times_with_their_zone() -> None:
    """For Python programs: datetimes, or None."""
    node = Node({"start_timestamp": "1970-01-01T00:00:10Z", "finish_timestamp": None})
    assert (node.start_time, node.end_time) == (datetime(1970, 1, 1, 0, 0, 10, tzinfo=UTC), None)


@pytest.mark.parametrize(
    ("state", "changed", "status"), [("finished", 0, "unchanged"), ("finished", 3, "changed"), ("failed", 3, "failed")]
)
def test_a_node_of_pe_2016(state: str, changed: int, status: str) -> None:
    """It has a run's metrics among its details, no result, and no status."""
    details = {"message": "Finished", "metrics": {"changed": changed}, "hash": "abc"}
    node = Node({"name": "a", "state": state, "details": details})
    assert node.result == {"status": status, "metrics": {"changed": changed}, "hash": "abc"}
    assert node.detail["status"] == status
    assert Node({"details": {"message": "m"}, "result": None}).result is None
