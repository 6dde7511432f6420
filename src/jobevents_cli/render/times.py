"""How times and durations are shown."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple, Protocol

from jobevents_cli.model.durations import format_duration
from jobevents_cli.model.timestamps import parse_timestamp
from jobevents_cli.render.escape import safe

_LONGEST_UNKNOWN = 40
_LONGEST_TOOK = 5
_LONGEST_SPAN = 1e9


class Moment(NamedTuple):
    """A time as it is shown: the *text*, and the *day* if the text does not contain it."""

    text: str
    day: str = ""


class TimeFormat(Protocol):
    """Shows the server's timestamps; any other text is shown as it is."""

    @property
    def today(self) -> str:
        """The day that needs no date line before its first event; empty if the times contain their date."""

    def __call__(self, timestamp: str) -> Moment:
        """Return *timestamp* as it is shown beside an event."""

    def full(self, timestamp: str) -> str:
        """Return *timestamp* with its date, unless that is today's."""


def time_format(choice: str, *, short: bool, today: datetime, zone: tzinfo | None = None) -> TimeFormat | None:
    """Return how to show times by the option's *choice*; None if they are not shown.

    *short*: `HH:MM:SS`, as people at a terminal want them; dates are then printed as lines of their own. *zone* is
    the local one, and *today* the present time.
    """
    match choice:
        case "none":
            return None
        case "utc":
            return _Clock(lambda moment: moment.astimezone(UTC), short=short, today=today, suffix="Z")
        case _:
            return _Clock(lambda moment: moment.astimezone(zone), short=short, today=today, suffix="")


class _Clock:
    """Times of day in one zone."""

    def __init__(self, in_zone: Callable[[datetime], datetime], *, short: bool, today: datetime, suffix: str) -> None:
        self._in_zone = in_zone
        self._short = short
        self._suffix = suffix
        self.today = self._day(in_zone(today)) if short else ""
        self._shown = lru_cache(maxsize=4096)(self._show)  # many events share a second

    def __call__(self, timestamp: str) -> Moment:
        return self._shown(timestamp)

    def full(self, timestamp: str) -> str:
        moment = self._moment(timestamp)
        if moment is None:
            return _unknown(timestamp)
        if not self._short:
            return self._iso(moment)
        day = "" if self._day(moment) == self.today else f"{moment:%Y-%m-%d} "
        return f"{day}{moment:%H:%M:%S}{self._suffix}"

    def _show(self, timestamp: str) -> Moment:
        moment = self._moment(timestamp)
        if moment is None:
            return Moment(_unknown(timestamp))
        if not self._short:
            return Moment(self._iso(moment))
        return Moment(f"{moment:%H:%M:%S}", self._day(moment))

    def _moment(self, timestamp: str) -> datetime | None:
        moment = parse_timestamp(timestamp)
        try:
            return self._in_zone(moment) if moment else None
        except (OverflowError, ValueError, OSError):
            return None

    def _day(self, moment: datetime) -> str:
        return f"{moment:%Y-%m-%d}{' UTC' if self._suffix else ''}"

    def _iso(self, moment: datetime) -> str:
        text = moment.isoformat(timespec="seconds")
        return text.replace("+00:00", self._suffix) if self._suffix else text


def _unknown(timestamp: str) -> str:
    return safe(timestamp[:_LONGEST_UNKNOWN]) or "-"


@lru_cache(maxsize=4096)  # most nodes take a few of the same durations
def took_text(seconds: float | None) -> str:
    """Return how long something took, in whole seconds, below 10,000 hours in five characters; "" if unknown."""
    if seconds is None or not seconds < _LONGEST_SPAN:  # written so that it is true for NaN
        return ""
    text = format_duration(int(max(0.0, seconds))).replace(" ", "")
    # From ten minutes or ten hours on, the smaller unit says little.
    return text if len(text) <= _LONGEST_TOOK else text[: -len("05s")]
