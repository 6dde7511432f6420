"""Which events were handled already, in bounded memory.

Ids are database-wide, and one may become visible after a higher one: two transactions. So an id stays *open*
until an answer that was asked for a settle time after it was first seen has come. `low` is the highest id
below which all is settled: what is asked from, and all that is kept of the past.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a follower stands: all that another one needs to go on without loss or repetition."""

    low: int
    above: tuple[int, ...]
    counts: dict[str, int]
    newest_timestamp: str = ""


WINDOW: Final = 10_000
"""Ids kept one by one, and so also the events that a server sends again at most while they settle."""


class SeenIds:
    """The ids handled above `low`, each with the time in seconds at which it was first seen."""

    def __init__(self, low: int = -1, above: Iterable[int] = (), *, now: float = 0.0) -> None:
        self.low = low
        self._first_seen = dict.fromkeys(above, now)
        self._passed = low
        self._keys: dict[str, None] = {}

    def snapshot(self) -> tuple[int, tuple[int, ...]]:
        """A low and the ids above it that stand for all that is handled now, even amid an answer."""
        low = max(self.low, self._passed)
        return low, tuple(number for number in sorted(self._first_seen) if number > low)

    def add(self, number: int, now: float) -> bool:
        """Note that *number* is handled; False where it was before.

        Ids that the window can no longer hold count as passed from the end of the answer on, not within it:
        nobody promises that an answer is sorted.
        """
        first_seen = self._first_seen
        if number in first_seen or number <= self.low:
            return False
        first_seen[number] = now
        if len(first_seen) > 2 * WINDOW:
            oldest = list(first_seen)[:WINDOW]
            self._passed = max(self._passed, *oldest)
            for old in oldest:
                del first_seen[old]
        return True

    def add_key(self, key: str) -> bool:
        """The same for an event that has no numeric id, told by its whole text."""
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > WINDOW:
            del self._keys[next(iter(self._keys))]
        return True

    def end_of_answer(self) -> None:
        """Forget what does not fit into the window; the answer may have been cut off."""
        ids = sorted(self._first_seen)
        overflow = ids[: max(0, len(ids) - WINDOW)]
        self._move_low(max([self.low, self._passed, *overflow[-1:]]))

    def settle(self, seen_before: float) -> None:
        """Forget the ids first seen before *seen_before*, up to the first that was not."""
        low = self.low
        for number in sorted(self._first_seen):
            if self._first_seen[number] > seen_before:
                break
            low = number
        self._move_low(low)

    def _move_low(self, low: int) -> None:
        if low > self.low:
            self.low = self._passed = low
            self._first_seen = {number: at for number, at in self._first_seen.items() if number > low}
