"""A value of another type than expected counts as missing."""

import pytest

from jobevents_cli.model.json_values import as_count, as_id, as_mapping, as_seconds, as_text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7),
        ("7", 7),
        (0, 0),
        ("007", 7),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (-1, None),
        ("-1", None),
        ("٣", None),
        ("", None),
        ("9" * 5000, None),
        (True, None),
        (7.0, None),
        (None, None),
    ],
)
def test_ids(value: object, number: int | None) -> None:
    """A 64-bit number that is not negative, as a number or as text."""
    assert as_id(value) == number


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (7, 7.0),
        (1.5, 1.5),
        ("1.5", 1.5),
        (0, 0.0),
        (-1, None),
        ("soon", None),
        ("1" * 50, None),
        (10**400, None),
        (float("inf"), None),
        (float("nan"), None),
        ("nan", None),
        (True, None),
        (None, None),
    ],
)
def test_seconds(value: object, seconds: float | None) -> None:
    """A finite number that is not negative, or text of one."""
    assert as_seconds(value) == seconds


@pytest.mark.parametrize(("value", "count"), [(3, 3), (0, 0), (-5, None), ("3", None), (3.0, None), (False, None)])
def test_counts(value: object, count: int | None) -> None:
    """A negative count counts as unknown."""
    assert as_count(value) == count


def test_objects_and_texts() -> None:
    """What is not an object or a text is an empty one."""
    assert (as_mapping({"a": 1}), as_mapping([1]), as_text("a"), as_text(1)) == ({"a": 1}, {}, "a", "")
