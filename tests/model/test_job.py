"""Jobs are read tolerantly."""

from datetime import UTC, datetime
from typing import Any

import pytest

from jobevents_cli.model.job import Job

RAW: dict[str, Any] = {
    "id": "https://pe.example.com:8143/orchestrator/v1/jobs/352",
    "name": "352",
    "state": "finished",
    "type": "deploy",
    "owner": {"login": "admin", "email": "private"},
    "environment": {"name": "production"},
    "node_count": 4,
    "node_states": {"finished": 2, "failed": -1, "skipped": "many"},
    "created_timestamp": "1970-01-01T00:01:00Z",
    "finished_timestamp": "1970-01-01T00:01:42Z",
    "duration": "42.5",
}


def test_the_fields_of_a_job() -> None:
    """Counts that are negative or no numbers are unknown."""
    job = Job(RAW)
    assert (job.number, job.state, job.type, job.owner, job.environment) == (
        352,
        "finished",
        "deploy",
        "admin",
        "production",
    )
    assert (job.node_count, job.node_states) == (4, {"finished": 2})
    assert (job.started_at, job.finished_at, job.duration) == (60, 102, 42.5)
    assert repr(job) == "<Job 352 finished>"


def test_a_job_without_any_field() -> None:
    """Everything is unknown, and the job is not over."""
    job = Job({})
    assert (job.number, job.type, job.owner, job.environment, job.node_count) == (None, "", "", "", None)
    assert (job.node_states, job.started_at, job.finished_at, job.duration) == (None, None, None, None)
    assert not job.is_over
    assert repr(job) == "<Job None without state>"


def test_older_orchestrators() -> None:
    """They name the command instead of the type, and when the job started instead of when it was created."""
    job = Job({"command": "task", "started_timestamp": "1970-01-01T00:00:05Z"})
    assert (job.type, job.started_at) == ("task", 5)


@pytest.mark.parametrize(
    ("state", "is_over"),
    [("new", False), ("running", False), ("stopping", False), ("finished", True), ("failed", True), ("stopped", True)],
)
def test_when_a_job_is_over(state: str, *, is_over: bool) -> None:
    """Three states are final."""
    assert Job({"state": state}).is_over is is_over


def test_times_with_their_zone() -> None:
    """For Python programs: datetimes, or None."""
    job = Job(RAW)
    assert job.start_time == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
    assert job.end_time == datetime(1970, 1, 1, 0, 1, 42, tzinfo=UTC)
    assert (Job({}).start_time, Job({}).end_time) == (None, None)


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ({"duration": "12.5"}, 12.5),
        ({}, None),
        ({"created_timestamp": "1970-01-01T00:00:10Z"}, 90),
        ({"created_timestamp": "1970-01-01T00:00:10Z", "state": "finished"}, None),
        ({"created_timestamp": "1970-01-01T00:00:10Z", "finished_timestamp": "1970-01-01T00:00:15Z"}, 5),
        ({"created_timestamp": "1970-01-01T00:05:00Z"}, 0),
    ],
)
def test_the_time_a_job_took(raw: dict[str, Any], seconds: float | None) -> None:
    """As the server says, or else from its start to its end, or until now while it runs."""
    assert Job(raw).seconds(100) == seconds


def test_what_a_job_runs() -> None:
    """A task its name, anything else the environment."""
    environment = {"environment": {"name": "production"}}
    assert Job({"options": {"task": "package"}, **environment}).target == "package"
    assert Job(environment).target == "production"
    assert Job({"options": {"task": 5}}).target == ""


def test_the_nodes_that_a_job_names() -> None:
    """Its options list them, or a group, or nothing."""
    scopes = [{"nodes": ["a", 1, "b"]}, {"nodes": "a"}, {"node_group": "x"}, None]
    assert [Job({"options": {"scope": scope}}).node_names for scope in scopes] == [["a", "b"], [], [], []]
