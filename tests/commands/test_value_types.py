"""The values that options take, and what is said about others."""

from typing import Any

import click
import pytest

from jobevents_cli.commands.value_types import Duration, Seconds, WholeNumber, quoted
from jobevents_cli.model.durations import LONGEST

LONG = "9" * 5000


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (WholeNumber(), "0", 0),
        (WholeNumber(), "007", 7),
        (WholeNumber(), str(2**63 - 1), 2**63 - 1),
        (WholeNumber(1, 3), "3", 3),
        (Duration(), "90", 90.0),
        (Duration(), "15m", 900.0),
        (Duration(), "1d", 86_400.0),
        (Seconds(0.1), "2s", 2.0),
        (Duration(), 5.0, 5.0),
        (Seconds(0.1), "0.1", 0.1),
        (Seconds(0.1), 1, 1.0),
        (Seconds(0.1), "1e300", LONGEST),
    ],
)
def test_a_value_is_read(kind: WholeNumber | Duration | Seconds, value: Any, expected: float) -> None:
    """It comes from the command line as text, from the configuration file as a number."""
    assert kind.convert(value, None, None) == expected


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (WholeNumber(), "-1", "not a non-negative integer"),
        (WholeNumber(), "٣", "not a non-negative integer"),
        (WholeNumber(), str(2**63), "too large"),
        (WholeNumber(), LONG, "too large"),
        (WholeNumber(1, 3), "0", "too small"),
        (Duration(), "soon", "not a duration"),
        (Duration(), f"{LONG}h", "is too long|is not a duration"),
        (Seconds(0.1), "nan", "not a number"),
        (Seconds(0.1), "inf", "not a number"),
        (Seconds(0.1), "0.05", "less than the minimum"),
    ],
)
def test_another_value_is_refused_in_one_short_line(
    kind: WholeNumber | Duration | Seconds, value: str, message: str
) -> None:
    """However long the value is."""
    with pytest.raises(click.BadParameter, match=message) as refused:
        kind.convert(value, None, None)
    assert len(refused.value.message) < 150


def test_a_number_that_python_does_not_write_is_quoted_too() -> None:
    """A configuration file can hold one."""
    assert quoted(10**5000) == "'a very long number'"
