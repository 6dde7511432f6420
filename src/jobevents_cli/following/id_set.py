"""A set of 64-bit numbers that takes 8 bytes for each: millions of ids fit into memory."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

_CHUNK: Final = 4096
"""Numbers in one array at most: inserting into it moves that many."""


def _first(chunk: "array[int]") -> int:
    return chunk[0]


class IdSet:
    """Sorted numbers, in arrays of limited length, none of them empty."""

    __slots__ = ("_chunks", "_count")

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        """Hold the *numbers*, in whatever order they come."""
        self._chunks: list[array[int]] = []
        self._count = 0
        self.extend(sorted(set(numbers)))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        """The numbers, ascending."""
        return chain.from_iterable(self._chunks)

    def __reversed__(self) -> Iterator[int]:
        """The numbers, descending."""
        return chain.from_iterable(map(reversed, reversed(self._chunks)))

    def extend(self, numbers: Sequence[int]) -> None:
        """Add *numbers*, which ascend and are all above those in the set."""
        self._count += len(numbers)
        last = self._chunks[-1] if self._chunks else None
        if last is not None and len(last) + len(numbers) <= _CHUNK:
            last.extend(numbers)
            return
        for at in range(0, len(numbers), _CHUNK):
            self._chunks.append(array("q", numbers[at : at + _CHUNK]))

    def add(self, number: int) -> bool:
        """Add *number*; False if it is in the set already."""
        chunks = self._chunks
        if not chunks:
            self.extend([number])
            return True
        at = max(0, bisect_right(chunks, number, key=_first) - 1)
        chunk = chunks[at]
        place = bisect_left(chunk, number)
        if place < len(chunk) and chunk[place] == number:
            return False
        chunk.insert(place, number)
        self._count += 1
        if len(chunk) > _CHUNK:
            chunks[at : at + 1] = [chunk[: _CHUNK // 2], chunk[_CHUNK // 2 :]]
        return True

    def discard_up_to(self, limit: int) -> None:
        """Forget the numbers up to *limit*."""
        chunks = self._chunks
        whole = 0
        while whole < len(chunks) and chunks[whole][-1] <= limit:
            self._count -= len(chunks[whole])
            whole += 1
        del chunks[:whole]
        if chunks:
            cut = bisect_right(chunks[0], limit)
            del chunks[0][:cut]
            self._count -= cut

    def highest_below(self, bound: float) -> int | None:
        """The highest number below *bound*, or None if there is none."""
        for chunk in reversed(self._chunks):
            place = bisect_left(chunk, bound)
            if place:
                return chunk[place - 1]
        return None

    def last(self, count: int) -> list[int]:
        """The *count* highest numbers, or as many as there are, ascending."""
        return list(islice(reversed(self), count))[::-1]
