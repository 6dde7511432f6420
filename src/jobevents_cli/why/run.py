"""Runs an explanation, and says what is waited for if that takes long."""

from collections.abc import Callable
from typing import Final, TypeVar

from jobevents_cli.output.notices import say_safe
from jobevents_cli.runtime.loop import Loop, Requests

_PATIENCE: Final = 5.0
"""Seconds after which a line says what is waited for."""

T = TypeVar("T")


def run(loop: Loop, explanation: Callable[..., Requests[T]]) -> T:
    """Return what the requests come to that *explanation* makes, `explain` or `explain_saved` but for its `note`.

    After 5 s of waiting a line on standard error says for which.
    """
    waits_for = ""

    def note(what: str) -> None:
        nonlocal waits_for
        waits_for = what
        loop.drop("waiting")
        if what:
            loop.timer("waiting", loop.clock() + _PATIENCE)

    loop.start("explanation", explanation(note=note))
    for key, value, error in loop:
        if key == "waiting":
            say_safe(f"jobevents: waiting for {waits_for}")
            continue
        loop.drop("waiting")
        if error:
            raise error
        return value  # type: ignore[no-any-return]
    raise RuntimeError("the loop was closed")
