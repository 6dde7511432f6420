"""How long to wait before asking again, and how long to put up with an outage at all."""

from collections.abc import Callable
from typing import Final

FIRST_DELAY: Final = 0.5


LONGEST_DELAY: Final = 30.0


FIRST_ANSWER_PATIENCE: Final = 5.0
"""Seconds that an outage may last before the orchestrator has answered at all."""


def retry_delay(attempt: int, sample: float) -> float:
    """Seconds until attempt number *attempt* (from 0) is repeated: exponential, *sample* spreads it."""
    return min(LONGEST_DELAY, FIRST_DELAY * float(2 ** min(attempt, 10))) * (0.75 + 0.5 * sample)


class Outage:
    """One line of requests to the orchestrator: does it work, since when not, how much patience is left."""

    def __init__(self, retry_for: float, sample: Callable[[], float]) -> None:
        """Put up with faults for *retry_for* seconds; *sample* gives random numbers from 0 to 1."""
        self._retry_for = retry_for
        self._sample = sample
        self._attempts = 0
        self._heard_at = float("-inf")
        self.answered = False
        self.lost_at: float | None = None

    @property
    def patience(self) -> float:
        """Seconds that an outage may last: few until the orchestrator has answered at all."""
        return self._retry_for if self.answered else min(self._retry_for, FIRST_ANSWER_PATIENCE)

    def progress(self, now: float) -> None:
        """Note that an answer brought something at *now*, whole or not: patience begins anew."""
        self.answered = True
        self._attempts = 0
        self._heard_at = now

    def good(self, now: float) -> None:
        """Note that a whole answer had come by *now*."""
        self.progress(now)
        self.lost_at = None

    def fault(self, asked_at: float, now: float, retry_after: float | None = None) -> float | None:
        """The seconds to wait before asking again, or None where patience is spent.

        The request was made at *asked_at* and had failed by *now*; *retry_after* is the server's own wish.
        """
        if self.lost_at is None:
            self.lost_at = max(asked_at, self._heard_at)
        left = max(self.lost_at, self._heard_at) + self.patience - now
        if left <= 0:
            return None
        delay = max(retry_after or 0.0, retry_delay(self._attempts, self._sample()))
        self._attempts += 1
        return min(left, delay)
