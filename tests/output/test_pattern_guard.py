"""A pattern that takes too long is given up, and one that makes progress is not."""

import signal
from collections.abc import Iterator

import pytest

from jobevents_cli.errors import UsageProblem
from jobevents_cli.following.filters import Filter, event_filter
from jobevents_cli.model.event import event_of
from jobevents_cli.output.pattern_guard import PatternGuard

TICKS = 4
"""How often the timer may ring during one match."""


@pytest.fixture(autouse=True)
def _alarm() -> Iterator[None]:
    """Put back what SIGALRM did before the test."""
    before = signal.getsignal(signal.SIGALRM)
    yield
    signal.signal(signal.SIGALRM, before)


def _ring(times: int = 1) -> None:
    """Do at once what the timer does every half second."""
    for _ in range(times):
        signal.raise_signal(signal.SIGALRM)


def _looking_for(pattern: str) -> Filter:
    wanted = event_filter(grep=[pattern])
    assert wanted is not None
    wanted(event_of({"id": 1, "message": "a message"}))
    return wanted


def test_a_match_that_takes_two_seconds_is_given_up() -> None:
    """The error names the option and its pattern."""
    with PatternGuard(_looking_for("(a+)+$"), lambda: None):
        _ring(TICKS)
        with pytest.raises(UsageProblem, match=r"--grep '\(a\+\)\+\$' takes more than 2 s") as raised:
            _ring()
    assert "nested repetition" in (raised.value.hint or "")


def test_many_short_matches_may_take_long_together() -> None:
    """The time counts anew with every match, and with every line that is highlighted."""
    wanted = _looking_for("a")
    guard = PatternGuard(wanted, lambda: None)
    with guard:
        _ring(TICKS)
        wanted(event_of({"id": 2, "message": "another"}))
        _ring(TICKS)
        guard.begin_line()
        _ring(TICKS)


def test_the_program_still_looks_for_its_end_during_a_match() -> None:
    """What the look raises ends the match."""

    def look() -> None:
        raise KeyboardInterrupt

    with PatternGuard(_looking_for("a"), look), pytest.raises(KeyboardInterrupt):
        _ring()


def test_the_timer_runs_only_while_patterns_are_matched() -> None:
    """A filter without patterns needs no timer."""
    with PatternGuard(_looking_for("a"), lambda: None):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    with PatternGuard(event_filter(failures=True), lambda: None):
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
