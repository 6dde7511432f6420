"""JSON Lines: each event as the orchestrator sent it, one per line."""

import re
from collections.abc import Sequence
from typing import Any, Final

from jobevents_cli.model.event import Event
from jobevents_cli.model.events_together import joined_texts_of
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.joined_lines import JoinedLines
from jobevents_cli.model.json_text import encoded as encoded_text
from jobevents_cli.model.json_text import without_key

_UNSAFE_ON_TERMINAL: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class JsonLines:
    """Renders events as `jq -c` would: same keys, same order, UTF-8; numbers are spelled as the server spelled them."""

    def __init__(self, *, on_terminal: bool, tagged: bool = False) -> None:
        """*on_terminal*: also escape what could control a terminal. *tagged*: a first key names a known job."""
        self._on_terminal = on_terminal
        self._tagged = tagged

    def lines(self, events: Sequence[Event], ref: JobRef) -> Sequence[bytes]:
        """The *events* of *ref*, a line for each."""
        texts = None if self._tagged or self._on_terminal else joined_texts_of(events)
        if texts is not None:
            return JoinedLines(texts.data.encode("utf-8", "replace"), len(texts), with_breaks=True)
        return [self.line(event, ref) for event in events]

    def line(self, event: Event, ref: JobRef) -> bytes:
        """The *event* of *ref* as one line."""
        text = encoded_text(event.raw) if event.text is None else event.text
        # Nothing keeps the tagged text: a plan's result makes it as large as all the memory that is otherwise needed.
        has_tag = self._tagged and ref.is_known
        return _bytes(_tagged(text, event, ref) if has_tag else text, on_terminal=self._on_terminal) + b"\n"


def encoded(value: Any, *, on_terminal: bool = False) -> bytes:
    """*value* as compact JSON in UTF-8."""
    return _bytes(encoded_text(value), on_terminal=on_terminal)


def _tagged(text: str, event: Event, ref: JobRef) -> str:
    """*text* with a first key, `"job":"352"` or `"plan":"12"`; the event's own key of that name is dropped."""
    tag = f'{{"{ref.kind}":"{ref.number}"'
    if type(event.raw) is not dict:
        return f'{tag},"event":{text}}}'
    if ref.kind in event.raw:
        text = without_key(text, ref.kind)
    return f"{tag}}}" if text == "{}" else f"{tag},{text[1:]}"


def _bytes(text: str, *, on_terminal: bool) -> bytes:
    if on_terminal:
        text = _UNSAFE_ON_TERMINAL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return text.encode("utf-8", "replace")
