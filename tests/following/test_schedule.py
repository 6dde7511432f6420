"""When the events are polled, and when the job's own state is read."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.world import middle

from jobevents_cli.following.schedule import JITTER, NEVER, Schedule, Stream, poll_pause


@given(interval=st.floats(0.1, 60), idle=st.integers(0, 10_000), sample=st.floats(0, 1))
def test_the_pace_of_polls(interval: float, idle: int, sample: float) -> None:
    """Between the interval and five times that, 10 % either way; the interval itself when something just happened."""
    assert 0.9 * interval * 0.999 <= poll_pause(interval, idle, sample) <= 5.5 * interval * 1.001
    assert poll_pause(interval, 0, sample) <= 1.1 * interval * 1.001
    assert poll_pause(interval, 1000, 0.5) == pytest.approx(5 * interval)


def test_polls_of_many_followers_are_spread() -> None:
    """The random number moves a poll by a tenth either way, so that many followers do not ask in step."""
    assert JITTER == 0.1
    assert [poll_pause(10, 0, sample) for sample in (0.0, 0.5, 1.0)] == [pytest.approx(at) for at in (9, 10, 11)]


def _schedule(*, job_first: bool = False) -> Schedule:
    return Schedule(1.0, middle, job_first=job_first)


@pytest.mark.parametrize(("job_first", "stream"), [(True, Stream.JOB), (False, Stream.EVENTS)])
def test_what_comes_first(stream: Stream, *, job_first: bool) -> None:
    """The first request is due at once: for the events, or for the job where that is wanted."""
    schedule = _schedule(job_first=job_first)
    assert schedule.first is stream
    assert schedule.due[stream] == float("-inf")


def test_the_job_is_read_at_the_first_empty_page_and_then_less_and_less_often() -> None:
    """At once, after 1, 2, 4 and 8 s, and from there every 15 s."""
    schedule = _schedule()
    schedule.page_came(100, has_news=True, is_job_failing=False)
    assert schedule.due == {Stream.JOB: NEVER, Stream.EVENTS: 101}
    schedule.page_came(101, has_news=False, is_job_failing=False)
    assert schedule.first is Stream.JOB
    times = [schedule.due[Stream.JOB]]
    for _ in range(6):
        schedule.job_came(schedule.due[Stream.JOB])
        times.append(schedule.due[Stream.JOB])
    assert times[0] == 101
    assert [later - earlier for earlier, later in pairwise(times)] == [1, 2, 4, 8, 15, 15]


def test_a_second_empty_page_plans_no_second_look() -> None:
    """The look that is planned keeps its time."""
    schedule = _schedule()
    for now in (100, 100.5):
        schedule.page_came(now, has_news=False, is_job_failing=False)
    assert schedule.due[Stream.JOB] == 100


def test_news_put_the_job_off() -> None:
    """Once events come again, the job is not read; the next silence begins with short gaps again."""
    schedule = _schedule()
    schedule.page_came(100, has_news=False, is_job_failing=False)
    schedule.job_came(100)
    schedule.page_came(101, has_news=True, is_job_failing=False)
    assert schedule.due[Stream.JOB] == NEVER
    schedule.page_came(102, has_news=False, is_job_failing=False)
    assert schedule.due[Stream.JOB] == 102
    schedule.job_came(102)
    assert schedule.due[Stream.JOB] == 103


def test_a_failing_request_for_the_job_keeps_its_own_time() -> None:
    """Events do not cancel a retry that is planned for the job."""
    schedule = _schedule()
    schedule.due[Stream.JOB] = 110
    schedule.page_came(100, has_news=True, is_job_failing=True)
    assert schedule.due[Stream.JOB] == 110


def test_a_job_is_not_read_twice_within_a_second() -> None:
    """A reason to look at the job soon waits until a second after the last look."""
    schedule = _schedule()
    schedule.job_came(100)
    assert schedule.due[Stream.JOB] == NEVER, "events came just before: no look is planned"
    schedule.check_soon(100.2)
    assert schedule.due[Stream.JOB] == 101
