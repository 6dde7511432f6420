"""Retries one call until it works or its retry limit is spent."""

import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from jobevents_cli.errors import TransientFault
from jobevents_cli.following.retry_budget import FIRST_CONTACT_FOR, RetryBudget
from jobevents_cli.output.streams import Output
from jobevents_cli.runtime.workers import Ended, Workers

Item = TypeVar("Item")


def patiently(
    items: Callable[[], Iterator[Item]],
    budget: RetryBudget,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], object],
) -> Iterator[Item]:
    """The *items* of one answer; asks again as *budget* allows while none was yielded."""
    while True:
        asked_at = clock()
        is_begun = False
        try:
            for item in items():
                is_begun = True
                yield item
        except TransientFault as fault:
            retry = None if is_begun else budget.retry(fault, asked_at, clock())
            if retry is None:
                raise
            sleep(retry.delay)
        else:
            return


def from_thread(items: Iterator[Item], tick: Callable[[], None]) -> Iterator[Item]:
    """The *items* that another thread brings; *tick* is called while none comes. Raises what ended them."""
    threads = Workers[Item]()
    threads.start(0, items)
    while True:
        arrived = threads.next()
        if arrived is None:
            tick()
        elif not isinstance(arrived, Ended):
            yield arrived
        elif arrived.error:
            raise arrived.error
        else:
            return


def fetch(items: Callable[[], Iterator[Item]]) -> Iterator[Item]:
    """What one request brings, asked again for 5 s where it fails before it brought anything."""
    output = Output()
    budget = RetryBudget(FIRST_CONTACT_FOR, random.random)
    return from_thread(patiently(items, budget, clock=time.monotonic, sleep=time.sleep), output.check_reader)


def print_raw(pieces: Callable[[], Iterator[bytes]]) -> None:
    """Print an answer as it comes, byte for byte."""
    output = Output()
    for piece in fetch(pieces):
        output.write(piece)
