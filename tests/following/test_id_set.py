"""Millions of ids in little memory: the set behaves like Python's, and keeps its numbers sorted."""

from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.following.id_set import IdSet

numbers = st.lists(st.integers(-50, 50), max_size=40)
LONG = 10_000
"""More numbers than one of the set's arrays holds."""


@given(first=numbers, added=numbers, limit=st.integers(-60, 60))
def test_it_behaves_like_a_set(first: list[int], added: list[int], limit: int) -> None:
    """Adding reports what is new; numbers come in order from both ends; all up to a limit can be forgotten."""
    ids, expected = IdSet(first), set(first)
    for number in added:
        assert ids.add(number) is (number not in expected)
        expected.add(number)
    assert list(ids) == sorted(expected)
    assert list(reversed(ids)) == sorted(expected, reverse=True)
    assert ids.last(3) == sorted(expected)[-3:]
    assert ids.highest_below(limit) == max((number for number in expected if number < limit), default=None)
    ids.discard_up_to(limit)
    assert list(ids) == sorted(number for number in expected if number > limit)
    assert len(ids) == len(list(ids))


def test_many_numbers_in_any_place() -> None:
    """Even numbers come first, then odd ones in between, before and behind: the set stays sorted."""
    ids = IdSet()
    ids.extend(range(0, 2 * LONG, 2))
    ids.extend([2 * LONG])
    for number in [-1, *range(1, 2 * LONG, 2), 2 * LONG + 1]:
        assert ids.add(number)
        assert not ids.add(number)
    assert list(ids) == list(range(-1, 2 * LONG + 2))
    assert len(ids) == 2 * LONG + 3


def test_forgetting_whole_arrays() -> None:
    """A limit far up forgets everything below it; a limit above all leaves nothing."""
    ids = IdSet(range(3 * LONG))
    ids.discard_up_to(2 * LONG)
    assert (len(ids), next(iter(ids))) == (LONG - 1, 2 * LONG + 1)
    ids.discard_up_to(3 * LONG)
    assert (len(ids), list(ids)) == (0, [])
    assert ids.highest_below(3 * LONG) is None
