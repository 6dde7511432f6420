"""How long to wait before the next poll."""

from typing import Final

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
