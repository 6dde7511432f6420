"""Decides whether a failed request is repeated, when, and for how long. `batch_retry.py` does it for a command."""

from collections.abc import Callable
from typing import Final, NamedTuple

from jobevents_cli.errors import JobEventsError, TokenRefused, TransientFault
from jobevents_cli.following.notices import ContactBack, ContactLost

FIRST_DELAY: Final = 0.5
"""Seconds until the first retry, before the random spread."""


DELAY_CAP: Final = 30.0
"""The most seconds between two retries, before the random spread of a quarter either way."""


LONGEST_RETRY_AFTER: Final = 3600.0
"""The longest Retry-After in seconds that is respected."""


FIRST_CONTACT_FOR: Final = 5.0
"""Seconds for which requests are retried before the orchestrator has ever answered."""


_MOST_DOUBLINGS: Final = 10
"""The delay has reached its cap long before; the power of two stays small in an outage of days."""


def retry_delay(attempt: int, sample: float) -> float:
    """Seconds until attempt number *attempt* (from 0) is repeated: exponential, spread by *sample* (0 to 1)."""
    return min(DELAY_CAP, FIRST_DELAY * float(2 ** min(attempt, _MOST_DOUBLINGS))) * (0.75 + 0.5 * sample)


class Retry(NamedTuple):
    """Repeat the request in *delay* seconds. *lost*: contact was lost with this fault."""

    delay: float
    lost: ContactLost | None = None


class RetryBudget:
    """Retry state of one request stream: whether it fails, since when, and how long it is still retried."""

    def __init__(self, retry_for: float, sample: Callable[[], float]) -> None:
        """Retry an outage for *retry_for* seconds, which may be infinite; *sample* gives random numbers from 0 to 1."""
        self._retry_for = retry_for
        self._is_endless = retry_for == float("inf")
        self._sample = sample
        self._attempts = 0
        self._heard_at = float("-inf")
        self.had_contact = False
        self.lost_at: float | None = None

    @property
    def retry_for(self) -> float:
        """Seconds that an outage may last: few before the orchestrator has ever answered, unless there is no limit."""
        has_full_time = self.had_contact or self._is_endless
        return self._retry_for if has_full_time else min(self._retry_for, FIRST_CONTACT_FOR)

    def progress(self, now: float) -> None:
        """Note that a response brought something at *now*, whole or not: the retry time begins anew."""
        self.had_contact = True
        self._attempts = 0
        self._heard_at = now

    def good(self, now: float) -> ContactBack | None:
        """Note that a whole response had come by *now*; ContactBack if contact was lost before."""
        self.progress(now)
        lost_at, self.lost_at = self.lost_at, None
        return None if lost_at is None else ContactBack(now - lost_at)

    def retry(self, fault: JobEventsError, requested_at: float, now: float) -> Retry | None:
        """When to repeat the request made at *requested_at*, which had failed with *fault* by *now*.

        None if it is not repeated: the fault is final, or the time for retries is over. A refused token is retried
        once there was contact: a new one may be written at any moment.
        """
        retry_after = 0.0
        if isinstance(fault, TransientFault):
            retry_after = min(fault.retry_after or 0.0, LONGEST_RETRY_AFTER)
        elif not (isinstance(fault, TokenRefused) and (self.had_contact or self._is_endless)):
            return None
        was_lost = self.lost_at is not None
        if self.lost_at is None:
            self.lost_at = max(requested_at, self._heard_at)
        left = max(self.lost_at, self._heard_at) + self.retry_for - now
        if left <= 0:
            return None
        delay = max(retry_after, retry_delay(self._attempts, self._sample()))
        self._attempts += 1
        lost = None if was_lost else ContactLost(fault.message, self.retry_for, self.had_contact)
        return Retry(min(left, delay), lost)
