"""How times and durations are shown."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from jobevents_cli.render.times import TimeFormat, took_text

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
EAST = timezone(timedelta(hours=10))


def _format(choice: str, *, short: bool = True) -> TimeFormat:
    return TimeFormat(UTC if choice == "utc" else EAST, short=short, today=NOON)


def test_on_a_terminal_the_day_is_apart() -> None:
    """Times are HH:MM:SS in their zone; the day comes beside them, and today's is known."""
    local, utc = _format("local"), _format("utc")
    assert local("2026-11-24T15:00:01Z") == ("01:00:01", "2026-11-25")
    assert utc("2026-11-24T15:00:01Z") == ("15:00:01", "2026-11-24 UTC")
    assert (local.today, utc.today) == ("2026-11-24", "2026-11-24 UTC")


def test_elsewhere_a_time_is_whole() -> None:
    """Not on a terminal each time has its date and its zone, and no day is apart."""
    assert _format("local", short=False)("2026-11-24T15:00:01.5Z") == ("2026-11-25T01:00:01+10:00", "")
    assert _format("utc", short=False)("2026-11-25T01:00:01+10:00") == ("2026-11-24T15:00:01Z", "")
    assert _format("utc", short=False).today == ""


def test_in_a_header_today_needs_no_date() -> None:
    """Views show the date with the time, unless it is today's."""
    assert _format("local").full("2026-11-24T11:00:00Z") == "21:00:00"
    assert _format("local").full("2026-11-24T15:00:00Z") == "2026-11-25 01:00:00"
    assert _format("utc").full("2026-11-23T15:00:00Z") == "2026-11-23 15:00:00Z"
    assert _format("utc", short=False).full("2026-11-24T11:00:00Z") == "2026-11-24T11:00:00Z"


@pytest.mark.parametrize("choice", ["local", "utc"])
def test_what_is_no_time_is_shown_as_it_is(choice: str) -> None:
    """Safe and not endless; years beyond what a zone can hold are no crash."""
    for short in (True, False):
        shown = _format(choice, short=short)
        assert shown("") == ("-", "")
        assert shown("\x1b[2Jsoon") == ("\\x1b[2Jsoon", "")
        assert len(shown("9" * 5000).text) <= 40
        for timestamp in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "99999-01-01T00:00:00Z"):
            assert shown(timestamp).text
            assert shown.full(timestamp)


def test_durations_take_five_characters() -> None:
    """Whole seconds; from ten minutes or ten hours on only the larger unit; absurd ones are not shown."""
    known = {0.4: "0s", 59.9: "59s", 62: "1m02s", 754: "12m", 3720: "1h02m", 45_000: "12h", 9e6: "2500h"}
    assert {seconds: took_text(seconds) for seconds in known} == known
    assert took_text(-5) == "0s"
    assert [took_text(seconds) for seconds in (None, float("nan"), float("inf"), 1e300)] == ["", "", "", ""]
