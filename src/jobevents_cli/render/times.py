"""How an event's time is shown."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from jobevents_cli.model.timestamps import parse_timestamp

TimeFormat = Callable[[str], str]
"""From the server's timestamp to what is shown; what is no timestamp is shown as it is."""


def time_format(choice: str, *, short: bool, today: datetime, zone: tzinfo | None = None) -> TimeFormat | None:
    """How to show times by the option's *choice*; None where they are not shown.

    *short*: local times of *today* without their date and zone, as people at a terminal want them. *zone* is
    the local one.
    """
    match choice:
        case "none":
            return None
        case "utc":
            return _tolerant(_utc)
        case "relative":
            return _Relative()
        case _:
            return _tolerant(lambda moment: _local(moment.astimezone(zone), short=short, today=today))


def _tolerant(shown: Callable[[datetime], str]) -> TimeFormat:
    @lru_cache(maxsize=4096)  # many events share a second
    def show(timestamp: str) -> str:
        moment = parse_timestamp(timestamp)
        try:
            return shown(moment) if moment else timestamp or "-"
        except (OverflowError, ValueError, OSError):
            return timestamp

    return show


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _local(moment: datetime, *, short: bool, today: datetime) -> str:
    if not short:
        return moment.isoformat(timespec="seconds")
    if moment.date() == today.date():
        return f"{moment:%H:%M:%S}"
    return f"{moment:%Y-%m-%d %H:%M:%S}"


class _Relative:
    """Seconds since the first event shown."""

    def __init__(self) -> None:
        self._first: datetime | None = None

    def __call__(self, timestamp: str) -> str:
        moment = parse_timestamp(timestamp)
        if moment is None:
            return timestamp or "-"
        self._first = self._first or moment
        since = moment - self._first
        sign = "-" if since < timedelta() else "+"
        seconds = abs(int(since.total_seconds()))
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
