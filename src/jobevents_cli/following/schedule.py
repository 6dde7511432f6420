"""When the events are polled, and when the job's own state is requested."""

from collections.abc import Callable
from enum import Enum
from typing import Final

NEVER: Final = float("inf")

CHECK_GAPS: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between requests for the job's own state while no events come; the last is repeated."""

STEADY_POLLS: Final = 5
"""Polls without news before the pause between polls grows."""

GROWTH: Final = 1.25
SLOWEST_POLL: Final = 5.0
"""The pause grows by GROWTH with each further poll without news, up to so many intervals."""

JITTER: Final = 0.1
"""Each pause is that much longer or shorter, so that many followers do not poll in step."""

_MOST_STEPS: Final = 10
"""The pause has stopped growing long before; the power stays small while a job is silent for days."""

_AT_ONCE: Final = float("-inf")


class Stream(Enum):
    """The two kinds of requests. One is made at a time; each fails and is retried independently of the other."""

    JOB = "job"
    EVENTS = "events"


def poll_pause(interval: float, idle_polls: int, sample: float) -> float:
    """Seconds until the next poll: *interval*, growing to 5 times that after some *idle_polls*.

    *sample* is a random number from 0 to 1.
    """
    steps = min(max(0, idle_polls - STEADY_POLLS), _MOST_STEPS)
    growth = min(SLOWEST_POLL, float(GROWTH**steps))
    return interval * growth * (1 + JITTER * (2 * sample - 1))


class Schedule:
    """When the next request of each stream is due, in seconds on the follower's clock: `due`."""

    def __init__(self, interval: float, sample: Callable[[], float], *, job_first: bool = False) -> None:
        """Poll every *interval* seconds; *sample* gives random numbers from 0 to 1. *job_first*: begin with the job."""
        self.due = {Stream.JOB: _AT_ONCE if job_first else NEVER, Stream.EVENTS: _AT_ONCE}
        self._interval = interval
        self._sample = sample
        self._idle_polls = 0
        self._checks = 0
        self._checked_at = _AT_ONCE

    @property
    def first(self) -> Stream:
        """The stream whose request is due first; the job's, if both are due at the same time."""
        return min(self.due, key=self.due.__getitem__)

    def pause(self) -> float:
        """Seconds until the next poll."""
        return poll_pause(self._interval, self._idle_polls, self._sample())

    def page_came(self, now: float, *, has_news: bool, is_job_failing: bool) -> None:
        """Plan the next poll after a page; while no events come, also a request for the job's own state.

        *is_job_failing*: the request for the job is being retried, so it is planned already.
        """
        self._idle_polls = 0 if has_news else self._idle_polls + 1
        self.due[Stream.EVENTS] = now + self.pause()
        if has_news:
            self._checks = 0
            if not is_job_failing:
                self.due[Stream.JOB] = NEVER
        elif self.due[Stream.JOB] == NEVER:
            self.check_soon(now)

    def check_soon(self, now: float) -> None:
        """Request the job's own state now, but not twice within a second."""
        self.due[Stream.JOB] = max(now, self._checked_at + CHECK_GAPS[0])

    def job_came(self, now: float) -> None:
        """Note that the job's own state came at *now*, and plan the next request for it if no events come."""
        self._checked_at = now
        self.due[Stream.JOB] = NEVER
        if self._idle_polls:
            self.due[Stream.JOB] = now + CHECK_GAPS[min(self._checks, len(CHECK_GAPS) - 1)]
            self._checks += 1
