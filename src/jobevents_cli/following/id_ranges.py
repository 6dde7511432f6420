"""A list of ids as ranges: the ids of one job are mostly consecutive, so a few ranges hold thousands."""

from collections.abc import Iterable, Iterator, Sequence


class IdRanges:
    """Ids in the order in which they were added, each range a pair of its first and last id."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self.pairs = list(pairs)

    @classmethod
    def of(cls, ids: Sequence[int]) -> "IdRanges":
        """The ranges of *ids*."""
        ranges = cls()
        ranges.add(ids)
        return ranges

    def add(self, ids: Sequence[int]) -> None:
        """Add *ids* at the end."""
        if not ids:
            return
        first = last = ids[0]
        if self.pairs and self.pairs[-1][1] == first - 1:
            first = self.pairs.pop()[0]
        if ids[-1] - ids[0] == len(ids) - 1 and list(ids) == list(range(ids[0], ids[-1] + 1)):
            self.pairs.append((first, ids[-1]))
            return
        for number in ids[1:]:
            if number != last + 1:
                self.pairs.append((first, last))
                first = number
            last = number
        self.pairs.append((first, last))

    def __iter__(self) -> Iterator[int]:
        """The ids."""
        for first, last in self.pairs:
            yield from range(first, last + 1)
