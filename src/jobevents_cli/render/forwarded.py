"""The lines that `forward` hands to its receiver."""

from collections.abc import Callable
from typing import Final

from jobevents_cli.model.event import JOB_ABORTED, JOB_FINISHED, PLAN_FAILED, PLAN_FINISHED, Event
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.render.json_line import JsonLines
from jobevents_cli.render.shortened import shortened

_ENDS: Final = frozenset({JOB_FINISHED, JOB_ABORTED, PLAN_FINISHED, PLAN_FAILED})
"""The types that pass every filter, so that the receiver learns of each end."""


class ForwardedLines:
    """Renders the events that the receiver is to have."""

    def __init__(self, wanted: Callable[[Event], bool] | None = None, most: int | None = None) -> None:
        """Only events that are *wanted*, and ends. *most*: shorten the texts of lines with more bytes."""
        self._wanted = wanted
        self._most = most
        self._json = JsonLines(on_terminal=False, tagged=True)

    def line(self, event: Event, ref: JobRef) -> bytes | None:
        """The line of the *event* of *ref*; None if it is not wanted."""
        if self._wanted is not None and event.type not in _ENDS and not self._wanted(event):
            return None
        line = self._json.line(event, ref)
        if self._most is None or len(line) - 1 <= self._most:
            return line
        short = shortened(event.raw, self._most - len(f'"{ref.kind}":"{ref.number}",'))
        return self._json.line(Event(short), ref)
