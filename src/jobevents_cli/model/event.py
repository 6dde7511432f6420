"""The values that travel through the program: an event and a job, read tolerantly.

Nothing that an orchestrator sends is an error here: an unknown type, missing details or an odd id is a
value like any other, and `raw` is always what came.
"""

from collections.abc import Mapping
from typing import Any, Final

from jobevents_cli.model.json_values import as_id, as_mapping, as_text

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


class Event:
    """One event of a job. `id` is None where the server sent none that is a number."""

    __slots__ = ("detail", "details", "id", "node", "raw", "text", "type")

    def __init__(self, raw: Any, text: str | None = None) -> None:
        """*raw* is the parsed element of the list, *text* its own source text where that is known."""
        self.raw = raw
        self.text = text
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
