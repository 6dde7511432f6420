"""JSON Lines: each event as the orchestrator sent it, one a line."""

import json
import json.encoder
import re
from collections.abc import Callable
from typing import Any, Final

from jobevents_cli.model.event import Event
from jobevents_cli.model.job_ref import JobRef

_HALF: Final = re.compile("[\ud800-\udfff]")


_UNSAFE_ON_TERMINAL: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


_DELETE: Final = "\x7f"


def _encoder() -> Callable[[Any], str]:
    """The standard library's encoder, its C part made once: JSONEncoder.encode makes it anew for each value."""
    encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return encoder.encode
    pieces = make(None, encoder.default, json.encoder.encode_basestring, None, ":", ",", False, False, True)  # noqa: FBT003 - C takes no names
    return lambda value: "".join(pieces(value, 0))


_encode: Final = _encoder()


class JsonLines:
    """Renders events as jq -c would: same keys, same order, UTF-8."""

    def __init__(self, *, on_terminal: bool, tagged: bool = False) -> None:
        """*on_terminal*: also escape what JSON allows but a terminal obeys. *tagged*: a first key names the job."""
        self._on_terminal = on_terminal
        self._tagged = tagged

    def line(self, event: Event, ref: JobRef) -> bytes:
        """The *event* of *ref* as one line."""
        value = event.raw
        if self._tagged:
            rest = value if isinstance(value, dict) else {"event": value}
            others = {key: rest[key] for key in rest if key != ref.kind}
            value = {str(ref.kind): str(ref.number), **others}
        return encoded(value, on_terminal=self._on_terminal) + b"\n"


def encoded(value: Any, *, on_terminal: bool = False) -> bytes:
    """*value* as compact JSON in UTF-8."""
    text = _encode(value)
    if text.isascii() and _DELETE not in text:
        return text.encode("ascii")
    text = text.replace(_DELETE, "\\u007f")  # as jq writes it
    if on_terminal:
        text = _UNSAFE_ON_TERMINAL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _HALF.sub("\N{REPLACEMENT CHARACTER}", text).encode()
