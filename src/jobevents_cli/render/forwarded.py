"""The lines that `forward` sends to its receiver."""

from collections.abc import Callable

from jobevents_cli.model.event import END_TYPES, Event
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.json_text import encoded
from jobevents_cli.render.json_line import JsonLines
from jobevents_cli.render.shortened import shortened


class ForwardedLines:
    """Renders the events that the receiver gets."""

    def __init__(self, wanted: Callable[[Event], bool] | None = None, most: int | None = None) -> None:
        """Render events that are *wanted*, and every end, so that the receiver learns of it.

        *most*: shorten the texts of lines with more bytes.
        """
        self._wanted = wanted
        self._most = most
        self._json = JsonLines(on_terminal=False, tagged=True)

    def line(self, event: Event, ref: JobRef) -> bytes | None:
        """The line of the *event* of *ref*; None if it is not wanted."""
        if self._wanted is not None and event.type not in END_TYPES and not self._wanted(event):
            return None
        line = self._json.line(event.text, ref)
        if self._most is None or len(line) - 1 <= self._most:
            return line
        short = shortened(event.raw, self._most - len(f'"{ref.kind}":"{ref.number}",'))
        return self._json.line(encoded(short), ref)
