"""Drives generators to their end."""

from collections.abc import Generator
from contextlib import closing
from typing import TypeVar

from jobevents_cli.runtime.loop import Loop, Requests

T = TypeVar("T")


def worked(steps: Generator[None, None, T]) -> T:
    """What work in small pieces comes to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def asked(requests: Requests[T]) -> T:
    """What requests bring."""
    with closing(Loop(signals=False)) as loop:
        return loop.run(requests)
