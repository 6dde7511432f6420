"""An event of a job or a plan job, read tolerantly and lazily from its own text.

Nothing that an orchestrator sends is an error here: an unknown type, missing details or an odd id is a value like
any other, and `text` is always what was received.

Most events are only printed as they came, so little of them is parsed: the head, for a whole page at once. What a node
reported is parsed when it is asked for. It is asked for several times while a line is made, and then never again, so
the latest few results are kept, and no event keeps its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Final

from msgspec import Meta, Raw, Struct, ValidationError
from msgspec.json import Decoder

from jobevents_cli.model.json_text import parsed
from jobevents_cli.model.json_values import HIGHEST_ID, as_id, as_mapping, as_text
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

_KEPT: Final = 16
"""Parsed details that are kept: several threads make lines."""


class _NodeName(Struct, gc=False):
    node: str = ""


class EventHead(Struct, gc=False):
    """The fields of an event that decide what becomes of it, if each has the type that the manual says."""

    id: Annotated[int, Meta(ge=0, le=HIGHEST_ID)] | None = None
    type: str = ""
    timestamp: str = ""
    details: _NodeName | None = None


class _Detail(Struct):
    detail: Any = None


class _Details(Struct):
    details: _Detail | None = None


class _Message(Struct, gc=False):
    message: str = ""


# Not strict: an id is an integer, or a string with one.
_head_decoder: Final = Decoder(EventHead, strict=False)
_detail_decoder: Final = Decoder(_Details)
_message_decoder: Final = Decoder(_Message)


class Event:
    """One event.

    A field of another type than expected is as good as missing.
    """

    key: int | str
    """What says "the same event", set by `Position`: the id, or a digest of the text."""

    __slots__ = ("id", "key", "node", "text", "timestamp", "type")

    def __init__(self, text: bytes, head: EventHead | None = None) -> None:
        """*text* is the event's compact JSON, *head* what was read of it already."""
        self.text = text
        if head is None:
            head = _head_of(text)
        self.id = head.id
        """None if the server sent none that gives the event a place among the others."""
        self.type = head.type
        self.timestamp = head.timestamp
        """The time as the server wrote it."""
        self.node = "" if head.details is None else head.details.node
        """The certname of the node that the event is about; empty if it is about none."""

    def __repr__(self) -> str:
        about = f" {self.node}" if self.node else ""
        return f"<Event {self.id} {self.type or 'without type'}{about}>"

    @property
    def raw(self) -> Any:
        """The event as a Python value, made each time; its text if it is nested too deeply."""
        try:
            return parsed(self.text)
        except RecursionError:
            return self.text.decode()

    @property
    def details(self) -> Mapping[str, Any]:
        """What the event says beside its type, time and message."""
        return _details_of(self.text)

    @property
    def detail(self) -> Mapping[str, Any]:
        """What the node reported: a run's status and metrics, a task's output, an error."""
        return _detail_of(self.text)

    @property
    def message(self) -> str:
        """The localised text, trimmed: servers send trailing blanks. Never parse it."""
        try:
            return _message_decoder.decode(self.text).message.strip()
        except (ValidationError, RecursionError):
            raw = self.raw
        if type(raw) is dict:
            return as_text(raw.get("message")).strip()
        return raw if type(raw) is str else self.text.decode()

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


def events_of(texts: Iterable[Raw], heads: Iterable[EventHead] | None) -> Iterator[Event]:
    """Return the events whose compact texts are *texts*, and their *heads* if those could be read together."""
    return map(Event, map(bytes, texts)) if heads is None else map(Event, map(bytes, texts), heads)


def _head_of(text: bytes) -> EventHead:
    try:
        return _head_decoder.decode(text)
    except (ValidationError, RecursionError):
        raw = as_mapping(_value_of(text))
    timestamp = raw.get("timestamp")
    timestamp = "" if timestamp is None else timestamp if type(timestamp) is str else str(timestamp)
    node = as_text(as_mapping(raw.get("details")).get("node"))
    return EventHead(as_id(raw.get("id")), as_text(raw.get("type")), timestamp, _NodeName(node))


@lru_cache(_KEPT)
def _details_of(text: bytes) -> Mapping[str, Any]:
    return as_mapping(as_mapping(_value_of(text)).get("details"))


@lru_cache(_KEPT)
def _detail_of(text: bytes) -> Mapping[str, Any]:
    try:
        details = _detail_decoder.decode(text).details
    except (ValidationError, RecursionError):
        return as_mapping(_details_of(text).get("detail"))
    return _NOTHING if details is None else as_mapping(details.detail)


def _value_of(text: bytes) -> Any:
    try:
        return parsed(text)
    except RecursionError:  # nested too deeply for the stack that is left
        return None
