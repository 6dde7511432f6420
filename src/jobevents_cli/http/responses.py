"""From a response's status, headers and body to values and errors."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


_CLOCKS_AGREE: Final = 2.0


_EXCERPT: Final = 200


def _moment(date: str) -> float | None:
    """The seconds since 1970 that an HTTP *date* names; None where it names none."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return None


@lru_cache(maxsize=1)
def _skew(date: str, received: float) -> float:
    """Seconds that the server's clock, which wrote *date*, is ahead of ours; it tells no more exactly than a second."""
    told = _moment(date)
    return 0.0 if told is None or abs(told - received) <= _CLOCKS_AGREE else told - received


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks us to wait: a number, or a date by the server's own clock."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    wanted = _moment(text)
    if wanted is None:
        return None
    told = _moment(headers.get("date", ""))
    return max(0.0, wanted - (time.time() if told is None else told))


def _excerpt(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    text = re.sub(r"(?s)<(style|script|title)\b.*?</\1>|<[^>]*>", " ", text)
    return _shortened(text)


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _EXCERPT else words[:_EXCERPT] + "..."
