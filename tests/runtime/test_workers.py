"""A small pool of threads that works for many jobs."""

import itertools
import threading
import time
from collections.abc import Iterator

import pytest
from support.program import wait_until

from jobevents_cli.runtime import workers as pool
from jobevents_cli.runtime.workers import Ended, Workers

FEW = 100
"""Items that may wait to be taken, with room to spare."""


def test_workers_wait_until_their_items_are_taken() -> None:
    """However fast a job brings items, only a few wait in memory; taking one lets the next one come."""
    made = itertools.count()
    reached = [0]

    def endless() -> Iterator[int]:
        for number in made:
            reached[0] = number
            yield number

    workers: Workers[int] = Workers()
    workers.start("endless", endless())
    last = [-1, time.monotonic()]

    def has_stopped() -> bool:
        if reached[0] != last[0]:
            last[:] = [reached[0], time.monotonic()]
        return time.monotonic() - last[1] > 0.3

    wait_until(has_stopped)
    assert reached[0] <= FEW
    assert [workers.next(5) for _ in range(3 * FEW)] == list(range(3 * FEW))


def test_the_end_of_a_work_names_it_and_its_error() -> None:
    """The last thing that comes says whose end it is, and what went wrong."""

    def fails() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    workers: Workers[int] = Workers()
    workers.start("short", iter([7]))
    arrived = [workers.next(5), workers.next(5)]
    workers.start("fails", fails())
    arrived += [workers.next(5), workers.next(5)]
    assert arrived[:3] == [7, Ended("short"), 1]
    assert isinstance(arrived[3], Ended)
    assert (arrived[3].name, str(arrived[3].error)) == ("fails", "gone")
    assert workers.next(0.01) is None


def test_an_item_that_has_come_is_known_before_it_is_taken() -> None:
    """So that it can be written together with the one before it."""
    workers: Workers[int] = Workers()
    assert not workers.has_next
    workers.start("short", iter([7]))
    wait_until(lambda: workers.has_next)
    assert [workers.next(5), workers.next(5)] == [7, Ended("short")]
    assert not workers.has_next


def test_work_that_hangs_has_a_limited_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """More threads would hang as well; once the first ones go on, everything is done."""
    monkeypatch.setattr(pool, "_MOST_THREADS", 6)
    monkeypatch.setattr(pool, "_GRACE", 0.001)
    go_on = threading.Event()
    hanging: set[int] = set()

    def hangs(number: int) -> Iterator[int]:
        hanging.add(number)
        go_on.wait(30)
        yield number

    workers: Workers[int] = Workers()
    for number in range(20):
        workers.start(number, hangs(number))
    wait_until(lambda: workers.next(0.01) is None and len(hanging) == 6)
    for _ in range(20):
        assert workers.next(0.005) is None
    assert len(hanging) == 6
    go_on.set()
    arrived = [workers.next(30) for _ in range(40)]
    assert sorted(item for item in arrived if isinstance(item, int)) == list(range(20))
