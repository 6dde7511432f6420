"""Parses the elements of a list, one by one or many at once, and gives each with its own source text."""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, NoReturn

from jobevents_cli.http.minifier import Minifier
from jobevents_cli.model.joined_lines import JoinedLines
from jobevents_cli.model.json_text import (
    SpelledFloat,
    integer,
    is_loose,
    with_jq_escapes,
    without_large_member,
    without_space,
)

_SEPARATOR: Final = "},{"

_EXCERPT: Final = 16  # enough to see whether it is HTML

_LONG: Final = 32 * 1024
"""Characters from which on SQLite is worth the time that it takes to load."""


_VERY_LONG: Final = 1024 * 1024
"""Characters from which on SQLite takes more memory than is worth its speed."""


_DEEP: Final = 800
"""Levels of nesting that Python parses in any case: each takes one of the 1,000 that functions may be nested."""


class BrokenResponse(ValueError):
    """A response's body is not what was expected; the message says in what way.

    *text* is what came instead, whole, so that a token in it can be blanked; *shown* of it go into a message.
    """

    shown = _EXCERPT

    def __init__(self, message: str, text: str = "") -> None:
        super().__init__(message)
        self.text = text


class Elements(NamedTuple):
    """Elements of a list that came together, parsed, and the text of each as `jq -c` writes it.

    Numbers in the texts are as they were spelled.
    """

    values: list[Any]
    """Empty if they were only checked, not parsed."""
    texts: Sequence[str] | None
    """None if they were not wanted."""


class ElementDecoder:
    """Checks elements, parses them if that is wanted, and finds the text of each."""

    def __init__(self, *, keeps_texts: bool = True, parses: bool = True, large_member: str | None = None) -> None:
        """*keeps_texts*, *parses*, *large_member*: see ListReader."""
        self._keeps_texts = keeps_texts
        self._parses = parses
        self._large_member = large_member
        self.may_be_large = large_member is not None
        self._minifier = Minifier()
        self._seen = 0
        """Characters of objects that came together."""
        hooks: dict[str, Any] = {"parse_float": SpelledFloat, "parse_constant": _refuse}
        self._decode = json.JSONDecoder(**hooks).raw_decode
        self._decode_long_numbers = json.JSONDecoder(**hooks, parse_int=integer).raw_decode

    def element(self, text: str, begin: int) -> tuple[Any, str, int]:
        """The value at *begin* in *text*, its source, and where it ends; JSONDecodeError if it is not whole."""
        try:
            value, end = self._decode(text, begin)
        except (json.JSONDecodeError, BrokenResponse):
            raise
        except ValueError:  # an integer of more than 4,300 digits
            value, end = self._decode_long_numbers(text, begin)
        return value, text[begin:end], end

    def elements(self, value: Any, source: str) -> Elements:
        """The *value* whose text is *source*."""
        return Elements([value], [with_jq_escapes(self._tight(source))] if self._keeps_texts else None)

    def large_element(self, source: str) -> Elements:
        """The value that *source* is; a large member of the name that was given is not parsed."""
        shortened = without_large_member(source, self._large_member or "")
        value = self.element(shortened, 0)[0]
        del shortened  # it takes as much memory as the source
        return self.elements(value, source)

    def objects(self, listed: str) -> Elements | None:
        """The objects in *listed*, which should be `[{...},{...}]`.

        None if it is anything else: then its elements must be read one by one.
        """
        self._seen += len(listed)
        if self._parses or self._seen < _LONG:
            values = self._objects(listed)
            if values is None:
                return None
            wants_texts = self._keeps_texts
            return self._with_texts(values, self._tight(listed), len(values)) if wants_texts else Elements(values, None)
        minified = self._minifier.objects(listed)
        return None if minified is None or _may_be_deep(minified[0]) else self._with_texts([], *minified)

    def _with_texts(self, values: list[Any], tight: str, count: int) -> Elements | None:
        """The elements *values* of the compact list *tight*, which has *count* objects."""
        lines = f"{tight[1:-1]}\n".replace(_SEPARATOR, "}\n{")
        # There is one separator fewer than objects: if just as many places look like one, they are it.
        if lines.count("\n") != count:
            return self._one_by_one(tight)
        return Elements(values, JoinedLines(with_jq_escapes(lines), count, with_breaks=False))

    def _objects(self, listed: str) -> list[Any] | None:
        """The values of the objects in *listed*; None if it has others."""
        try:
            values, end = self._decode(listed, 0)
        except (ValueError, RecursionError):
            return None
        return values if end == len(listed) and set(map(type, values)) == {dict} else None

    def _one_by_one(self, tight: str) -> Elements | None:
        """The objects in the compact list *tight*, whatever makes it hard to see where one ends."""
        values, texts, at = [], [], 0
        try:
            while at < len(tight) - 1:
                value, text, at = self.element(tight, at + 1)
                values.append(value)
                texts.append(with_jq_escapes(text))
        except RecursionError:
            return None
        return Elements(values, texts)

    def _tight(self, source: str) -> str:
        if not is_loose(source):
            return source
        tight = self._minifier.value(source) if _LONG < len(source) < _VERY_LONG else None
        return without_space(source) if tight is None else tight


def _may_be_deep(tight: str) -> bool:
    """Whether an object in the compact list *tight* may be nested more deeply than Python parses.

    Its brackets alone are then twice as many characters as levels, without `},{`. An object that contains `},{` itself
    is found before, because the list divides into more parts than it has objects.
    """
    at, most = 0, 2 * _DEEP
    while at + most < len(tight):
        end = tight.rfind(_SEPARATOR, at, at + most)
        if end < 0:
            return any(part.count("[") + part.count("{") > _DEEP for part in tight.split(_SEPARATOR))
        at = end + 1
    return False


def _refuse(name: str) -> NoReturn:
    raise BrokenResponse(f"{name} is not JSON")
