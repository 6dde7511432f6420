"""The texts of objects that came together. They are split only if one is needed alone: splitting takes time."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, overload

from jobevents_cli.model.json_text import compact, without_line_breaks

_BOUND: Final = "},{"
_KEY_END: Final = '":'
_LOOSE_KEY_END: Final = '": '

_BEGINNING: Final = 200
"""Characters that contain the first key: they show whether a space follows keys, as in pretty-printed text."""


class JoinedObjects(Sequence[str]):
    """The text of each of several objects as `jq -c` writes it, with numbers as they were spelled."""

    __slots__ = ("_count", "_keys", "_one_by_one", "_source", "_texts")

    def __init__(self, source: str, count: int, keys: int, one_by_one: Callable[[str], list[str]]) -> None:
        """*source*: `{...},{...}`, valid JSON. It has *count* objects, and *keys* keys in all their objects.

        A key that an object repeats is counted once. *one_by_one* returns the texts whatever *source* contains.
        """
        self._source = source
        self._count = count
        self._keys = keys
        self._one_by_one = one_by_one
        self._texts: list[str] | None = None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        return iter(self._cut())

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        return self._cut()[place]

    def lines(self) -> str:
        """All texts, each followed by a line break."""
        if self._texts is None and (tight := self._tight()) is not None:
            lines = tight.replace(_BOUND, "}\n{")
            if lines.count("\n") == self._count - 1:
                return f"{lines}\n"
        return "".join([f"{text}\n" for text in self._cut()])

    def _cut(self) -> list[str]:
        if self._texts is None:
            tight = self._tight()
            # There is one bound fewer than objects: if there are just as many places that look like one, they are it.
            parts = tight[1:-1].split(_BOUND) if tight else []
            found = len(parts) == self._count
            self._texts = [f"{{{part}}}" for part in parts] if found else self._one_by_one(self._source)
            self._source = ""
        return self._texts

    def _tight(self) -> str | None:
        """The source made compact; None if an object may repeat a key, as only the last of them is wanted.

        In compact text a colon follows each key at once. Other places that look so are in strings: where there is none,
        there is no string either that the quick way to remove the spaces after keys could have changed.
        """
        text = without_line_breaks(self._source)
        if _LOOSE_KEY_END in text[:_BEGINNING]:
            text = text.replace(_LOOSE_KEY_END, _KEY_END)
        text = compact(text)
        return text if text.count(_KEY_END) == self._keys else None
