"""JSON Lines: each event as the orchestrator sent it, one per line."""

import re
from collections.abc import Iterable
from typing import Final

from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.json_text import without_key

_UNSAFE_ON_TERMINAL: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class JsonLines:
    """Makes lines of what the server sent: same keys, same order, same spelling."""

    def __init__(self, *, on_terminal: bool, tagged: bool = False) -> None:
        """*on_terminal*: escape what could control a terminal. *tagged*: a first key names a known job."""
        self._on_terminal = on_terminal
        self._tagged = tagged

    def line(self, text: bytes, ref: JobRef) -> bytes:
        """Return *text*, compact JSON of an event of *ref*, as one line."""
        return self.lines([text], ref)[0]

    def lines(self, texts: Iterable[bytes], ref: JobRef) -> list[bytes]:
        """The same for several *texts*."""
        if self._tagged and ref.is_known:
            key = f'"{ref.kind}":'.encode()
            tag = b'{%b"%d"' % (key, ref.number)
            texts = [
                # Most events are objects without escapes and without such a key.
                b"%b,%b" % (tag, text[1:])
                if text[:2] == b'{"' and key not in text and b"\\" not in text
                else _tagged(text, ref.kind, tag)
                for text in texts
            ]
        if self._on_terminal:
            texts = map(safe_json, texts)
        return [b"%b\n" % text for text in texts]


def safe_json(text: bytes) -> bytes:
    """Return *text*, which is JSON, with escapes for what could control a terminal: the value stays the same."""
    if text.isascii() and b"\x7f" not in text:
        return text
    return _UNSAFE_ON_TERMINAL.sub(lambda match: f"\\u{ord(match[0]):04x}", text.decode()).encode()


def _tagged(text: bytes, key: str, tag: bytes) -> bytes:
    """Return *text* with *tag*, `{"job":"352"` or `{"plan":"12"`, as its beginning; its own *key* is dropped."""
    if not text.startswith(b"{"):
        return b'%b,"event":%b}' % (tag, text)
    text = without_key(text, key)
    return b"%b}" % tag if text == b"{}" else b"%b,%b" % (tag, text[1:])
