"""Reads the list in a response while it arrives: bytes in, elements out, each with its own source text.

Memory stays flat whatever the response's size: only what is not yet a whole element is kept. Knows nothing of HTTP.
Longer than other modules because it is one state machine.
"""

import codecs
import json
import re
from typing import Final

from jobevents_cli.http.json_elements import BrokenResponse, ElementDecoder, Elements
from jobevents_cli.model.json_text import ValueScanner

_LIST: Final = "items"
"""The member with the list, in every response that holds events, jobs or nodes."""

_SPACE: Final = re.compile(r"[ \t\n\r]*")

_BETWEEN_OBJECTS: Final = re.compile(r"[ \t\n\r]*,[ \t\n\r]*(?=\{)")

_LONGEST_EXCERPT: Final = 16 * 1024  # more than the longest token

_SMALL_ELEMENT: Final = 64 * 1024

_SCANNED: Final = 256 * 1024
"""If a member may be large, an element of more characters is parsed only once its end has come."""

_MOST_READ_AT_ONCE: Final = 512 * 1024
"""Elements in so many characters of text are parsed together: parsing more at once takes much memory."""

_AFTER_NUMBER: Final = frozenset(" \t\n\r,]}")

_UNFINISHED: Final = re.compile(r"[ \t\n\r]*(?:-|\.|[eE][+-]?|t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?)?")
"""What a text can end with that is no JSON yet: the beginning of a word, or a number that goes on."""

_LONGEST_ESCAPE: Final = 12
"""Characters of an escape: two halves of one character, `\\ud83d\\ude00`."""

_ENDS: Final = {"{": "}", "[": "]", '"': '"'}

LARGEST_ELEMENT: Final = 64 * 1024 * 1024
"""Characters that one element may have: beyond that a response is broken, whatever it is."""

_MOST_MEMBERS: Final = 10_000
"""Members that a response may have beside its list: each costs time, however small it is."""


class ListReader:
    """Takes a response `{..., "items": [...], ...}` piece by piece.

    `feed` gives the elements that the piece completed; `finish` says whether the response was whole, and raises
    BrokenResponse if it was not. What is beside the list is checked, and dropped. It has more attributes than other
    classes: they are the state that has to survive from one piece to the next.
    """

    def __init__(
        self,
        *,
        keeps_texts: bool = True,
        parses: bool = True,
        large_member: str | None = None,
    ) -> None:
        """*keeps_texts*: the elements' own texts are wanted. *parses*: their values are wanted at once, too.

        *large_member*: if the member of that name is large in an element, its value is None; the text has all.
        """
        self.parses = parses
        """Whether the elements' values are wanted at once."""
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._decoder = ElementDecoder(keeps_texts=keeps_texts, parses=parses, large_member=large_member)
        self._text = ""
        self._at = 0
        """Up to where the text was read."""
        self._unjoined: list[str] = []
        """Pieces that came after the text."""
        self._size = 0
        """Characters that are not read yet, in the text and in the pieces."""
        self._retry_at_size = 0
        """A large element is tried again once so many characters are there."""
        self._value_length = 0
        """Characters of the latest value."""
        self._outside_list = 0
        """Characters that came beside the list."""
        self._members = 0
        self._scanner: ValueScanner | None = None
        """Looks for the end of an element that may have a large member."""
        self._end_at = 0
        """Where that element ends, counted from its begin."""
        self._expect = self._start
        """The state: what reads the next thing in the text, and sets the next state."""
        self._has_list = False
        self._can_read_many = True
        """No list of objects was found to be anything else so far."""
        self._separator = ""
        """What is between two objects of the list, with the brackets around it."""
        self._ready: list[Elements] = []
        """The elements that the latest piece completed."""
        self._member = ""
        """The name of the latest member."""
        self._broken: BrokenResponse | None = None

    def feed(self, piece: bytes) -> list[Elements]:
        """The elements that *piece* completes; BrokenResponse if the text cannot be JSON."""
        text = self._utf8.decode(piece)
        self._ready = []
        if self._broken:
            raise self._broken
        self._unjoined.append(text)
        self._size += len(text)
        if self._scanner:
            end = self._scanner.end_in(text)
            if end is not None:
                self._scanner = None
                self._end_at = self._size - len(text) + end
                self._read()
        elif self._size >= self._retry_at_size and self._may_end(text):
            self._read()
        if self._size > LARGEST_ELEMENT:
            raise BrokenResponse("one element of it is larger than 64 MB")
        if self._outside_list > LARGEST_ELEMENT:
            raise BrokenResponse("it has more than 64 MB beside its list")
        if self._members > _MOST_MEMBERS:
            raise BrokenResponse(f"it has more than {_MOST_MEMBERS} members")
        return self._ready

    def finish(self) -> list[Elements]:
        """The elements still kept back; BrokenResponse unless the whole response came, with the list in it."""
        self._ready = []
        self._read()
        if self._broken:
            raise self._broken
        if self._expect != self._end:
            raise BrokenResponse("it is cut off" if self._size or self._has_list else "it is empty")
        if not self._has_list:
            raise BrokenResponse(f"it has no list {_LIST!r}")
        return self._ready

    def _may_end(self, text: str) -> bool:
        """Whether a large element that is waited for can end in *text*, the newest of it."""
        return not self._retry_at_size or _ENDS.get(self._text[:1], "") in text

    def _read(self) -> None:
        self._text = "".join((self._text[self._at :], *self._unjoined))
        self._unjoined.clear()
        self._at = self._retry_at_size = 0
        try:
            while self._expect():
                pass
        except BrokenResponse as broken:
            if not self._ready:
                raise
            self._broken = broken  # what came before is given out first
        if self._retry_at_size or self._at > _SCANNED:
            self._text, self._at = self._text[self._at :], 0
        self._size = len(self._text) - self._at

    def _next_character(self) -> str:
        """The next character that is not white space, or an empty string if it is yet to come."""
        match = _SPACE.match(self._text, self._at)
        end = match.end() if match else self._at
        self._outside_list += end - self._at
        self._at = end
        return self._text[self._at : self._at + 1]

    def _step_over(self, wanted: str) -> bool:
        """Step over the next character, which must be one of *wanted*; False if it is yet to come."""
        character = self._next_character()
        if not character:
            return False
        if character not in wanted:
            raise BrokenResponse("it is not the JSON that was expected:", self._excerpt())
        self._at += 1
        return True

    def _excerpt(self) -> str:
        return self._text[self._at : self._at + _LONGEST_EXCERPT]

    def _value(self) -> Elements | None:
        """The next JSON value; None if its end is yet to come."""
        character = self._next_character()
        if not character:
            return None
        if self._end_at:
            return self._large_value()
        try:
            value, source, end = self._decoder.element(self._text, self._at)
            element = self._decoder.elements(value, source)
        except json.JSONDecodeError as error:
            if not _may_go_on(error, self._text):
                raise BrokenResponse("it is not JSON:", self._excerpt()) from None
            # Parsing the same beginning at every piece would cost the square of a large element's size.
            kept = len(self._text) - self._at
            self._retry_at_size = 4 * kept if kept > _SMALL_ELEMENT else 0
            if self._decoder.may_be_large and kept > _SCANNED and character in "{[":
                self._scanner = ValueScanner()
                self._scanner.end_in(self._text, self._at)
            return None
        except RecursionError:
            raise BrokenResponse("it is nested too deeply") from None
        if source[-1] in "0123456789" and self._text[end : end + 1] not in _AFTER_NUMBER:
            if not _UNFINISHED.fullmatch(self._text, end):
                raise BrokenResponse("it is not JSON:", self._excerpt())
            return None
        self._at = end
        self._value_length = len(source)
        return element

    def _large_value(self) -> Elements:
        """The next JSON value, whose end is known."""
        end, self._end_at = self._at + self._end_at, 0
        excerpt = self._excerpt()
        # What was read is dropped before its source is made compact: each copy takes as much memory.
        source, self._text, self._at = self._text[self._at : end], self._text[end:], 0
        self._value_length = len(source)
        try:
            return self._decoder.large_element(source)
        except json.JSONDecodeError:
            raise BrokenResponse("it is not JSON:", excerpt) from None
        except RecursionError:
            raise BrokenResponse("it is nested too deeply") from None

    # The states. Each takes what it can, and returns False if more text is needed.

    def _start(self) -> bool:
        if not self._step_over("{"):
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
        name = self._value()
        if name is None:
            return False
        self._member = name.values[0]
        self._outside_list += self._value_length
        self._members += 1
        self._expect = self._colon
        return True

    def _colon(self) -> bool:
        if not self._step_over(":"):
            return False
        self._expect = self._member_value
        return True

    def _member_value(self) -> bool:
        if self._member == _LIST:
            if not self._step_over("["):
                return False
            self._has_list = True
            self._expect = self._first_element
            return True
        if self._value() is None:
            return False
        self._outside_list += self._value_length
        self._expect = self._after_member
        return True

    def _first_element(self) -> bool:
        if self._next_character() == "]":
            self._expect = self._after_element
            return True
        return self._element()

    def _element(self) -> bool:
        if not self._read_many():
            element = self._value()
            if element is None:
                return False
            self._ready.append(element)
        self._expect = self._after_element
        return True

    def _read_many(self) -> bool:
        """The fast path: take all whole objects but the last. The states deal with whatever else there is."""
        if not self._separator or self._end_at or self._next_character() != "{":
            return False
        begin, end = self._at, self._text.rfind(self._separator) + 1
        if not 0 < end - begin < _MOST_READ_AT_ONCE:
            return False
        objects = self._decoder.objects(f"[{self._text[begin:end]}]")
        if objects is None:
            self._can_read_many = False
            self._separator = ""
            return False
        self._ready.append(objects)
        self._text, self._at = self._text[end:], 0  # an error's place is counted in lines, from the begin of it
        return True

    def _after_element(self) -> bool:
        if self._can_read_many and (match := _BETWEEN_OBJECTS.match(self._text, self._at)):
            self._separator = f"}}{match[0]}{{"
        if not self._step_over(",]"):
            return False
        ended = self._text[self._at - 1] == "]"
        self._expect = self._after_member if ended else self._element
        return True

    def _after_member(self) -> bool:
        if not self._step_over(",}"):
            return False
        ended = self._text[self._at - 1] == "}"
        self._expect = self._end if ended else self._name
        return True

    def _end(self) -> bool:
        if self._next_character():
            raise BrokenResponse("it has more than one JSON value:", self._excerpt())
        return False


def _may_go_on(error: json.JSONDecodeError, text: str) -> bool:
    """Whether *text*, which is no JSON because of *error*, is the beginning of it as far as that can be seen."""
    if error.msg.startswith("Unterminated string"):
        return True
    if error.msg.startswith("Invalid \\u"):
        return len(text) - error.pos <= _LONGEST_ESCAPE
    return _UNFINISHED.fullmatch(text, error.pos) is not None
