"""An event of a job or a plan job, read tolerantly.

Nothing that an orchestrator sends is an error here: an unknown type, missing details or an odd id is a value like
any other, and `raw` is always what was received.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from jobevents_cli.model.json_text import encoded
from jobevents_cli.model.json_values import as_id, as_text
from jobevents_cli.model.timestamps import parse_timestamp

NODE_RUNNING: Final = "node_running"


NODE_FINISHED: Final = "node_finished"


JOB_FINISHED: Final = "job_finished"


JOB_ABORTED: Final = "job_aborted"


JOB_STOPPING: Final = "job_stopping"


PLAN_FINISHED: Final = "plan_finished"


PLAN_FAILED: Final = "plan_failed"


OUT_MESSAGE: Final = "out_message"


CLOSING_STATES: Final[Mapping[str, str]] = {
    NODE_FINISHED: "finished",
    "node_failed": "failed",
    "node_errored": "errored",
    "node_skipped": "skipped",
}
"""The event types that end a node, with the node state that each means."""


FAILED_NODE_TYPES: Final = ("node_failed", "node_errored", "node_skipped")
"""The event types that end a node badly."""


FAILURE_TYPES: Final = (*FAILED_NODE_TYPES, JOB_STOPPING, JOB_ABORTED, PLAN_FAILED)
"""The event types that `--failures` selects."""


END_TYPES: Final = (JOB_FINISHED, JOB_ABORTED, PLAN_FINISHED, PLAN_FAILED)
"""The event types with which a job or a plan ends."""


JOB_STARTS: Final = (
    "task_start",
    "script_start",
    "command_start",
    "upload_start",
    "wait_start",
    "apply_start",
    "apply_prep_start",
)
"""The event types with which a plan names a job that it starts. Servers may send more of them."""


JOB_EVENT_TYPES: Final = (NODE_RUNNING, *CLOSING_STATES, JOB_STOPPING, JOB_ABORTED, JOB_FINISHED)


PLAN_EVENT_TYPES: Final = (*JOB_STARTS, OUT_MESSAGE, "plan_start", "plan_end", PLAN_FINISHED, PLAN_FAILED)


EVENT_TYPES: Final = (*JOB_EVENT_TYPES, *PLAN_EVENT_TYPES)
"""The documented types; servers may send others."""


_NOTHING: Final[Mapping[str, Any]] = {}


class Event:
    """One event. `id` is None if the server sent none that gives the event a place among the others."""

    __slots__ = ("_place", "_text", "_together", "detail", "details", "id", "key", "node", "raw", "timestamp", "type")
    key: int | str
    """What says that it is the same event: set by `Position.take`."""

    def __init__(
        self, raw: Any, text: str | None = None, together: Sequence[str] | None = None, place: int = 0
    ) -> None:
        """*raw* is the parsed element of the list.

        Its compact source, if that is known, is *text*, or that at *place* of the texts that came *together*.
        """
        self.raw = raw
        self._text = text
        self._together = together
        self._place = place
        get = raw.get if type(raw) is dict else _NOTHING.get
        self.id = as_id(get("id"))
        self.type: str = kind if type(kind := get("type")) is str else ""
        timestamp = get("timestamp")
        self.timestamp = timestamp if type(timestamp) is str else "" if timestamp is None else str(timestamp)
        """The time as the server wrote it."""
        self.details: Mapping[str, Any] = details if type(details := get("details")) is dict else _NOTHING
        self.node: str = node if type(node := self.details.get("node")) is str else ""
        """The certname of the node that the event is about; empty if it is about none."""
        self.detail: Mapping[str, Any] = detail if type(detail := self.details.get("detail")) is dict else _NOTHING
        """What the node reported: a run's status and metrics, a task's output, an error."""

    @property
    def text(self) -> str | None:
        """The compact source; None if it is not known, or was dropped."""
        return self._text if self._together is None else self._together[self._place]

    def keep_own_text(self) -> None:
        """Keep the own text alone, not those of all events that came together."""
        self._text, self._together = self.text, None

    def drop_text(self) -> None:
        """Forget the text, which takes memory: the event can also be printed as `raw`."""
        self._text = self._together = None

    def drop_content(self) -> None:
        """Forget what the server said, which takes most of the memory. Id, type, time and node stay."""
        self.drop_text()
        self.raw, self.details, self.detail = None, _NOTHING, _NOTHING

    def __repr__(self) -> str:
        about = f" {self.node}" if self.node else ""
        return f"<Event {self.id} {self.type or 'without type'}{about}>"

    @property
    def message(self) -> str:
        """The localised text, trimmed: servers send trailing blanks. Never parse it."""
        if type(self.raw) is not dict:
            return self.raw if type(self.raw) is str else encoded(self.raw)
        return as_text(self.raw.get("message")).strip()

    @property
    def time(self) -> datetime | None:
        """The time as a datetime with its zone; None if the server's text names none."""
        return parse_timestamp(self.timestamp)

    @property
    def child_job(self) -> int | None:
        """The number of the job that this event of a plan says was started, else None.

        `details.job-id` is an integer or a string.
        """
        return as_id(self.details.get("job-id")) if self.type.endswith("_start") else None
