"""Retries one request until it works or its retry limit is spent: lists, the latest job, the search for new jobs."""

import math
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from jobevents_cli.errors import JobEventsError, TimedOut
from jobevents_cli.following.notices import Notice
from jobevents_cli.following.retry_budget import FIRST_CONTACT_FOR, RetryBudget
from jobevents_cli.following.update import Wait
from jobevents_cli.output.streams import Output
from jobevents_cli.runtime.workers import Ended, Workers

Item = TypeVar("Item")


def retried(
    request: Callable[[], Iterator[Item]],
    budget: RetryBudget,
    *,
    clock: Callable[[], float],
    say: Callable[[Notice], None] | None = None,
) -> Iterator[Item | Wait]:
    """The items that one *request* brings; it is repeated as *budget* allows as long as it brought none.

    The caller does the waiting when a Wait is yielded. *say* receives notices for the user. Raises the error
    that ends retrying.
    """
    while True:
        requested_at = clock()
        has_begun = False
        try:
            for item in request():
                has_begun = True
                yield item
        except JobEventsError as fault:
            retry = None if has_begun else budget.retry(fault, requested_at, clock())
            if retry is None:
                raise
            if retry.lost and say:
                say(retry.lost)
            yield Wait(retry.delay)
        else:
            back = budget.good(clock())
            if back and say:
                say(back)
            return


def from_worker(items: Iterator[Item | Wait], look: Callable[[], None]) -> Iterator[Item]:
    """The *items* that another thread brings; *look* is called while none comes. Raises what ended them."""
    workers = Workers[Item]()
    workers.start(0, items)
    try:
        while not isinstance(arrived := workers.next(), Ended):
            if arrived is None:
                look()
            else:
                yield arrived
    finally:
        workers.close()
    if arrived.error:
        raise arrived.error


def fetch(
    request: Callable[[], Iterator[Item]], *, retry_for: float = math.inf, timeout: float | None = None
) -> Iterator[Item]:
    """The items of one *request*, retried for 5 s, or *retry_for* if that is less, if it fails before the first item.

    TimedOut if it takes more than *timeout* seconds.
    """
    budget = RetryBudget(min(retry_for, FIRST_CONTACT_FOR), random.random)
    output = Output()
    until = math.inf if timeout is None else time.monotonic() + timeout

    def look() -> None:
        output.check_reader()
        if time.monotonic() >= until:
            raise TimedOut("the orchestrator did not say which job is meant before --timeout")

    return from_worker(retried(request, budget, clock=time.monotonic), look)
