"""The values that travel through the program: an event and a job, read tolerantly.

Nothing that an orchestrator sends is an error here: an unknown type, missing details or an odd id is a
value like any other, and `raw` is always what came.
"""

from collections.abc import Mapping
from typing import Any, Final

NODE_RUNNING: Final = "node_running"
JOB_FINISHED: Final = "job_finished"
JOB_ABORTED: Final = "job_aborted"
JOB_STOPPING: Final = "job_stopping"

CLOSING_STATES: Final[Mapping[str, str]] = {
    "node_finished": "finished",
    "node_failed": "failed",
    "node_errored": "errored",
    "node_skipped": "skipped",
}
"""The event types that close a node, with the node state that each stands for."""

FAILURE_TYPES: Final = ("node_failed", "node_errored", "node_skipped", JOB_STOPPING, JOB_ABORTED)
EVENT_TYPES: Final = (NODE_RUNNING, *CLOSING_STATES, JOB_STOPPING, JOB_ABORTED, JOB_FINISHED)
"""The documented types (PE 2021.7 manual, "GET /jobs/:job-id/events"); servers may send others."""

TERMINAL_STATES: Final = ("finished", "failed", "stopped")
"""The job states after which nothing happens (the official Ruby client's DONE_STATES)."""


def as_mapping(value: object) -> Mapping[str, Any]:
    """*value* where it is a JSON object, else an empty one."""
    return value if type(value) is dict else {}


def as_text(value: object) -> str:
    """*value* where it is a string, else an empty one."""
    return value if type(value) is str else ""


def as_id(value: object) -> int | None:
    """An event id as a number: strings and integers occur, in samples of one and the same server."""
    if type(value) is int:
        return value
    if type(value) is str and value.isdecimal() and value.isascii():
        return int(value)
    return None


class Event:
    """One event of a job. `id` is None where the server sent none that is a number."""

    __slots__ = ("detail", "details", "id", "node", "raw", "type")

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        told = as_mapping(raw)
        self.id = as_id(told.get("id"))
        self.type = as_text(told.get("type"))
        self.details = as_mapping(told.get("details"))
        self.node = as_text(self.details.get("node"))
        self.detail = as_mapping(self.details.get("detail"))
        """What the node reported: a run's status and metrics, a task's output, an error."""

    @property
    def message(self) -> str:
        """The localised text, trimmed: servers send trailing blanks. Never parse it."""
        if type(self.raw) is not dict:
            return str(self.raw)
        return as_text(self.raw.get("message")).strip()

    @property
    def timestamp(self) -> str:
        """The time as the server wrote it."""
        value = self.raw.get("timestamp") if type(self.raw) is dict else None
        return value if type(value) is str else "" if value is None else str(value)


class Job:
    """A job as `GET /jobs/:job-id` tells it."""

    __slots__ = ("node_count", "node_states", "raw", "state")

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.state = as_text(raw.get("state"))
        count = raw.get("node_count")
        self.node_count = count if type(count) is int else None
        states = raw.get("node_states")
        self.node_states: dict[str, int] | None = (
            {name: count for name, count in states.items() if type(count) is int} if isinstance(states, dict) else None
        )

    @property
    def number(self) -> int | None:
        """The job's id: `name` holds it, and `id` a link."""
        return as_id(self.raw.get("name"))

    @property
    def type(self) -> str:
        """What kind of job it is; orchestrators before 2019.8 tell it as the command alone."""
        return as_text(self.raw.get("type")) or as_text(self.raw.get("command"))

    @property
    def owner(self) -> str:
        """Who started it: the login alone, the rest is personal."""
        return as_text(as_mapping(self.raw.get("owner")).get("login"))

    @property
    def environment(self) -> str:
        """The Puppet environment it runs in."""
        return as_text(as_mapping(self.raw.get("environment")).get("name"))

    @property
    def is_over(self) -> bool:
        """Whether the job's state is one after which nothing happens."""
        return self.state in TERMINAL_STATES
