"""Which jobs were found before: each job is new once, even if it becomes visible after one with a higher id."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

KEPT: Final = 500
"""How many ids are kept one by one. A job that becomes visible after so many newer ones is missed."""


@dataclass(frozen=True, slots=True)
class KnownJobs:
    """The jobs up to the id *low*, and those with the ids *above* it, were found before."""

    low: int = -1
    above: frozenset[int] = frozenset()

    def has(self, number: int) -> bool:
        """Whether the job *number* was found before."""
        return number <= self.low or number in self.above

    def with_(self, numbers: Iterable[int]) -> Self:
        """The same with the jobs *numbers* found too."""
        above = sorted({*self.above, *(number for number in numbers if number > self.low)})
        older, kept = above[:-KEPT], above[-KEPT:]
        return type(self)(older[-1] if older else self.low, frozenset(kept))


class Seen(NamedTuple):
    """The jobs that one search saw: all that existed from the id *first* on."""

    first: int
    numbers: frozenset[int]


def known_after(known: KnownJobs | None, seen: Seen) -> KnownJobs:
    """What is known after a search that has *seen* jobs. After the first search, older jobs are not searched for."""
    return (known or KnownJobs(seen.first - 1)).with_(seen.numbers)
