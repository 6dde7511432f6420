"""Reads the times that an orchestrator writes."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_LONGEST: Final = 64
"""Characters that a timestamp may have: longer text is not a timestamp, and would fill the cache."""


def parse_timestamp(text: str) -> datetime | None:
    """The moment that *text* names, or None if it names none. A time without zone is the server's: UTC."""
    return _moment(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=1024)  # many events share a second
def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache(maxsize=1024)
def _seconds(text: str) -> float | None:
    moment = _moment(text)
    return moment.timestamp() if moment else None


def seconds_of(value: object) -> float | None:
    """The seconds since 1970 that *value*, a timestamp in a response, names; None if it is none."""
    return _seconds(value) if type(value) is str and len(value) <= _LONGEST else None
