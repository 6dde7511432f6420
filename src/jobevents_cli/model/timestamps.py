"""Reads the times that an orchestrator writes."""

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=4096)  # many events share a second
def parse_timestamp(text: str) -> datetime | None:
    """The moment that *text* names, or None where it names none. A time without zone is the server's: UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def seconds_of(value: object) -> float | None:
    """The seconds since 1970 that *value*, a timestamp in an answer, names."""
    moment = parse_timestamp(value) if isinstance(value, str) else None
    return moment.timestamp() if moment else None
