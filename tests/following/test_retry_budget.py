"""How long requests are retried, and what is said about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.errors import AccessDenied, RequestRefused, TokenRefused, TransientFault
from jobevents_cli.following.notices import ContactBack, ContactLost
from jobevents_cli.following.retry_budget import DELAY_CAP, RetryBudget, retry_delay

samples = st.floats(0, 1)
CUT = TransientFault("cut off")


def delay(budget: RetryBudget, requested_at: float, now: float, retry_after: float | None = None) -> float | None:
    """Seconds until the retry that *budget* allows for a request that was cut off."""
    retry = budget.retry(TransientFault("cut off", retry_after=retry_after), requested_at, now)
    return retry.delay if retry else None


@given(attempt=st.integers(0, 1000), sample=samples)
def test_the_pace_of_retries(attempt: int, sample: float) -> None:
    """Growing, never at once and never further apart than half a minute and a quarter of it."""
    assert 0.375 <= retry_delay(attempt, sample) <= 1.25 * DELAY_CAP
    assert retry_delay(attempt + 1, 0.5) >= retry_delay(attempt, 0.5)


def test_the_retry_time_begins_with_the_failed_request() -> None:
    """Retries last 5 s before the first good response, retry-for afterwards; the last one is at the very end."""
    budget = RetryBudget(60, lambda: 0.5)
    assert delay(budget, 100, 100) == 0.5
    assert delay(budget, 104.8, 104.9) == pytest.approx(0.1)
    assert delay(budget, 105, 105.1) is None
    budget.good(200)
    assert delay(budget, 300, 330) == 0.5
    assert delay(budget, 330, 361) is None


def test_retry_after_is_honoured_within_the_retry_time() -> None:
    """Retry-After is waited for, but never longer than the retry time that is left."""
    budget = RetryBudget(60, lambda: 0.5)
    budget.good(0)
    assert delay(budget, 10, 10, retry_after=20) == 20
    assert delay(budget, 30, 30, retry_after=3600) == 40


def test_retry_for_zero_means_no_retry() -> None:
    """With no time for retries the first fault is the last."""
    assert delay(RetryBudget(0, lambda: 0.5), 10, 10) is None


def test_progress_renews_the_retry_time() -> None:
    """A response that brought something before it broke begins a new outage."""
    budget = RetryBudget(10, lambda: 0.5)
    for at in range(0, 1000, 9):
        budget.progress(at)
        assert delay(budget, at, at + 1) == 0.5


def test_one_notice_when_contact_is_lost_and_one_when_it_is_back() -> None:
    """The first fault says why and for how long requests are retried; the first good response says how long it was."""
    budget = RetryBudget(60, lambda: 0.5)
    first = budget.retry(CUT, 10, 10)
    assert first
    assert first.lost == ContactLost("cut off", 5.0, had_contact=False)
    second = budget.retry(CUT, 11, 11)
    assert second
    assert second.lost is None
    assert budget.good(12) == ContactBack(2)
    assert budget.good(13) is None
    third = budget.retry(CUT, 20, 20)
    assert third
    assert third.lost == ContactLost("cut off", 60, had_contact=True)


def test_a_refused_token_is_an_outage_once_there_was_contact() -> None:
    """401 is final at first; after a good response a new token may come, so the request is retried."""
    budget = RetryBudget(60, lambda: 0.5)
    refused = TokenRefused("the token was not accepted")
    assert budget.retry(refused, 10, 10) is None
    budget.good(20)
    retry = budget.retry(refused, 30, 30)
    assert retry
    assert retry.lost == ContactLost("the token was not accepted", 60, had_contact=True)


@pytest.mark.parametrize("final", [AccessDenied("403"), RequestRefused("400")])
def test_final_faults_are_not_retried(final: AccessDenied | RequestRefused) -> None:
    """403 and 400 are final, and count as no outage."""
    budget = RetryBudget(60, lambda: 0.5)
    budget.good(20)
    assert budget.retry(final, 30, 30) is None
    assert budget.lost_at is None


def test_an_endless_budget_never_gives_up() -> None:
    """Not even before the first good response, and not for a refused token; but it waits an hour at most."""
    budget = RetryBudget(float("inf"), lambda: 0.5)
    assert delay(budget, 0, 0) == 0.5
    assert delay(budget, 1e6, 1e6) == 1
    assert budget.retry(TokenRefused("401"), 2e6, 2e6) is not None
    assert delay(budget, 3e6, 3e6, retry_after=1e9) == 3600
