"""Durations as people write and read them."""

import pytest

from jobevents_cli.model.durations import LONGEST, format_duration, option_value, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("1d", 86_400),
        ("1d12h", 129_600),
        ("0", 0),
        ("1.5", 1.5),
        ("9" * 400 + "h", LONGEST),
    ],
)
def test_durations_as_people_write_them(text: str, seconds: float) -> None:
    """Seconds, minutes, hours; longer than any clock means as long as possible."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5", "5x", "1 h", "5m3x", "٣", "1e3"])
def test_what_is_not_a_duration(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.04, "0.1s"), (0.44, "0.4s"), (59.9, "59s"), (60, "1m 00s"), (245, "4m 05s"), (3720, "1h 02m")],
)
def test_durations_as_people_read_them(seconds: float, text: str) -> None:
    """At most two units."""
    assert format_duration(seconds) == text


@pytest.mark.parametrize("text", ["400h", "90s", "15m", "1.5s", "0.25s", "277777h", "61s"])
def test_a_proposed_command_repeats_a_duration_as_it_was(text: str) -> None:
    """Whatever its size, an option takes what is proposed."""
    assert option_value(parse_duration(text)) == text
