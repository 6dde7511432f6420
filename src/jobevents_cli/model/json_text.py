"""JSON as text. What a server sent is printed as it spelled it; a text is parsed only to look at what it says."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

_LONGEST_INTEGER: Final = 4000
"""Digits that Python converts without complaint."""

_LARGEST_FLOAT: Final = 1.7976931348623157e308

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

_AT_ONCE: Final = 1024 * 1024
"""Bytes that are decoded together: as text they take up to four times the memory."""

NOT_JSON: Final = (msgspec.DecodeError, ValueError, RecursionError)
"""What is raised for a text that is not JSON, or is nested too deeply."""

_LONE_SURROGATE: Final = re.compile(
    rb"(?<!\\)((?:\\\\)*)"  # a backslash after an odd number of others is a character like any other
    rb"(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)

_decoder: Final = msgspec.json.Decoder()
_members_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encoder: Final = msgspec.json.Encoder()


def compact(text: bytes | bytearray) -> bytes:
    """Return the JSON *text* without white space between its tokens; NOT_JSON if it is not JSON.

    Numbers, escapes, the order of keys and repeated keys stay as they came.
    """
    return msgspec.json.format(text, indent=-1)


def parsed(text: bytes | bytearray | msgspec.Raw) -> Any:
    """Return the value of the JSON *text*; NOT_JSON if it has none.

    An integer of thousands of digits comes as their text, and a number that is too large as the largest there is.
    """
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError:  # the text is JSON, but a number in it has no value in Python
        return json.loads(bytes(text), parse_int=_integer, parse_float=_float)


def encoded(value: Any) -> bytes:
    """Return *value* as compact JSON."""
    return _encoder.encode(value)


def members_of(text: bytes) -> dict[str, msgspec.Raw]:
    """Return the members of *text*, which is a JSON object, each as text; NOT_JSON if it is none."""
    return _members_decoder.decode(text)


def without_key(text: bytes, key: str) -> bytes:
    """Return *text*, a compact JSON object, without *key* and its value; as it is if it has no such key."""
    if b"\\" not in text and b'"%b":' % key.encode() not in text:
        return text
    members = members_of(text)
    return text if members.pop(key, None) is None else _encoder.encode(members)


def repaired(text: bytes | bytearray) -> bytes:
    """Return *text* with what is no Unicode replaced by U+FFFD, and without a byte-order mark.

    Bytes that are no UTF-8 and escapes of half a character are all that is repaired.
    """
    text = b"".join(piece.encode() for piece in _pieces(text, "replace"))
    return _LONE_SURROGATE.sub(rb"\1\\ufffd", text.removeprefix(_BYTE_ORDER_MARK))


def is_unicode(text: bytes | bytearray) -> bool:
    """Return whether *text* is UTF-8."""
    if text.isascii():
        return True
    try:
        for _ in _pieces(text, "strict"):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _pieces(text: bytes | bytearray, errors: str) -> Iterator[str]:
    """Yield *text*, decoded with little memory at a time."""
    import codecs

    decoder, view = codecs.getincrementaldecoder("utf-8")(errors), memoryview(text)
    for at in range(0, len(view), _AT_ONCE):
        yield decoder.decode(view[at : at + _AT_ONCE], final=at + _AT_ONCE >= len(view))


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else digits


def _float(spelling: str) -> float:
    return min(max(float(spelling), -_LARGEST_FLOAT), _LARGEST_FLOAT)
