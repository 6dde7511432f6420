"""A job as the orchestrator describes it, read tolerantly."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from jobevents_cli.model.json_text import encoded
from jobevents_cli.model.json_values import as_count, as_id, as_mapping, as_seconds, as_text
from jobevents_cli.model.timestamps import parse_timestamp, seconds_of

STATES: Final = ("new", "ready", "running", "stopping", "stopped", "finished", "failed")
"""The states that a job can have (PE 2021.7 manual, "GET /jobs")."""

TERMINAL_STATES: Final = ("finished", "failed", "stopped")
"""The job states after which nothing happens (the official Ruby client's DONE_STATES)."""


class Job:
    """A job as `GET /jobs/:job-id` describes it."""

    __slots__ = ("_text", "node_count", "node_states", "raw", "state")
    final_states: ClassVar[tuple[str, ...]] = TERMINAL_STATES

    def __init__(self, raw: Mapping[str, Any], text: bytes | None = None) -> None:
        """*raw* is the document, *text* its own compact JSON.

        A count that is negative or not a number is unknown.
        """
        self.raw = raw
        self._text = text
        self.state = as_text(raw.get("state"))
        self.node_count = as_count(raw.get("node_count"))
        states = raw.get("node_states")
        self.node_states: dict[str, int] | None = None
        if isinstance(states, dict):
            known = {name: as_count(count) for name, count in states.items()}
            self.node_states = {name: count for name, count in known.items() if count is not None}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.number} {self.state or 'without state'}>"

    @property
    def text(self) -> bytes:
        """The document as compact JSON, spelled as it came."""
        return encoded(self.raw) if self._text is None else self._text

    @property
    def number(self) -> int | None:
        """The job's id: `name` has it; `id` is a link."""
        return as_id(self.raw.get("name"))

    @property
    def type(self) -> str:
        """What kind of job it is; orchestrators before 2019.8 give only the command."""
        return as_text(self.raw.get("type")) or as_text(self.raw.get("command"))

    @property
    def task(self) -> str:
        """The name of the task that it runs; empty if it runs none."""
        return as_text(as_mapping(self.raw.get("options")).get("task"))

    @property
    def target(self) -> str:
        """What it runs: the name of the task or plan; for any other job the environment."""
        return self.task or self.environment

    @property
    def owner(self) -> str:
        """The login of the user who started it: the rest of the record is personal."""
        return as_text(as_mapping(self.raw.get("owner")).get("login"))

    @property
    def environment(self) -> str:
        """The Puppet environment it runs in."""
        return as_text(as_mapping(self.raw.get("environment")).get("name"))

    @property
    def node_names(self) -> list[str]:
        """The nodes that it runs on, if its options list them."""
        nodes = as_mapping(as_mapping(self.raw.get("options")).get("scope")).get("nodes")
        return [name for name in nodes if type(name) is str] if isinstance(nodes, list) else []

    @property
    def started_at(self) -> float | None:
        """When the job was created, in seconds since 1970, by the orchestrator's clock."""
        # Older orchestrators write started_timestamp, newer ones created_timestamp.
        created = seconds_of(self.raw.get("created_timestamp"))
        return created if created is not None else seconds_of(self.raw.get("started_timestamp"))

    @property
    def finished_at(self) -> float | None:
        """When the job ended, in seconds since 1970, by the orchestrator's clock."""
        return seconds_of(self.raw.get("finished_timestamp"))

    @property
    def start_time(self) -> datetime | None:
        """When the job was created, with its zone."""
        return parse_timestamp(as_text(self.raw.get("created_timestamp") or self.raw.get("started_timestamp")))

    @property
    def end_time(self) -> datetime | None:
        """When the job ended, with its zone."""
        return parse_timestamp(as_text(self.raw.get("finished_timestamp")))

    @property
    def duration(self) -> float | None:
        """Seconds the job took: a number in recorded responses, a string in the manual's example."""
        return as_seconds(self.raw.get("duration"))

    def seconds(self, now: float) -> float | None:
        """Return the seconds that the job took, or has taken until *now*, the orchestrator's clock."""
        if self.duration is not None:
            return self.duration
        if self.started_at is None or (self.is_over and self.finished_at is None):
            return None
        return max(0.0, (now if self.finished_at is None else self.finished_at) - self.started_at)

    @property
    def is_over(self) -> bool:
        """Whether the job's state is one after which nothing happens."""
        return self.state in self.final_states
