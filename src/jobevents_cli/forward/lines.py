"""The lines that COMMAND gets: the events that the options choose, as the orchestrator sent them, and documents."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from jobevents_cli.model.event import END_TYPES, Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.json_text import encoded
from jobevents_cli.render.json_line import JsonLines
from jobevents_cli.render.shortened import shortened

_LEFT_OUT: Final = frozenset({"params", "parameters", "result", "results"})
"""Keys of a document whose values can hold secrets."""


class DocumentEvent(Event):
    """A job's own document, as an event that we have made. It has no place among the job's events."""

    __slots__ = ()


def document_event(job: Job) -> DocumentEvent:
    """The document of *job* as an event: without results and parameters, and of the owner the login alone."""
    document = _without_secrets(job.raw)
    if "owner" in document:
        document["owner"] = {"login": job.owner}
    return DocumentEvent(encoded({"type": "job_document", "document": document}))


def without_documents(events: Iterable[Event]) -> list[Event]:
    """Those of *events* that the orchestrator sent."""
    return [event for event in events if not isinstance(event, DocumentEvent)]


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(inner) for key, inner in value.items() if key not in _LEFT_OUT}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return value


class ForwardedLines:
    """Which events are forwarded, and how."""

    def __init__(self, wanted: Callable[[Event], bool] | None = None, most: int | None = None) -> None:
        """Forward events that are *wanted* (None: all), and every end, so that the receiver learns of it.

        *most*: shorten the texts of lines with more bytes.
        """
        self._wanted = wanted
        self._most = most
        self._json = JsonLines(on_terminal=False, tagged=True)

    def wants(self, event: Event) -> bool:
        """Whether *event* is forwarded."""
        return self._wanted is None or event.type in END_TYPES or self._wanted(event)

    def lines(self, events: Sequence[Event], ref: JobRef) -> list[bytes]:
        """The lines of *events* of *ref*."""
        lines = self._json.lines([event.text for event in events], ref)
        most = self._most
        if most is None or max(map(len, lines), default=0) - 1 <= most:
            return lines
        room = most - len(f'"{ref.kind}":"{ref.number}",')
        return [
            line if len(line) - 1 <= most else self._json.line(encoded(shortened(event.raw, room)), ref)
            for event, line in zip(events, lines, strict=True)
        ]
