"""Whether the orchestrator can be reached, and when a failed request of one job is repeated."""

from collections.abc import Callable
from typing import Final

from jobevents_cli.errors import JobEventsError, UnknownJob
from jobevents_cli.following.notices import Notice, WaitingForJob
from jobevents_cli.following.retry_budget import RetryBudget
from jobevents_cli.following.schedule import Stream

FIRST_ANSWER_LIMIT: Final = 10.0


ANSWER_LIMIT: Final = 30.0
"""Seconds without progress after which a request is given up: before and after the server's first response."""


_NEVER: Final = float("inf")


class Contact:
    """The retry budgets of both streams. They fail independently, but the user sees one outage."""

    def __init__(
        self, retry_for: float, wait_for: float, sample: Callable[[], float], say: Callable[[Notice], None]
    ) -> None:
        """Retry an outage for *retry_for* seconds, and a job that does not exist yet for *wait_for* seconds.

        *sample* gives random numbers from 0 to 1; *say* receives notices for the user.
        """
        self._budgets = {stream: RetryBudget(retry_for, sample) for stream in Stream}
        self._wait_for = wait_for
        self._wait_until: float | None = None
        self._is_awaited = False
        self.requested_at = 0.0
        self._say = say

    @property
    def had_contact(self) -> bool:
        """Whether the orchestrator has ever answered."""
        return self._budgets[Stream.EVENTS].had_contact

    @property
    def is_lost(self) -> bool:
        """Whether there is no contact with the orchestrator now."""
        return any(budget.lost_at is not None for budget in self._budgets.values())

    def is_failing(self, stream: Stream) -> bool:
        """Whether the last request of *stream* failed."""
        return self._budgets[stream].lost_at is not None

    def begin_request(self, now: float) -> float:
        """Note that a request is made at *now*; the seconds without progress after which it is given up."""
        self.requested_at = now
        if self._wait_until is None:
            self._wait_until = now + self._wait_for
        return ANSWER_LIMIT if self.had_contact else FIRST_ANSWER_LIMIT

    def progress(self, stream: Stream, now: float) -> None:
        """Note that a response of *stream* brought something at *now*, whole or not."""
        self._budgets[stream].progress(now)
        self._note_first()

    def good(self, stream: Stream, now: float) -> None:
        """Note that a whole response of *stream* had come by *now*."""
        back = self._budgets[stream].good(now)
        self._note_first()
        if back and not self.is_lost:
            self._say(back)

    def _note_first(self) -> None:
        for budget in self._budgets.values():
            budget.had_contact = True

    def retry(
        self, stream: Stream, fault: JobEventsError, now: float, *, pause: float, at_most: float = _NEVER
    ) -> float | None:
        """Seconds until the failed request of *stream* is repeated; None if it is not.

        *pause* is the time between two requests for a job that does not exist yet. *at_most*: the caller will not
        retry longer than this.
        """
        if isinstance(fault, UnknownJob) and not self.had_contact:
            left = 0.0 if self._wait_until is None else self._wait_until - now
            if left <= 0:
                return None
            if not self._is_awaited:
                self._is_awaited = True
                self._say(WaitingForJob(self._wait_for))
            return min(left, pause)
        was_lost = self.is_lost
        retry = self._budgets[stream].retry(fault, self.requested_at, now)
        if retry is None:
            return None
        if retry.lost and not was_lost:
            self._say(retry.lost._replace(retry_for=min(retry.lost.retry_for, at_most)))
        return retry.delay
