"""Reads one orchestrator answer while it arrives: bytes in, the elements of its list out.

Memory stays flat whatever the answer's size: only what is not yet a whole element is kept. Parses with the
standard library's decoder over a window of text; knows nothing of HTTP.
"""

import codecs
import json
import re
from typing import Any, Final

_SPACE: Final = re.compile(r"[ \t\n\r]*")


_BETWEEN_OBJECTS: Final = re.compile(r"[ \t\n\r]*,[ \t\n\r]*\{")


_LARGEST_FLOAT: Final = 1.7976931348623157e308


_EXACT_INTEGERS: Final = 1e16


_EXCERPT: Final = 16  # enough to tell HTML from JSON


_LONGEST_EXCERPT: Final = 16 * 1024  # more than the longest token


_SMALL_ELEMENT: Final = 64 * 1024


_AFTER_NUMBER: Final = frozenset(" \t\n\r,]}")


LARGEST_ELEMENT: Final = 64 * 1024 * 1024
"""Characters that one element may have: beyond that an answer is broken, whatever it is."""


class BrokenResponse(ValueError):
    """A response's body is not what was expected; the message says in what way.

    *text* is what came instead, whole, so that a token in it can be blanked; *shown* of it go into a message.
    """

    shown = _EXCERPT

    def __init__(self, message: str, text: str = "") -> None:
        super().__init__(message)
        self.text = text


def _number(text: str) -> float | int:
    """The number *text*, so that it is written out again as jq 1.6 does: 1.0 is 1, and nothing is infinite."""
    number = float(text)
    if abs(number) > _LARGEST_FLOAT:
        return _LARGEST_FLOAT if number > 0 else -_LARGEST_FLOAT
    if number.is_integer() and abs(number) < _EXACT_INTEGERS:
        return int(number)
    return number


def _refuse_constant(name: str) -> None:
    raise BrokenResponse(f"{name} is not JSON")


_decode: Final = json.JSONDecoder(parse_float=_number, parse_constant=_refuse_constant).raw_decode


class ListReader:
    """Takes an answer `{..., "items": [...], ...}` piece by piece.

    `feed` gives the elements that the piece completed; `finish` says whether the answer was whole, and
    raises BrokenResponse where it was not. *key* is the name of the list, `items` in every answer that holds
    events, jobs or nodes. What stands beside the list is kept in `rest`.
    """

    def __init__(self, key: str = "items") -> None:
        self._key = key
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._at = 0
        self._wanted = 0
        self._expect = self._start
        self._found = False
        self._out: list[Any] = []
        self._member = ""
        self._broken: BrokenResponse | None = None
        self._rest_size = 0
        self.rest: dict[str, Any] = {}

    def feed(self, piece: bytes) -> list[Any]:
        """The elements that *piece* completes; BrokenResponse where the text can be no JSON."""
        self._text = self._text[self._at :] + self._utf8.decode(piece)
        self._at = 0
        self._out = []
        if self._broken:
            raise self._broken
        if len(self._text) >= self._wanted:
            self._read()
        if len(self._text) - self._at > LARGEST_ELEMENT:
            raise BrokenResponse("one element of it is larger than 64 MB")
        return self._out

    def finish(self) -> list[Any]:
        """The elements still kept back; BrokenResponse unless the whole answer came, the list in it."""
        self._out = []
        self._read()
        if self._broken:
            raise self._broken
        if self._expect != self._end:
            what = "it is cut off" if self._text or self._found else "it is empty"
            raise BrokenResponse(what)
        if not self._found:
            raise BrokenResponse(f"it has no list {self._key!r}")
        return self._out

    def _read(self) -> None:
        self._wanted = 0
        try:
            while self._expect():
                pass
        except BrokenResponse as broken:
            if not self._out:
                raise
            self._broken = broken  # what came before is given out first

    def _next_character(self) -> str:
        """The next character that is no white space, or an empty string where it is yet to come."""
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._text[self._at : self._at + 1]

    def _take(self, wanted: str) -> bool:
        """Step over the next character, which must be one of *wanted*; False where it is yet to come."""
        character = self._next_character()
        if not character:
            return False
        if character not in wanted:
            raise BrokenResponse("it is not the JSON that was expected:", self._excerpt())
        self._at += 1
        return True

    def _excerpt(self) -> str:
        return self._text[self._at : self._at + _LONGEST_EXCERPT]

    def _value(self) -> tuple[bool, Any]:
        """The next JSON value, or (False, None) where its end is yet to come."""
        if not self._next_character():
            return False, None
        try:
            value, end = _decode(self._text, self._at)
        except json.JSONDecodeError as error:
            if error.pos == self._at and error.msg == "Expecting value" and self._text[self._at] not in "tfnN-I":
                raise BrokenResponse("it is not JSON:", self._excerpt()) from None
            # Parsing the same beginning at every piece would cost the square of a large element's size.
            kept = len(self._text) - self._at
            self._wanted = 2 * kept if kept > _SMALL_ELEMENT else 0
            return False, None
        except RecursionError:
            raise BrokenResponse("it is nested too deeply") from None
        if type(value) in (int, float) and self._text[end : end + 1] not in _AFTER_NUMBER:
            return False, None
        self._at = end
        return True, value

    # The states. Each takes what it can, and returns False where more text is needed.

    def _start(self) -> bool:
        if not self._take("{"):
            return False
        self._expect = self._first_member
        return True

    def _first_member(self) -> bool:
        if self._next_character() == "}":
            self._expect = self._after_member
            return True
        return self._name()

    def _name(self) -> bool:
        if self._next_character() not in ('"', ""):
            raise BrokenResponse("it is not JSON:", self._excerpt())
        known, self._member = self._value()
        if known:
            self._expect = self._colon
        return known

    def _colon(self) -> bool:
        if not self._take(":"):
            return False
        self._expect = self._member_value
        return True

    def _member_value(self) -> bool:
        if self._member == self._key:
            if not self._take("["):
                return False
            self._found = True
            self._expect = self._first_element
            return True
        begin = self._at
        known, value = self._value()
        if known:
            self._rest_size += self._at - begin + len(self._member)
            if self._rest_size > LARGEST_ELEMENT:
                raise BrokenResponse("it has more than 64 MB beside its list")
            self.rest[self._member] = value
            self._expect = self._after_member
        return known

    def _first_element(self) -> bool:
        if self._next_character() == "]":
            self._expect = self._after_element
            return True
        return self._element()

    def _element(self) -> bool:
        known, value = self._value()
        if known:
            self._out.append(value)
            self._expect = self._after_element
        return known

    def _after_element(self) -> bool:
        self._take_whole_elements()
        if not self._take(",]"):
            return False
        ended = self._text[self._at - 1] == "]"
        self._expect = self._after_member if ended else self._element
        return True

    def _take_whole_elements(self) -> None:
        """The fast path: as many `, {...}` as are whole. Whatever else there is, the states deal with."""
        text, take, between = self._text, self._out.append, _BETWEEN_OBJECTS.match
        while match := between(text, self._at):
            try:
                value, end = _decode(text, match.end() - 1)
            except (json.JSONDecodeError, RecursionError):
                return
            take(value)
            self._at = end

    def _after_member(self) -> bool:
        if not self._take(",}"):
            return False
        ended = self._text[self._at - 1] == "}"
        self._expect = self._end if ended else self._name
        return True

    def _end(self) -> bool:
        if self._next_character():
            raise BrokenResponse("it has more than one JSON value:", self._excerpt())
        return False
