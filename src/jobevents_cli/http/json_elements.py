"""Parses the elements of a list, one by one or many at once, and gives each with its own source text."""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, NoReturn

from jobevents_cli.model.joined_objects import JoinedObjects
from jobevents_cli.model.json_text import (
    SpelledFloat,
    compact,
    integer,
    key_count,
    without_large_member,
    without_repeated_keys,
)

_EXCERPT: Final = 16  # enough to see whether it is HTML


class BrokenResponse(ValueError):
    """A response's body is not what was expected; the message says in what way.

    *text* is what came instead, whole, so that a token in it can be blanked; *shown* of it go into a message.
    """

    shown = _EXCERPT

    def __init__(self, message: str, text: str = "") -> None:
        super().__init__(message)
        self.text = text


class Elements(NamedTuple):
    """Elements of a list that came together: the parsed *values*, and the text of each as `jq -c` writes it.

    Numbers in the texts are as they were spelled. None instead of the texts: they were not wanted.
    """

    values: list[Any]
    texts: Sequence[str] | None


class ElementDecoder:
    """The standard library's decoder. It also counts keys if texts are wanted, so that repeated ones are noticed."""

    def __init__(self, *, keeps_texts: bool = True, large_member: str | None = None) -> None:
        """*keeps_texts*, *large_member*: see ListReader."""
        self._keeps_texts = keeps_texts
        self._large_member = large_member
        self.may_be_large = large_member is not None
        self._keys = 0
        hooks: dict[str, Any] = {"parse_float": SpelledFloat, "parse_constant": _refuse}
        if keeps_texts:
            hooks["object_hook"] = self._count
        self._decode = json.JSONDecoder(**hooks).raw_decode
        self._decode_long_numbers = json.JSONDecoder(**hooks, parse_int=integer).raw_decode

    def _count(self, value: dict[str, Any]) -> dict[str, Any]:
        self._keys += len(value)
        return value

    def element(self, text: str, begin: int) -> tuple[Any, str, int]:
        """The value at *begin* in *text*, its source, and where it ends; JSONDecodeError if it is not whole."""
        self._keys = 0
        try:
            value, end = self._decode(text, begin)
        except (json.JSONDecodeError, BrokenResponse):
            raise
        except ValueError:  # an integer of more than 4,300 digits
            self._keys = 0
            value, end = self._decode_long_numbers(text, begin)
        return value, text[begin:end], end

    def elements(self, value: Any, source: str) -> Elements:
        """The latest *value*, whose text is *source*."""
        if not self._keeps_texts:
            return Elements([value], None)
        text = compact(source)
        # A key is followed by a colon; other places that look so are in strings.
        if text.count('":') != self._keys != key_count(text):
            text = without_repeated_keys(source)
        return Elements([value], [text])

    def large_element(self, source: str) -> Elements:
        """The value that *source* is; a large member of the name that was given is not parsed."""
        shortened = without_large_member(source, self._large_member or "")
        elements = self.elements(*self.element(shortened, 0)[:2])
        return elements if shortened is source or not elements.texts else Elements(elements.values, [compact(source)])

    def objects(self, listed: str) -> Elements | None:
        """The objects in *listed*, which should be `[{...},{...}]`.

        None if it is anything else: then its elements must be read one by one.
        """
        self._keys = 0
        try:
            values, end = self._decode(listed, 0)
        except (ValueError, RecursionError):
            return None
        if end != len(listed) or set(map(type, values)) != {dict}:
            return None
        if not self._keeps_texts:
            return Elements(values, None)
        return Elements(values, JoinedObjects(listed[1:-1], len(values), self._keys, _texts_one_by_one))


def _texts_one_by_one(source: str) -> list[str]:
    """The texts of the objects in *source*, `{...}, {...}`, whatever makes it hard to see where one ends."""
    decoder = ElementDecoder()  # of its own: another thread may want the texts
    texts: list[str] = []
    at = 0
    while at >= 0:
        value, text, end = decoder.element(source, at)
        texts += decoder.elements(value, text).texts or ()
        at = source.find("{", end)
    return texts


def _refuse(name: str) -> NoReturn:
    raise BrokenResponse(f"{name} is not JSON")
