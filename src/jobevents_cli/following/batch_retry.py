"""Decides how many events are sent at once, and what happens when the receiver refuses them.

A batch that is refused is sent again, later each time. After REFUSALS refusals it is halved, and from then on after
each one, until the receiver takes a part or a single event is left: that one is named. Until the events of a halved
batch are all delivered, no larger batch is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from jobevents_cli.following.retry_budget import retry_delay

REFUSALS: Final = 5
"""How often a batch is refused before it is halved."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What happens after a refusal."""

    is_first: bool = False
    """The receiver took the batch before."""
    is_named: bool = False
    """A single event is what the receiver refuses: the user must know which. True once for each event."""
    is_skipped: bool = False
    """That event is skipped."""


class BatchRetry:
    """The batch that is being sent. Times are seconds on any clock that never goes back."""

    def __init__(self, most: int, sample: Callable[[], float], *, skip_after: float | None = None) -> None:
        """Send at most *most* events at once; *sample* gives random numbers from 0 to 1.

        *skip_after*: skip a single event that was refused for so many seconds; None: never.
        """
        self._most = most
        self._sample = sample
        self._skip_after = skip_after
        self._limit = most
        self._left = 0
        """Events of a halved batch that are not delivered yet."""
        self._refusals = 0
        self._attempts = 0
        self._alone_since: float | None = None
        self._is_named = False
        self.size = 0
        """Events of the batch that is sent, or waits to be sent again; 0 if there is none."""
        self.retry_at = float("-inf")
        """When the batch may be sent again."""
        self.failing_since: float | None = None
        """When the receiver refused first; None if it has taken everything since."""

    @property
    def limit(self) -> int:
        """How many events the next batch may have."""
        return self.size or (min(self._limit, self._left) if self._left else self._limit)

    def begin(self, size: int) -> None:
        """Note that a batch of *size* events, at most `limit`, is sent."""
        self.size = size

    def accept(self) -> float | None:
        """Note that the receiver took the batch. Returns since when it had refused, if it has now recovered."""
        self._left = max(0, self._left - self.size)
        self._begin_anew()
        if self._left:
            return None
        self._limit = self._most
        failing_since, self.failing_since = self.failing_since, None
        return failing_since

    def refuse(self, now: float) -> Refused:
        """Note that the receiver refused the batch, or took too long, at *now*."""
        is_first = self.failing_since is None
        if self.failing_since is None:
            self.failing_since = now
        self._refusals += 1
        is_narrowing = self._left > 0 or self._refusals >= REFUSALS
        if self.size == 1:
            return self._refuse_one(now, is_first=is_first, is_found=is_narrowing)
        if is_narrowing:
            self._left = self._left or self.size
            self._limit = self.size = self.size // 2
            self._attempts = 0  # a smaller batch may well be taken, so it is sent soon
        self.retry_at = now + self._delay()
        return Refused(is_first)

    def _refuse_one(self, now: float, *, is_first: bool, is_found: bool) -> Refused:
        """Note that a single event was refused; *is_found*: often enough to blame the event."""
        if self._alone_since is None:
            self._alone_since = now
        was_named, self._is_named = self._is_named, self._is_named or is_found
        left = float("inf") if self._skip_after is None else self._alone_since + self._skip_after - now
        is_skipped = is_found and left <= 0
        if is_skipped:
            # The events after it may be good: they are sent together again.
            self._left, self._limit = 0, self._most
            self._begin_anew()
        else:
            delay = self._delay()
            self.retry_at = now + (min(delay, left) if left > 0 else delay)
        return Refused(is_first, is_found and not was_named, is_skipped)

    def _delay(self) -> float:
        self._attempts += 1
        return retry_delay(self._attempts - 1, self._sample())

    def _begin_anew(self) -> None:
        self.size = self._refusals = self._attempts = 0
        self._alone_since = None
        self._is_named = False
        self.retry_at = float("-inf")
