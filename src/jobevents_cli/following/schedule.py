"""When the events are polled, and when the job's own state is requested."""

from collections.abc import Callable
from enum import Enum
from typing import Final

GROWTH: Final = 1.25


STEADY_POLLS: Final = 5
"""Polls without news before the delay grows."""


SLOWEST_POLL: Final = 5.0


_MOST_STEPS: Final = 10


JITTER: Final = 0.1


MANY_JOBS: Final = 100


POLLS_PER_SECOND: Final = 100


LONGEST_STRETCH: Final = 1.5


MOST_POLLS_PER_SECOND: Final = 300


CHECK_GAPS: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between requests for the job's own state while no events come; the last is repeated."""


_NEVER: Final = float("inf")


_AT_ONCE: Final = float("-inf")


class Stream(Enum):
    """The two streams of requests. Each is polled and retried independently of the other."""

    EVENTS = "events"
    JOB = "job"


def poll_delay(interval: float, idle_polls: int, sample: float) -> float:
    """Seconds until the next poll: *interval*, growing to 5 times that after some *idle_polls*.

    *sample* is a random number from 0 to 1: it spreads the polls of many followers by 10 % either way.
    """
    # The power is bounded as well: a job may be silent for days.
    steps = min(max(0, idle_polls - STEADY_POLLS), _MOST_STEPS)
    growth = min(SLOWEST_POLL, float(GROWTH**steps))
    return interval * growth * (1 + JITTER * (2 * sample - 1))


def shared_delay(seconds: float, jobs: int) -> float:
    """Seconds until the next poll of one of *jobs* jobs, each of which would wait *seconds* if it were the only one.

    More than 100 jobs make at most 100 requests a second in all, but no job waits more than 1.5 times as long for that.
    More than 450 make at most 300 a second, or so many times more as they would wait less than a second: an
    orchestrator has others to serve.
    """
    if jobs <= MANY_JOBS:
        return seconds
    in_turn = jobs / MOST_POLLS_PER_SECOND * min(seconds, 1.0)
    return max(seconds, min(LONGEST_STRETCH * seconds, jobs / POLLS_PER_SECOND), in_turn)


class Schedule:
    """When each stream's next request is due. Times are seconds on the follower's clock."""

    def __init__(self, interval: float, sample: Callable[[], float], *, job_first: bool = False) -> None:
        """Poll every *interval* seconds; *sample* gives random numbers from 0 to 1. *job_first*: begin with the job."""
        self._interval = interval
        self._sample = sample
        self._idle_polls = 0
        self._silent_checks = 0
        self._is_job_given_up = False
        self.checked_at = _AT_ONCE
        """When the job's own state was last read."""
        self.poll_at = _AT_ONCE
        self.check_at = _AT_ONCE if job_first else _NEVER

    def next_due(self) -> tuple[float, Stream]:
        """When the next request is due, and of which stream."""
        if self.check_at <= self.poll_at:
            return self.check_at, Stream.JOB
        return self.poll_at, Stream.EVENTS

    def pause(self) -> float:
        """Seconds until the next poll."""
        return poll_delay(self._interval, self._idle_polls, self._sample())

    def retry(self, stream: Stream, at: float) -> None:
        """Repeat the failed request of *stream* at *at*."""
        if stream is Stream.EVENTS:
            self.poll_at = at
        else:
            self.check_at = at

    def page_ended(self, now: float, *, has_news: bool, is_job_failing: bool) -> None:
        """Plan the next poll after a whole page; while no events come, also a request for the job's own state.

        *is_job_failing*: the request for the job is being retried, so it is planned already.
        """
        self._idle_polls = 0 if has_news else self._idle_polls + 1
        self.poll_at = now + self.pause()
        if has_news:
            self._silent_checks = 0
            self.check_at = self.check_at if is_job_failing else _NEVER
        elif self.check_at == _NEVER:
            self.check_soon(now)

    def check_soon(self, now: float) -> None:
        """Request the job's own state now, but not twice within a second."""
        self.check_at = max(now, self.checked_at + CHECK_GAPS[0])

    def job_checked(self, now: float) -> None:
        """Note that the job's own state came at *now*, and plan the next request for it if no events come."""
        self.checked_at = now
        self.check_at = _NEVER
        if self._idle_polls:
            self.check_at = now + CHECK_GAPS[min(self._silent_checks, len(CHECK_GAPS) - 1)]
            self._silent_checks += 1

    def poll_now(self, now: float) -> None:
        """Poll the events at once."""
        self.poll_at = now

    def check_first(self, at: float) -> None:
        """Request the job's own state at *at*, and the events only after that."""
        self.check_at = self.poll_at = at

    def look_again(self, now: float, at_most: float) -> None:
        """Request the job and the events after the interval, or after *at_most* seconds if that is less."""
        self.poll_at = now + max(0.0, min(self._interval, at_most))
        self.check_at = _NEVER if self._is_job_given_up else self.poll_at

    def stop_checking(self) -> None:
        """Plan no request for the job's own state."""
        self.check_at = _NEVER

    def give_up_job(self, now: float) -> None:
        """Never request the job's own state again: it counts as read at *now*, and the events are polled."""
        self._is_job_given_up = True
        self.checked_at = self.poll_at = now
        self.check_at = _NEVER
