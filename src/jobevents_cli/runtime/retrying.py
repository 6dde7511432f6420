"""Repeats one request until it works, for commands that print something once."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.retry_budget import FIRST_CONTACT_FOR, RetryBudget
from jobevents_cli.runtime.loop import REQUEST_LIMIT, Ask, Pause, Requests

T = TypeVar("T")


def patient(requests: Requests[T], *, retry_for: float = FIRST_CONTACT_FOR) -> Requests[T]:
    """Drive *requests*, which yields one request at a time; each is repeated as `retried` repeats it."""
    try:
        step = next(requests)
        while isinstance(step, Ask):
            try:
                value = yield from retried(step.work, retry_for=retry_for)
            except JobEventsError as error:
                step = requests.throw(error)
            else:
                step = requests.send(value)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise TypeError(step)


def retried(
    work: Callable[[], T], *, retry_for: float = FIRST_CONTACT_FOR, limit: float = REQUEST_LIMIT
) -> Requests[T]:
    """What *work* returns, as requests for the loop. It is repeated for *retry_for* seconds, at most 5.

    *limit*: seconds that one request may take. Raises the error that ends retrying.
    """
    budget = RetryBudget(min(retry_for, FIRST_CONTACT_FOR), random.random)
    while True:
        requested_at = time.monotonic()
        try:
            return (yield Ask(work, limit))  # type: ignore[no-any-return]
        except JobEventsError as fault:
            retry = budget.retry(fault, requested_at, time.monotonic())
            if retry is None:
                raise
        yield Pause(retry.delay)
