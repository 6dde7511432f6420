"""Lines that were made together. They are split only if one is needed alone: splitting takes time."""

from collections.abc import Iterator, Sequence
from typing import overload


class JoinedLines(Sequence[bytes]):
    """Lines, joined as they will be written."""

    __slots__ = ("_count", "_lines", "data")

    def __init__(self, data: bytes, count: int) -> None:
        """*data* has *count* lines, each with its line break."""
        self.data = data
        self._count = count
        self._lines: list[bytes] = []

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._cut())

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        return self._cut()[place]

    def _cut(self) -> list[bytes]:
        if not self._lines:
            self._lines = [line + b"\n" for line in self.data.split(b"\n")[:-1]]
        return self._lines
