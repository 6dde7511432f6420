"""A job as the orchestrator describes it, read tolerantly."""

from collections.abc import Mapping
from typing import Any, Final

from jobevents_cli.model.json_values import as_id, as_mapping, as_text

TERMINAL_STATES: Final = ("finished", "failed", "stopped")
"""The job states after which nothing happens (the official Ruby client's DONE_STATES)."""


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
