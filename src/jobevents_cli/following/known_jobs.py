"""Which jobs were handled, and which are to be followed next: each once, also one that becomes visible late."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from jobevents_cli.model.job import Job

FAR_ENOUGH: Final = 200
"""Jobs in a row that are over, newest first, after which a first search for running jobs ends."""

LOOK_BACK: Final = 50
"""Known jobs in a row, newest first, after which each later search ends.

So a job that becomes visible late is found unless this many jobs with higher numbers are known by then.
"""

_KEPT: Final = 4 * LOOK_BACK
"""Numbers that are kept one by one: where a search finds new jobs, it looks back further than LOOK_BACK."""


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
        older, kept = above[:-_KEPT], above[-_KEPT:]
        return type(self)(older[-1] if older else self.low, frozenset(kept))

    @property
    def newest(self) -> int:
        """The highest number that a search saw; -1 if none did: `low` alone can come from the user."""
        return max(self.above, default=-1)


class Search:
    """One look at the orchestrator's jobs, newest first.

    Without *known* jobs, those that run are to be followed. With them, all that are not known, also if they are over:
    they started and ended between two searches, or while the program did not run.
    """

    def __init__(self, known: KnownJobs | None) -> None:
        self._known = known
        self._numbers: set[int] = set()
        self._in_a_row = 0
        self._is_far_enough = False
        self.new: list[int] = []
        """The jobs to follow."""
        self.restored_at: int | None = None
        """The newest job's number, if it is lower than one that was known: the orchestrator uses numbers again."""

    def see(self, job: Job, *, is_wanted: bool) -> bool:
        """Take the next *job*; it is followed only if it *is_wanted*. Returns whether that is far enough."""
        number = job.number
        if number is None:
            return False
        if not self._numbers and self._known and number < self._known.newest:
            self._known, self.restored_at = None, number
        self._numbers.add(number)
        is_new = not self._known.has(number) if self._known else not job.is_over
        if is_new and is_wanted:
            self.new.append(number)
        self._in_a_row = 0 if is_new else self._in_a_row + 1
        self._is_far_enough = self._in_a_row >= (LOOK_BACK if self._known else FAR_ENOUGH)
        return self._is_far_enough

    @property
    def known(self) -> KnownJobs:
        """What is known after this look."""
        # A first look does not look for older jobs; if it saw all, one with a lower number is as late as any other.
        before = self._known or KnownJobs(min(self._numbers) - 1 if self._is_far_enough else -1)
        return before.with_(self._numbers)
