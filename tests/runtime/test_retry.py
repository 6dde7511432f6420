"""One request is repeated until it works, or its retry limit is spent."""

import threading
from collections.abc import Callable, Iterator

import pytest
from support.program import wait_until

from jobevents_cli.errors import RequestRefused, TransientFault
from jobevents_cli.following.notices import ContactBack, ContactLost, Notice
from jobevents_cli.following.retry_budget import RetryBudget
from jobevents_cli.following.update import Wait
from jobevents_cli.runtime.retry import fetch, from_worker, retried

Request = Callable[[], Iterator[int]]


def _failing(times: int, error: Exception) -> Request:
    """A request that brings 1 and 2, after it has failed *times* times."""
    left = [times]

    def request() -> Iterator[int]:
        left[0] -= 1
        if left[0] >= 0:
            raise error
        yield from (1, 2)

    return request


def _all_of(request: Request, *, limit: float = 60.0) -> tuple[list[int], list[Notice], float]:
    """The items, the notices, and the seconds waited, on a clock that only the waits move."""
    now, said, items = [0.0], list[Notice](), list[int]()
    budget = RetryBudget(limit, lambda: 0.5)
    budget.good(0.0)
    for item in retried(request, budget, clock=lambda: now[0], say=said.append):
        if isinstance(item, Wait):
            now[0] += item.seconds
        else:
            items.append(item)
    return items, said, now[0]


def test_a_request_that_works_is_made_once() -> None:
    """There is nothing to say and to wait for."""
    assert _all_of(_failing(0, TransientFault("refused"))) == ([1, 2], [], 0.0)


def test_an_outage_is_waited_for_with_one_notice_at_each_end() -> None:
    """However many requests fail meanwhile."""
    items, said, waited = _all_of(_failing(4, TransientFault("refused")))
    assert items == [1, 2]
    assert list(map(type, said)) == [ContactLost, ContactBack]
    assert waited > 0


def test_the_retry_limit_ends_it() -> None:
    """The error is that of the last request."""
    with pytest.raises(TransientFault, match="refused"):
        _all_of(_failing(10_000, TransientFault("refused")), limit=10.0)


def test_a_refusal_is_final() -> None:
    """It is not repeated."""
    with pytest.raises(RequestRefused, match="no such job"):
        _all_of(_failing(1, RequestRefused("no such job")))


def test_what_has_come_is_not_requested_again() -> None:
    """A request that breaks off after its first item ends with its error: the items would come twice."""

    def breaks_off() -> Iterator[int]:
        yield 1
        raise TransientFault("broken off")

    items: list[int | Wait] = []
    with pytest.raises(TransientFault, match="broken off"):
        items.extend(iter(retried(breaks_off, RetryBudget(60.0, lambda: 0.5), clock=lambda: 0.0)))
    assert items == [1]


def test_another_thread_brings_the_items_and_the_error() -> None:
    """A wait among them is none of the caller's."""

    def fails() -> Iterator[int]:
        raise RequestRefused("no such job")
        yield 1

    assert list(from_worker(iter([1, Wait(0.01), 2]), lambda: None)) == [1, 2]
    with pytest.raises(RequestRefused):
        list(from_worker(fails(), lambda: None))
    assert list(fetch(_failing(1, TransientFault("refused")))) == [1, 2]


def test_no_thread_stays_behind() -> None:
    """Neither that of a request that was made, nor of one whose items are no longer wanted: `tail --all` makes many."""
    before = threading.active_count()
    for _ in range(20):
        assert list(fetch(lambda: iter([1]))) == [1]
    endless = fetch(lambda: iter(range(1_000_000)))
    assert next(endless) == 0
    del endless
    wait_until(lambda: threading.active_count() <= before)
