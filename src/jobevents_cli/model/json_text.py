"""JSON as text: compact, and as jq writes it, but with every number spelled as it came."""

import json
import re
from collections.abc import Iterator
from json.encoder import encode_basestring
from typing import Any, Final, Self

_LOOSE: Final = re.compile(r" (?:[]},:]|(?<=[{[,:] ))")
"""A space beside punctuation: between two tokens, or, rarely, within a string."""

_WITHOUT_SPACE: Final = re.compile(r'(?:[^" \t\n\r]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")++', re.DOTALL)
"""Tokens with no white space between them."""

_PART: Final = re.compile(r'(?:[^"]{1,9999}+|"[^"\\]*+(?:\\.[^"\\]*+)*+"){1,9999}+', re.DOTALL)
"""A part of JSON text that begins and ends outside a string."""

_ESCAPE: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|\x7f", re.DOTALL
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LARGEST_FLOAT: Final = 1.7976931348623157e308
_LONGEST_INTEGER: Final = 4000
"""Digits that Python converts without complaint."""


_REST_OF_STRING: Final = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)

_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)

LARGE_MEMBER: Final = 4 * 1024 * 1024
"""Characters from which on the value of a member is large: parsed, it would take ten times the memory."""

_TO_BRACKET: Final = re.compile(r'[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+)*+', re.DOTALL)
"""All that comes before the next bracket that is not in a string."""


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


class _Members(list[tuple[str, Any]]):
    """The keys and values of an object that is only to be written again, repeated keys included."""

    __slots__ = ()


def integer(text: str) -> int | str:
    """The number *text*; its text if it has thousands of digits, which Python refuses to convert."""
    return int(text) if len(text) <= _LONGEST_INTEGER else text


def compact(text: str) -> str:
    """*text*, which is valid JSON, as `jq -c` writes it, but for the spelling of numbers and for repeated keys.

    Those are as they came: whoever reads them takes the last value. Text that is compact already comes back as it is,
    which is quick: real orchestrators send it so.
    """
    return with_jq_escapes(without_space(text))


def without_space(text: str) -> str:
    """*text*, which is valid JSON, without white space between its tokens."""
    return "".join(_parts_without_space(text)) if is_loose(text) else text


def _parts_without_space(text: str) -> Iterator[str]:
    """Some thousand tokens at a time: what removing white space takes is many times the memory of the text."""
    at = 0
    while part := _PART.match(text, at):
        yield "".join(_WITHOUT_SPACE.findall(part[0]))
        at = part.end()


def is_loose(text: str) -> bool:
    """Whether *text*, which is valid JSON, may have white space between its tokens."""
    return "\n" in text or "\r" in text or "\t" in text or _LOOSE.search(text) is not None


def with_jq_escapes(text: str) -> str:
    """*text*, which is compact JSON, or several lines of it, with its strings spelled as jq spells them."""
    if ("\\" in text and ("\\u" in text or "\\/" in text)) or "\x7f" in text:
        text = _ESCAPE.sub(_as_jq_writes, text)
    return text


def parsed(text: str) -> Any:
    """The value of the JSON *text*, its numbers as this module spells them; ValueError or RecursionError."""
    return json.loads(text, parse_int=integer, parse_float=SpelledFloat)


class ValueScanner:
    """Finds the end of an object or list that comes in pieces. Nothing is parsed: that takes no memory."""

    def __init__(self) -> None:
        self._depth = 0
        self._is_in_string = False
        self._is_escaped = False

    def end_in(self, piece: str, begin: int = 0) -> int | None:
        """Where the value ends in *piece*, the newest of its text, which starts at *begin*; None if it goes on."""
        at = begin
        while at < len(piece):
            if self._is_in_string:
                end = self._end_of_string(piece, at)
                if end is None:
                    return None
                at = end
            else:
                match = _TO_BRACKET.match(piece, at)
                at = match.end() if match else at
                character = piece[at : at + 1]
                at += 1
                if character == '"':
                    self._is_in_string = True
                    continue
                self._depth += (character in "{[") - (character in "}]") if character else 0
            if self._depth <= 0:
                return min(at, len(piece))
        return None

    def _end_of_string(self, piece: str, at: int) -> int | None:
        match = _REST_OF_STRING.match(piece, at + self._is_escaped)
        if match:
            self._is_in_string = self._is_escaped = False
            return match.end()
        rest = piece[at:]
        backslashes = len(rest) - len(rest.rstrip("\\"))
        # The first of them may itself be escaped by the last of the piece before.
        if backslashes == len(rest):
            backslashes += self._is_escaped
        self._is_escaped = backslashes % 2 == 1
        return None


def without_large_member(text: str, name: str) -> str:
    """*text*, a JSON value, with null as the value of the first member *name*, if that value is large."""
    member = re.search(rf'(?<!\\)"{name}"[ \t\r\n]*:[ \t\r\n]*', text)
    if not member or len(text) - member.end() <= LARGE_MEMBER:
        return text
    begin = member.end()
    if text[begin] == '"':
        string = _STRING.match(text, begin)
        end = string.end() if string else None
    else:
        end = ValueScanner().end_in(text, begin) if text[begin] in "{[" else None
    if end is None or end - begin <= LARGE_MEMBER:
        return text
    return f"{text[:begin]}null{text[end:]}"


def without_key(text: str, key: str) -> str:
    """*text*, which is a valid JSON object, without *key* and its value."""
    members = json.loads(text, parse_int=_Spelling, parse_float=_Spelling, object_pairs_hook=_Members)
    try:
        return _encoded(_Members(member for member in members if member[0] != key))
    except RecursionError:
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
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if kind is dict or kind is _Members:
        pairs = value if kind is _Members else value.items()
        members = [f"{_quoted(key)}:{_encoded(member)}" for key, member in pairs]
        return f"{{{','.join(members)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_encoded, value))}]"
    if kind is _Spelling:
        return str(value)
    if kind is SpelledFloat:
        return value.spelling  # type: ignore[no-any-return]
    return json.dumps(value)


def _quoted(text: str) -> str:
    quoted = encode_basestring(text).replace("\x7f", "\\u007f")
    return quoted if quoted.isascii() else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", quoted)


def _as_jq_writes(match: re.Match[str]) -> str:
    escape = match[0]
    if escape.startswith("\\u"):
        return _quoted(json.loads(f'"{escape}"'))[1:-1]
    return {"\\/": "/", "\x7f": "\\u007f"}.get(escape, escape)
