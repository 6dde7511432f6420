"""Reads JSON values tolerantly: a value of another type than expected counts as missing."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

HIGHEST_ID: Final = 2**63 - 1
"""Ids are 64-bit numbers in the orchestrator's database."""


_LONGEST_NUMBER: Final = 40
"""Digits that a number in a string may have; converting more of them takes Python long, or fails."""


def as_mapping(value: object) -> Mapping[str, Any]:
    """*value* if it is a JSON object, else an empty one."""
    return value if type(value) is dict else {}


def as_text(value: object) -> str:
    """*value* if it is a string, else an empty one."""
    return value if type(value) is str else ""


def as_id(value: object) -> int | None:
    """An id as a number from 0 to 2**63 - 1, else None.

    Strings and integers occur, even in responses of the same server.
    """
    if type(value) is str:
        if not (value.isdecimal() and value.isascii() and len(value) <= _LONGEST_NUMBER):
            return None
        value = int(value)
    return value if type(value) is int and 0 <= value <= HIGHEST_ID else None


def as_count(value: object) -> int | None:
    """*value* if it can be a count, an integer that is not negative, else None."""
    return value if type(value) is int and value >= 0 else None


def as_seconds(value: object) -> float | None:
    """A duration in seconds if *value* is one, a number or a string of one; else None."""
    if type(value) is str:
        if len(value) > _LONGEST_NUMBER:
            return None
        try:
            value = float(value)
        except ValueError:
            return None
    if type(value) is int:
        value = float(value) if abs(value) <= HIGHEST_ID else None
    return float(value) if isinstance(value, float) and isfinite(value) and value >= 0 else None
