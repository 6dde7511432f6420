"""Which jobs were handled: each job is followed once, also if it becomes visible after jobs with higher numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

LOOK_BACK: Final = 50
"""Known jobs in a row, newest first, after which a search ends. A job that becomes visible late is followed unless this
many jobs with higher numbers are known by then."""

KEPT: Final = 4 * LOOK_BACK
"""Numbers kept one by one: a search that finds new jobs looks further back than LOOK_BACK."""


@dataclass(frozen=True, slots=True)
class KnownJobs:
    """A low number and a set: the jobs up to *low*, and those with the numbers *above* it, were handled."""

    low: int = -1
    above: frozenset[int] = frozenset()

    def has(self, number: int) -> bool:
        """Whether the job *number* was handled."""
        return number <= self.low or number in self.above

    def with_(self, numbers: Iterable[int]) -> Self:
        """The same with the jobs *numbers* handled too."""
        above = sorted({*self.above, *(number for number in numbers if number > self.low)})
        older, kept = above[:-KEPT], above[-KEPT:]
        return type(self)(older[-1] if older else self.low, frozenset(kept))

    @property
    def newest(self) -> int:
        """The highest number that a search saw; -1 if none did (`low` alone can come from the user)."""
        return max(self.above, default=-1)
