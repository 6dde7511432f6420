"""Shortens the texts of an event that is too long for its receiver."""

from collections.abc import Iterator
from typing import Any, Final

from jobevents_cli.model.json_text import encoded

_TEXTS: Final = frozenset({"message", "_output", "output", "stdout", "stderr", "msg"})
"""The keys whose texts are shortened, wherever in the event they are."""

_MARK: Final = "truncated"


def shortened(raw: Any, most: int) -> Any:
    """The event *raw* with its texts shortened so that its JSON takes at most *most* bytes, as far as they allow.

    The longest texts are cut first, each between two characters. The result ends with the key "truncated". An event
    that is not an object, or is short enough, is returned as it is.
    """
    if type(raw) is not dict or len(encoded(raw)) <= most:
        return raw
    marked = {key: value for key, value in raw.items() if key != _MARK} | {_MARK: True}
    sizes = sorted(_size(text) for text in _texts(marked))
    room = most - (len(encoded(marked)) - sum(sizes))
    return _cut(marked, _limit(sizes, room))


def _limit(sizes: list[int], room: int) -> int:
    """The size that no text may exceed so that texts of these *sizes*, ascending, take *room* bytes together."""
    for number, size in enumerate(sizes):
        share = room // (len(sizes) - number)
        if size > share:
            return max(0, share)
        room -= size
    return sizes[-1] if sizes else 0


def _size(text: str) -> int:
    """The bytes that *text* takes in JSON, without its quotation marks."""
    return len(encoded(text)) - 2


def _texts(value: Any, *, is_text: bool = False) -> Iterator[str]:
    if type(value) is str and is_text:
        yield value
    elif type(value) is dict:
        for key, inner in value.items():
            yield from _texts(inner, is_text=key in _TEXTS)
    elif type(value) is list:
        for inner in value:
            yield from _texts(inner)


def _cut(value: Any, limit: int, *, is_text: bool = False) -> Any:
    if type(value) is str and is_text:
        return _start_of(value, limit)
    if type(value) is dict:
        return {key: _cut(inner, limit, is_text=key in _TEXTS) for key, inner in value.items()}
    if type(value) is list:
        return [_cut(inner, limit) for inner in value]
    return value


def _start_of(text: str, limit: int) -> str:
    """As many characters from the start of *text* as take *limit* bytes in JSON."""
    if _size(text) <= limit:
        return text
    low, high = 0, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _size(text[:middle]) <= limit else (low, middle - 1)
    return text[:low]
