"""JSON as text: compact, and as jq writes it, but with every number spelled as it came."""

import json
import re
from typing import Any, Final, Self

_LOOSE: Final = re.compile(r" (?:[]},:]|(?<=[{[,:] ))")
"""A space between two tokens, one of which is punctuation: so it is if it is outside strings, and rarely inside."""

_ESCAPE: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|\x7f", re.DOTALL
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LARGEST_FLOAT: Final = 1.7976931348623157e308
_LONGEST_INTEGER: Final = 4000
"""Digits that Python converts without complaint."""


class SpelledFloat(float):
    """A number that is not a plain integer, and how it was spelled; never infinite."""

    __slots__ = ("spelling",)
    spelling: str

    def __new__(cls, spelling: str) -> Self:
        """The number that the JSON text *spelling* means, or the largest there is."""
        value = float(spelling)
        number = super().__new__(cls, min(max(value, -_LARGEST_FLOAT), _LARGEST_FLOAT))
        number.spelling = spelling
        return number


class _Spelling(str):
    """A number that is only to be written again."""

    __slots__ = ()


def integer(text: str) -> int | str:
    """The number *text*; its text if it has thousands of digits, which Python refuses to convert."""
    return int(text) if len(text) <= _LONGEST_INTEGER else text


def compact(text: str) -> str:
    """*text*, which is valid JSON without repeated keys, as `jq -c` writes it, but for the spelling of numbers.

    Text that is compact already comes back as it is, which is quick: real orchestrators send it so.
    """
    if "\n" in text or "\r" in text or "\t" in text or _LOOSE.search(text):
        text = _without_white_space(text)
    if ("\\" in text and ("\\u" in text or "\\/" in text)) or "\x7f" in text:
        text = _ESCAPE.sub(_as_jq_writes, text)
    return text


def key_count(text: str) -> int:
    """The number of keys in *text*, which is valid JSON, in all its objects, repeated ones included."""
    return '"'.join(_hidden(text).split('"')[::2]).count(":")


def without_repeated_keys(text: str) -> str:
    """*text*, which is valid JSON, with the last value of each key, in the place of the first, as jq does."""
    return encoded(json.loads(text, parse_int=_Spelling, parse_float=_Spelling))


def without_key(text: str, key: str) -> str:
    """*text*, which is a valid JSON object, without *key* and its value."""
    value = json.loads(text, parse_int=_Spelling, parse_float=_Spelling)
    value.pop(key, None)
    return encoded(value)


def encoded(value: Any) -> str:
    """*value* as compact JSON; numbers read by this module's classes keep their spelling."""
    try:
        return _encoded(value)
    except RecursionError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _encoded(value: Any) -> str:
    if isinstance(value, dict):
        members = [f"{_quoted(key)}:{_encoded(member)}" for key, member in value.items()]
        return f"{{{','.join(members)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_encoded, value))}]"
    if isinstance(value, _Spelling):
        return str(value)
    if isinstance(value, SpelledFloat):
        return value.spelling
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    return quoted if quoted.isascii() else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", quoted)


def _hidden(text: str) -> str:
    """*text* with its escaped backslashes and quotes replaced: then each quote begins or ends a string.

    The replacements are control characters, which valid JSON text does not contain.
    """
    return text.replace("\\\\", "\0").replace('\\"', "\1") if "\\" in text else text


def _without_white_space(text: str) -> str:
    hidden = _hidden(text)
    parts = hidden.split('"')
    parts[::2] = "".join('"'.join(parts[::2]).split()).split('"')
    tight = '"'.join(parts)
    return tight if hidden is text else tight.replace("\1", '\\"').replace("\0", "\\\\")


def _as_jq_writes(match: re.Match[str]) -> str:
    escape = match[0]
    if escape.startswith("\\u"):
        return _quoted(json.loads(f'"{escape}"'))[1:-1]
    return {"\\/": "/", "\x7f": "\\u007f"}.get(escape, escape)
