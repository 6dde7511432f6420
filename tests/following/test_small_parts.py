"""The smaller decisions: pace, memory of ids, durations, safe text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.following.schedule import MANY_JOBS, POLLS_PER_SECOND, poll_delay, shared_delay
from jobevents_cli.model.durations import format_duration, parse_duration
from jobevents_cli.render.escape import safe

samples = st.floats(0, 1)


@given(interval=st.floats(0.1, 60), idle=st.integers(0, 10_000), sample=samples)
def test_the_pace_of_polls(interval: float, idle: int, sample: float) -> None:
    """Between the interval and five times that, 10 % either way; the interval itself when something just happened."""
    assert 0.9 * interval * 0.999 <= poll_delay(interval, idle, sample) <= 5.5 * interval * 1.001
    assert poll_delay(interval, 0, sample) <= 1.1 * interval * 1.001
    assert poll_delay(interval, 1000, 0.5) == pytest.approx(5 * interval)


@given(seconds=st.floats(0.1, 60), jobs=st.integers(0, 10_000))
def test_many_jobs_share_the_orchestrators_time(seconds: float, jobs: int) -> None:
    """More than 100 make at most 100 polls a second in all, or wait half as long again; up to 100 keep to theirs."""
    delay = shared_delay(seconds, jobs)
    assert seconds <= delay <= 1.5 * seconds
    assert delay == seconds or jobs / delay >= POLLS_PER_SECOND * 0.999
    if jobs > MANY_JOBS:
        assert jobs / delay <= POLLS_PER_SECOND * 1.001 or delay == 1.5 * seconds
    else:
        assert delay == seconds


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), ("2h", 7200), ("1h30m", 5400), ("0", 0), ("1.5", 1.5)]
)
def test_durations_as_people_write_them(text: str, seconds: float) -> None:
    """Seconds, minutes, hours."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5", "5x", "1 h", "5m3x", "٣", "1e3"])
def test_what_is_no_duration(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.04, "0.1s"), (0.44, "0.4s"), (59.9, "59s"), (60, "1m 00s"), (245, "4m 05s"), (3720, "1h 02m")],
)
def test_durations_as_people_read_them(seconds: float, text: str) -> None:
    """At most two units."""
    assert format_duration(seconds) == text


@given(st.text())
def test_safe_text_can_do_nothing_to_a_terminal(text: str) -> None:
    """One line, and no character that moves, colours, hides or turns round."""
    shown = safe(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]", shown)
    assert len(shown.splitlines()) <= 1
