"""Decides whether a failed request is repeated, when, and for how long."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, NamedTuple

from jobevents_cli.errors import JobEventsError, TokenRefused, TransientFault, UnknownJob
from jobevents_cli.following.notices import ContactBack, ContactLost

FIRST_DELAY: Final = 0.5
"""Seconds until the first retry, before the random spread."""

DELAY_CAP: Final = 30.0
"""The most seconds between two retries, before the random spread of a quarter either way."""

LONGEST_RETRY_AFTER: Final = 3600.0
"""The longest Retry-After in seconds that is respected."""

FIRST_CONTACT_FOR: Final = 5.0
"""Seconds for which requests are retried before the orchestrator has ever answered."""

UNKNOWN_FOR: Final = 30.0
"""Seconds for which a job that was read before is asked for again after a 404: proxies send them during restarts."""

_MOST_DOUBLINGS: Final = 10
"""The delay has reached its cap long before; the power of two stays small in an outage of days."""

_NEVER: Final = float("inf")


def retry_delay(attempt: int, sample: float) -> float:
    """Seconds until attempt number *attempt* (from 0) is repeated: exponential, spread by *sample* (0 to 1)."""
    return min(DELAY_CAP, FIRST_DELAY * float(2 ** min(attempt, _MOST_DOUBLINGS))) * (0.75 + 0.5 * sample)


class Retry(NamedTuple):
    """Repeat the request in *delay* seconds. *lost*: contact was lost with this fault."""

    delay: float
    lost: ContactLost | None = None


@dataclass
class _Outage:
    """The requests of one stream fail."""

    since: float
    attempts: int = 0
    unknown_since: float | None = None
    """Since when each response has been that the job is unknown."""


class RetryBudget:
    """For how long failing requests are still repeated.

    Streams of requests fail independently of each other, but the user sees one outage: one notice when contact is
    lost, one when it is back. Who has only one stream need not name it.
    """

    def __init__(self, retry_for: float, sample: Callable[[], float], *, is_known: bool = False) -> None:
        """Retry an outage for *retry_for* seconds, which may be infinite; *sample* gives random numbers from 0 to 1.

        *is_known*: an earlier run has read the job.
        """
        self.had_contact = False
        """The orchestrator has answered."""
        self._retry_for = retry_for
        self._is_endless = retry_for == _NEVER
        self._sample = sample
        self._is_known = is_known
        self._outages: dict[Hashable, _Outage] = {}

    @property
    def retry_for(self) -> float:
        """Seconds that an outage may last: few before the orchestrator has ever answered, unless there is no limit."""
        has_full_time = self.had_contact or self._is_endless
        return self._retry_for if has_full_time else min(self._retry_for, FIRST_CONTACT_FOR)

    @property
    def is_lost(self) -> bool:
        """Whether there is no contact with the orchestrator now."""
        return bool(self._outages)

    def is_failing(self, stream: Hashable) -> bool:
        """Whether the last request of *stream* failed."""
        return stream in self._outages

    def good(self, now: float, stream: Hashable = None) -> ContactBack | None:
        """Note that a response of *stream* had come by *now*; ContactBack if contact was lost before."""
        self.had_contact = self._is_known = True
        outage = self._outages.pop(stream, None)
        return ContactBack(now - outage.since) if outage and not self._outages else None

    def retry(
        self,
        fault: JobEventsError,
        requested_at: float,
        now: float,
        stream: Hashable = None,
        *,
        until: float = _NEVER,
    ) -> Retry | None:
        """When to repeat the request of *stream* made at *requested_at*, which had failed with *fault* by *now*.

        None if it is not repeated: the fault is final, or the time for retries is over. The last retry is made at the
        very end of that time. Nothing is repeated after *until*.
        """
        may_pass = self._time_to_pass(fault)
        if not may_pass:
            return None
        was_lost = self.is_lost
        outage = self._outages.setdefault(stream, _Outage(requested_at))
        if not isinstance(fault, UnknownJob):
            outage.unknown_since = None
        elif outage.unknown_since is None:
            outage.unknown_since = requested_at
        passes_since = outage.since if outage.unknown_since is None else outage.unknown_since
        left = min(outage.since + self.retry_for, passes_since + may_pass, until) - now
        if left <= 0:
            return None
        asked = fault.retry_after if isinstance(fault, TransientFault) else None
        delay = max(min(asked or 0.0, LONGEST_RETRY_AFTER), retry_delay(outage.attempts, self._sample()))
        outage.attempts += 1
        lost = ContactLost(fault.message, min(self.retry_for, may_pass, until - now), self.had_contact)
        return Retry(min(left, delay), None if was_lost else lost)

    def _time_to_pass(self, fault: JobEventsError) -> float:
        """Seconds after which *fault* counts as final; 0 if it is final at once, infinite if it may always pass.

        A refused token may pass once there was contact: a new one may be written at any moment.
        """
        if isinstance(fault, TransientFault):
            return _NEVER
        if isinstance(fault, TokenRefused) and (self.had_contact or self._is_endless):
            return _NEVER
        return UNKNOWN_FOR if isinstance(fault, UnknownJob) and self._is_known else 0.0
