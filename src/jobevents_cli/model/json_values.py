"""Reads JSON values tolerantly: what has another type than expected counts as missing."""

from collections.abc import Mapping
from typing import Any


def as_mapping(value: object) -> Mapping[str, Any]:
    """*value* where it is a JSON object, else an empty one."""
    return value if type(value) is dict else {}


def as_text(value: object) -> str:
    """*value* where it is a string, else an empty one."""
    return value if type(value) is str else ""


def as_id(value: object) -> int | None:
    """An event id as a number: strings and integers occur, in samples of one and the same server."""
    if type(value) is int:
        return value
    if type(value) is str and value.isdecimal() and value.isascii():
        return int(value)
    return None
