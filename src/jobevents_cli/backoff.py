"""How long to wait before asking again, and how long to put up with an outage at all."""

from collections.abc import Callable
from typing import Final

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 30.0
FIRST_ANSWER_PATIENCE: Final = 5.0
"""Seconds that an outage may last before the orchestrator has answered at all."""

GROWTH: Final = 1.25
PATIENT_POLLS: Final = 5
SLOWEST_POLL: Final = 5.0
_MOST_STEPS: Final = 10
JITTER: Final = 0.1
MANY_JOBS: Final = 100
POLLS_PER_SECOND: Final = 100
LONGEST_STRETCH: Final = 1.5


def poll_delay(interval: float, idle_polls: int, sample: float) -> float:
    """Seconds until the next poll: *interval*, growing to 5 times that after some *idle_polls*.

    *sample* is a random number from 0 to 1: it spreads the polls of many followers by 10 % either way.
    """
    # The power is bounded as well: a job may be silent for days.
    steps = min(max(0, idle_polls - PATIENT_POLLS), _MOST_STEPS)
    growth = min(SLOWEST_POLL, float(GROWTH**steps))
    return interval * growth * (1 + JITTER * (2 * sample - 1))


def shared_delay(seconds: float, jobs: int) -> float:
    """Seconds until the poll of one of so many *jobs*, each of which would wait for *seconds* if it were alone.

    More than 100 together ask no more than 100 times a second, as far as no wait becomes half as long again.
    """
    if jobs <= MANY_JOBS:
        return seconds
    return max(seconds, min(LONGEST_STRETCH * seconds, jobs / POLLS_PER_SECOND))


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
