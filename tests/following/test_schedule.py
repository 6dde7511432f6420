"""When the events are polled, and when the job's own state is read."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.following.schedule import (
    JITTER,
    MANY_JOBS,
    MOST_POLLS_PER_SECOND,
    POLLS_PER_SECOND,
    Schedule,
    Stream,
    poll_delay,
    shared_delay,
)

samples = st.floats(0, 1)


@given(interval=st.floats(0.1, 60), idle=st.integers(0, 10_000), sample=samples)
def test_the_pace_of_polls(interval: float, idle: int, sample: float) -> None:
    """Between the interval and five times that, 10 % either way; the interval itself when something just happened."""
    assert 0.9 * interval * 0.999 <= poll_delay(interval, idle, sample) <= 5.5 * interval * 1.001
    assert poll_delay(interval, 0, sample) <= 1.1 * interval * 1.001
    assert poll_delay(interval, 1000, 0.5) == pytest.approx(5 * interval)


def test_polls_of_many_followers_are_spread() -> None:
    """The random number moves a poll by a tenth either way, so that many followers do not ask in step."""
    assert JITTER == 0.1
    assert [poll_delay(10, 0, sample) for sample in (0.0, 0.5, 1.0)] == [pytest.approx(at) for at in (9, 10, 11)]


@given(seconds=st.floats(0.1, 60), jobs=st.integers(0, 10_000))
def test_many_jobs_share_the_orchestrators_time(seconds: float, jobs: int) -> None:
    """More than 100 make at most 100 polls a second in all, or wait half as long again; up to 100 keep to theirs."""
    delay = shared_delay(seconds, jobs)
    assert seconds <= delay
    assert delay <= 1.5 * seconds or jobs > 1.5 * MOST_POLLS_PER_SECOND
    assert delay == seconds or jobs / delay >= POLLS_PER_SECOND * 0.999
    if jobs > MANY_JOBS:
        assert jobs / delay <= POLLS_PER_SECOND * 1.001 or delay >= 1.5 * seconds
    else:
        assert delay == seconds


@given(seconds=st.floats(0.001, 60), jobs=st.integers(MANY_JOBS + 1, 100_000))
def test_thousands_of_jobs_are_gentle_with_the_orchestrator(seconds: float, jobs: int) -> None:
    """However many they are: 300 polls a second in all if each waits a second or more, and short waits stay short."""
    delay = shared_delay(seconds, jobs)
    assert jobs / delay <= max(1.0, 1 / seconds) * MOST_POLLS_PER_SECOND * 1.001
    assert delay <= max(1.5 * seconds, seconds * jobs / MOST_POLLS_PER_SECOND * 1.001)


def _schedule(*, job_first: bool = False) -> Schedule:
    return Schedule(1.0, lambda: 0.5, job_first=job_first)


@pytest.mark.parametrize(("job_first", "stream"), [(True, Stream.JOB), (False, Stream.EVENTS)])
def test_what_comes_first(stream: Stream, *, job_first: bool) -> None:
    """The first request is due at once: for the events, or for the job where that is wanted."""
    due, first = _schedule(job_first=job_first).next_due()
    assert (due, first) == (float("-inf"), stream)


def test_the_job_is_read_at_the_first_empty_page_and_then_less_and_less_often() -> None:
    """At once, after 1, 2, 4 and 8 s, and from there every 15 s."""
    schedule = _schedule()
    schedule.page_ended(100, has_news=True, is_job_failing=False)
    assert schedule.next_due() == (101, Stream.EVENTS)
    schedule.page_ended(101, has_news=False, is_job_failing=False)
    times = [schedule.check_at]
    for _ in range(6):
        assert schedule.next_due()[1] is Stream.JOB or schedule.poll_at < schedule.check_at
        schedule.job_checked(schedule.check_at)
        times.append(schedule.check_at)
    assert times[0] == 101
    assert [later - earlier for earlier, later in pairwise(times)] == [1, 2, 4, 8, 15, 15]


def test_a_second_empty_page_plans_no_second_look() -> None:
    """The look that is planned keeps its time."""
    schedule = _schedule()
    for now in (100, 100.5):
        schedule.page_ended(now, has_news=False, is_job_failing=False)
    assert schedule.check_at == 100


def test_news_put_the_job_off() -> None:
    """Once events come again, the job is not read; the next silence begins with short gaps again."""
    schedule = _schedule()
    schedule.page_ended(100, has_news=False, is_job_failing=False)
    schedule.job_checked(100)
    schedule.page_ended(101, has_news=True, is_job_failing=False)
    assert schedule.check_at == float("inf")
    schedule.page_ended(102, has_news=False, is_job_failing=False)
    assert schedule.check_at == 102
    schedule.job_checked(102)
    assert schedule.check_at == 103


def test_a_failing_request_for_the_job_keeps_its_own_time() -> None:
    """Events do not cancel a retry that is planned for the job."""
    schedule = _schedule()
    schedule.retry(Stream.JOB, 110)
    schedule.page_ended(100, has_news=True, is_job_failing=True)
    assert schedule.check_at == 110
    schedule.retry(Stream.EVENTS, 105)
    assert schedule.next_due() == (105, Stream.EVENTS)


def test_a_job_is_not_read_twice_within_a_second() -> None:
    """A reason to look at the job soon waits until a second after the last look."""
    schedule = _schedule()
    schedule.job_checked(100)
    assert schedule.check_at == float("inf"), "events came just before: no look is planned"
    schedule.check_soon(100.2)
    assert schedule.check_at == 101
    schedule.stop_checking()
    assert schedule.check_at == float("inf")


def test_after_the_end_both_are_read_again() -> None:
    """After the interval, or sooner if the events settle sooner; never in the past."""
    schedule = _schedule()
    schedule.look_again(100, at_most=0.4)
    assert (schedule.poll_at, schedule.check_at) == (100.4, 100.4)
    schedule.look_again(101, at_most=-3)
    assert schedule.poll_at == 101
    schedule.check_first(105)
    assert schedule.next_due() == (105, Stream.JOB)
    schedule.poll_now(103)
    assert schedule.next_due() == (103, Stream.EVENTS)


def test_a_job_that_was_given_up_is_never_read_again() -> None:
    """After the end, with the job's own state out of reach, only the events are read."""
    schedule = _schedule()
    schedule.give_up_job(100)
    assert (schedule.checked_at, schedule.next_due()) == (100, (100, Stream.EVENTS))
    schedule.look_again(100, at_most=3)
    assert schedule.check_at == float("inf")
