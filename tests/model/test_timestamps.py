"""The times that an orchestrator writes."""

import pytest

from jobevents_cli.model.timestamps import parse_timestamp, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:01:00Z", 60.0),
        ("1970-01-01T00:01:00", 60.0),
        ("1970-01-01T01:01:00+01:00", 60.0),
        ("1970-01-01T00:01:00.500Z", 60.5),
    ],
)
def test_moments(text: str, seconds: float) -> None:
    """A time without zone is UTC."""
    assert seconds_of(text) == seconds
    moment = parse_timestamp(text)
    assert moment is not None
    assert moment.timestamp() == seconds


@pytest.mark.parametrize("value", ["", "soon", "2026-11-23T10:00:00Z" * 100])
def test_text_that_names_no_moment(value: str) -> None:
    """Other text, however long, is no moment."""
    assert parse_timestamp(value) is None
    assert seconds_of(value) is None


@pytest.mark.parametrize("value", [None, 7, {}, []])
def test_values_that_are_no_text(value: object) -> None:
    """Only text names moments."""
    assert seconds_of(value) is None
