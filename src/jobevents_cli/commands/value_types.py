"""The types of option values: whole numbers, durations, seconds."""

import math
from typing import Any, Final

import click

_HIGHEST: Final = 2**63 - 1
_MOST_DIGITS: Final = 20
_LONGEST_QUOTE: Final = 40


class WholeNumber(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on
    """A non-negative integer, in plain digits, from *lowest* to *highest*."""

    name = "integer"

    def __init__(self, lowest: int = 0, highest: int = _HIGHEST) -> None:
        self._lowest = lowest
        self._highest = highest

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number in *value*."""
        text = str(value)
        if not (text.isascii() and text.isdecimal()):
            self.fail(f"{quoted(text)} is not a non-negative integer", param, ctx)
        digits = text.lstrip("0") or "0"
        if len(digits) > len(str(_HIGHEST)) or int(digits) > self._highest:
            self.fail(f"{quoted(text)} is too large: the highest number is {self._highest}", param, ctx)
        if int(digits) < self._lowest:
            self.fail(f"{quoted(text)} is too small: the lowest number is {self._lowest}", param, ctx)
        return int(digits)


class Duration(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on
    """A time span: `90`, `90s`, `15m`, `2h`, `1d`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds in *value*."""
        from jobevents_cli.model.durations import HOUR, LONGEST, parse_duration

        try:
            seconds = parse_duration(value if isinstance(value, str) else f"{value:f}")
        except (ValueError, OverflowError):
            self.fail(f"{quoted(value)} is not a duration: write 90, 90s, 15m, 2h or 1d", param, ctx)
        if len(str(value)) > _MOST_DIGITS:
            self.fail(f"{quoted(value)} is too long: the longest duration is {LONGEST // HOUR:.0f}h", param, ctx)
        return seconds


class Seconds(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on
    """A number of seconds, at least *least*."""

    name = "seconds"

    def __init__(self, least: float) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds in *value*."""
        from jobevents_cli.model.durations import LONGEST

        try:
            seconds = float(value.removesuffix("s") if isinstance(value, str) else value)
        except (ValueError, OverflowError):
            seconds = math.nan
        if not math.isfinite(seconds):
            self.fail(f"{quoted(value)} is not a number of seconds", param, ctx)
        if seconds < self._least:
            self.fail(f"{value} is less than the minimum, {self._least:g}", param, ctx)
        return min(seconds, LONGEST)


def quoted(value: object) -> str:
    """Quote *value* for an error message; long values are shortened."""
    try:
        text = str(value)
    except ValueError:  # a number of thousands of digits
        text = "a very long number"
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…")
