"""Retries one call until it works or its retry limit is spent."""

import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from jobevents_cli.errors import TransientFault
from jobevents_cli.following.retry_budget import FIRST_ANSWER_PATIENCE, Outage
from jobevents_cli.output.streams import Output
from jobevents_cli.runtime.workers import Ended, Threads

Item = TypeVar("Item")


def patiently(
    items: Callable[[], Iterator[Item]],
    outage: Outage,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], object],
) -> Iterator[Item]:
    """The *items* of one answer; asks again as *outage* allows while none was handed on."""
    while True:
        asked_at = clock()
        is_begun = False
        try:
            for item in items():
                is_begun = True
                yield item
        except TransientFault as fault:
            delay = None if is_begun else outage.fault(asked_at, clock(), fault.retry_after)
            if delay is None:
                raise
            sleep(delay)
        else:
            return


def from_thread(items: Iterator[Item], tick: Callable[[], None]) -> Iterator[Item]:
    """The *items* that another thread brings; *tick* is called while none comes. Raises what ended them."""
    threads = Threads[Item]()
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
    outage = Outage(FIRST_ANSWER_PATIENCE, random.random)
    return from_thread(patiently(items, outage, clock=time.monotonic, sleep=time.sleep), output.check_reader)


def print_raw(pieces: Callable[[], Iterator[bytes]]) -> None:
    """Print an answer as it comes, byte for byte."""
    output = Output()
    for piece in fetch(pieces):
        output.write(piece)
        output.flush()
