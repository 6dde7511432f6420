"""How times and durations are shown."""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from jobevents_cli.model.durations import format_duration
from jobevents_cli.model.timestamps import parse_timestamp
from jobevents_cli.render.escape import safe

_LONGEST_UNKNOWN: Final = 40
_LONGEST_TOOK: Final = 5
_LONGEST_SPAN: Final = 1e9


class Moment(NamedTuple):
    """A time as it is shown: the *text*, and the *day* if the text does not contain it."""

    text: str
    day: str = ""


class TimeFormat:
    """Shows the server's timestamps; any other text is shown as it is."""

    def __init__(self, zone: tzinfo | None, *, short: bool, today: datetime) -> None:
        """Show times in *zone*, None for the local one.

        *short*: `HH:MM:SS`, as people at a terminal want them; dates are then printed as lines of their own. *today* is
        the present time.
        """
        self._zone = zone
        self._short = short
        self._suffix = "Z" if zone is UTC else ""
        self.today = self._day(today.astimezone(zone)) if short else ""
        """The day that needs no date line before its first event; empty if the times contain their date."""
        self._shown = lru_cache(maxsize=4096)(self._show)  # many events share a second

    def __call__(self, timestamp: str) -> Moment:
        """Return *timestamp* as it is shown beside an event."""
        return self._shown(timestamp)

    def full(self, timestamp: str) -> str:
        """Return *timestamp* with its date, unless that is today's."""
        shown = self(timestamp)
        day = "" if shown.day in ("", self.today) else f"{shown.day.removesuffix(' UTC')} "
        return f"{day}{shown.text}{self._suffix if shown.day else ''}"

    def _show(self, timestamp: str) -> Moment:
        moment = parse_timestamp(timestamp)
        try:
            moment = moment.astimezone(self._zone) if moment else None
        except (OverflowError, ValueError, OSError):
            moment = None
        if moment is None:
            return Moment(safe(timestamp[:_LONGEST_UNKNOWN]) or "-")
        if self._short:
            return Moment(f"{moment:%H:%M:%S}", self._day(moment))
        text = moment.isoformat(timespec="seconds")
        return Moment(text.replace("+00:00", self._suffix) if self._suffix else text)

    def _day(self, moment: datetime) -> str:
        return f"{moment:%Y-%m-%d}{' UTC' if self._suffix else ''}"


@lru_cache(maxsize=4096)  # most nodes take a few of the same durations
def took_text(seconds: float | None) -> str:
    """Return how long something took, in whole seconds, below 10,000 hours in five characters; "" if unknown."""
    if seconds is None or not seconds < _LONGEST_SPAN:  # written so that it is true for NaN
        return ""
    text = format_duration(int(max(0.0, seconds))).replace(" ", "")
    # From ten minutes or ten hours on, the smaller unit says little.
    return text if len(text) <= _LONGEST_TOOK else text[: -len("05s")]
