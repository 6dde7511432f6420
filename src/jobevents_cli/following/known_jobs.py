"""Which jobs were found before: each job is new once, also if it becomes visible after one with a higher id."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Self

KEPT: Final = 500
"""How many ids are kept one by one. A job that becomes visible behind that many others is not found any more."""


@dataclass(frozen=True, slots=True)
class KnownJobs:
    """The jobs up to the id *low*, and those with the ids *above* it, were found before."""

    low: int = -1
    above: frozenset[int] = frozenset()

    def has(self, number: int) -> bool:
        """Whether the job *number* was found before."""
        return number <= self.low or number in self.above

    @property
    def highest(self) -> int:
        """The highest id that was found."""
        return max(self.above, default=self.low)

    def with_(self, numbers: Iterable[int]) -> Self:
        """The same with the jobs *numbers* found too."""
        above = sorted({*self.above, *(number for number in numbers if number > self.low)})
        older, kept = above[:-KEPT], above[-KEPT:]
        return type(self)(older[-1] if older else self.low, frozenset(kept))


def known_after(known: KnownJobs | None, numbers: Collection[int]) -> KnownJobs:
    """What is known after a look that saw the jobs *numbers*. Without *known*, no job before them is looked for."""
    return (known or KnownJobs(min(numbers, default=0) - 1)).with_(numbers)
