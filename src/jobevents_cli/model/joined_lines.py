"""Lines that belong together, as text or as bytes. They are split only if one is needed alone: splitting takes time."""

from collections.abc import Iterator, Sequence
from typing import AnyStr, overload


class JoinedLines(Sequence[AnyStr]):
    """Lines in one piece of text or bytes."""

    __slots__ = ("_count", "_lines", "_with_breaks", "data")

    def __init__(self, data: AnyStr, count: int, *, with_breaks: bool) -> None:
        """*data* has *count* lines, each with its line break. *with_breaks*: so have the lines taken from it."""
        self.data: AnyStr = data
        self._count = count
        self._with_breaks = with_breaks
        self._lines: list[AnyStr] | None = None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[AnyStr]:
        return iter(self._split())

    @overload
    def __getitem__(self, place: int) -> AnyStr: ...
    @overload
    def __getitem__(self, place: slice) -> list[AnyStr]: ...
    def __getitem__(self, place: int | slice) -> AnyStr | list[AnyStr]:
        return self._split()[place]

    def _split(self) -> list[AnyStr]:
        if self._lines is None:
            line_break = self.data[-1:]  # str.splitlines() would also split at other characters
            lines = self.data.split(line_break)[:-1] if line_break else []
            self._lines = [line + line_break for line in lines] if self._with_breaks else lines
        return self._lines
