"""How long requests are retried, and what is said about it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.world import middle

from jobevents_cli.errors import AccessDenied, JobEventsError, RequestRefused, TokenRefused, TransientFault, UnknownJob
from jobevents_cli.following.notices import ContactBack, ContactLost
from jobevents_cli.following.retry_budget import DELAY_CAP, UNKNOWN_FOR, RetryBudget, retry_delay

CUT = TransientFault("cut off")
UNKNOWN = UnknownJob("no such job")


def _budget(retry_for: float = 60.0, *, good_at: float | None = None, **how: Any) -> RetryBudget:
    budget = RetryBudget(retry_for, middle, **how)
    if good_at is not None:
        budget.good(good_at)
    return budget


def _delay(
    budget: RetryBudget, at: float, fault: JobEventsError = CUT, *, requested_at: float | None = None, **how: Any
) -> float | None:
    """Seconds until the retry of a request that failed at *at*."""
    retry = budget.retry(fault, at if requested_at is None else requested_at, at, **how)
    return retry.delay if retry else None


@given(attempt=st.integers(0, 1000), sample=st.floats(0, 1))
def test_the_pace_of_retries(attempt: int, sample: float) -> None:
    """Growing, never at once and never further apart than half a minute and a quarter of it."""
    assert 0.375 <= retry_delay(attempt, sample) <= 1.25 * DELAY_CAP
    assert retry_delay(attempt + 1, 0.5) >= retry_delay(attempt, 0.5)


def test_the_retry_time_begins_with_the_failed_request() -> None:
    """Retries last 5 s before the first response, retry-for afterwards; the last one is at the very end."""
    budget = _budget()
    assert _delay(budget, 100) == 0.5
    assert _delay(budget, 104.9) == pytest.approx(0.1)
    assert _delay(budget, 105) is None
    budget.good(200)
    assert _delay(budget, 330, requested_at=300) == 0.5
    assert _delay(budget, 359) == 1
    assert _delay(budget, 361) is None


def test_retry_after_is_honoured_within_the_retry_time() -> None:
    """Retry-After is waited for, but never longer than the retry time that is left."""
    budget = _budget(good_at=0)
    assert _delay(budget, 10, TransientFault("busy", retry_after=20)) == 20
    assert _delay(budget, 30, TransientFault("busy", retry_after=3600)) == 40


def test_nothing_is_repeated_after_the_time_that_the_caller_has() -> None:
    """The notice names no more time than that."""
    budget = _budget(good_at=0)
    retry = budget.retry(CUT, 10, 10, until=12)
    assert retry
    assert retry.lost == ContactLost("cut off", 2, had_contact=True)
    assert _delay(budget, 11.5, until=12) == 0.5
    assert _delay(budget, 12, until=12) is None


def test_retry_for_zero_means_no_retry() -> None:
    """With no time for retries the first fault is the last."""
    assert _delay(_budget(0), 10) is None


def test_one_notice_when_contact_is_lost_and_one_when_it_is_back() -> None:
    """The first fault says why and for how long requests are retried; the first response says how long it was."""
    budget = _budget()
    lost = [retry.lost for at in (10, 11) if (retry := budget.retry(CUT, at, at))]
    assert lost == [ContactLost("cut off", 5.0, had_contact=False), None]
    assert [budget.good(12), budget.good(13)] == [ContactBack(2), None]
    again = budget.retry(CUT, 20, 20)
    assert again
    assert again.lost == ContactLost("cut off", 60, had_contact=True)


def test_two_failing_streams_are_one_outage() -> None:
    """It is reported once; contact is back when both work; each has its own retry time."""
    budget = _budget(good_at=100)
    first, second = budget.retry(CUT, 110, 110, "a"), budget.retry(CUT, 111, 111, "b")
    assert first
    assert second
    assert (first.lost is None, second.lost is None) == (False, True)
    assert budget.good(115, "a") is None
    assert (budget.is_lost, budget.is_failing("a"), budget.is_failing("b")) == (True, False, True)
    assert budget.good(117, "b") == ContactBack(6)
    assert not budget.is_lost


@pytest.mark.parametrize(
    ("fault", "before", "after", "endless"),
    [
        (CUT, True, True, True),
        (TokenRefused("401"), False, True, True),
        (UNKNOWN, False, True, False),
        (AccessDenied("403"), False, False, False),
        (RequestRefused("400"), False, False, False),
    ],
    ids=["transient", "401", "unknown job", "403", "400"],
)
def test_which_faults_are_retried(fault: JobEventsError, *, before: bool, after: bool, endless: bool) -> None:
    """Before and after the first response, and before it where there is no limit; a final fault is no outage."""
    for budget, is_retried in [
        (_budget(), before),
        (_budget(good_at=20), after),
        (_budget(float("inf")), endless),
    ]:
        assert (_delay(budget, 30, fault) is not None) is is_retried
        assert budget.is_lost is is_retried


def test_a_job_that_was_read_is_asked_for_again_for_30_seconds() -> None:
    """A proxy may say during a restart that it is unknown. Another fault in between begins the time anew."""
    budget = _budget(float("inf"), good_at=100)
    retry = budget.retry(UNKNOWN, 110, 110)
    assert retry
    assert retry.lost == ContactLost("no such job", UNKNOWN_FOR, had_contact=True)
    assert _delay(budget, 139.8, UNKNOWN) == pytest.approx(0.2)
    assert _delay(budget, 139.9, CUT) is not None
    assert _delay(budget, 140, UNKNOWN) is not None
    assert _delay(budget, 169.9, UNKNOWN) is not None
    assert _delay(budget, 170, UNKNOWN) is None


def test_a_job_that_an_earlier_run_has_read_is_known() -> None:
    """Its 404 may pass as well, for as long as any outage at the start."""
    assert _delay(_budget(float("inf"), is_known=True), 10, UNKNOWN) == 0.5
    budget = _budget(is_known=True)
    assert _delay(budget, 10, UNKNOWN) == 0.5
    assert _delay(budget, 15, UNKNOWN) is None


def test_an_endless_budget_never_gives_up() -> None:
    """Not even before the first response; but it waits an hour at most."""
    budget = _budget(float("inf"))
    assert _delay(budget, 0) == 0.5
    assert _delay(budget, 1e6) == 1
    assert _delay(budget, 3e6, TransientFault("busy", retry_after=1e9)) == 3600
