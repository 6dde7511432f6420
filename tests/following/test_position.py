"""Which events are new, and where the next request starts."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import event_of
from support.world import date_at, raw_event

from jobevents_cli.following.page import Page
from jobevents_cli.following.position import SETTLE, Position
from jobevents_cli.model.event import Event

OLD = SETTLE + 1
"""Timestamps and Date have whole seconds: with such a difference an event is settled for certain."""


def _events(ids: Sequence[int], at: float = 0.0) -> list[Event]:
    return [event_of(raw_event(number, "node_running", at=at)) for number in ids]


def _take(position: Position, ids: Sequence[int], *, at: float = 0.0, now: float, date: float | None) -> list[int]:
    """The new ids of a page with *ids*, which happened at *at*; the response took no time and has *date*."""
    page = Page(_events(ids, at), None if date is None else date_at(date))
    return [event.id for event in position.take(page, now, now) if event.id is not None]


def test_old_events_are_settled_at_once() -> None:
    """What is older than the settle time by the response's Date cannot have a late neighbour."""
    position = Position()
    assert (position.start, position.next_start) == (None, None)
    assert _take(position, [5, 7, 9], now=100, date=OLD) == [5, 7, 9]
    assert (position.low, position.start, position.next_start) == (9, 9, 10)
    assert not position.seen


@pytest.mark.parametrize("date", [OLD - 1, None], ids=["too young", "no Date"])
def test_other_events_settle_in_the_settle_time_after_they_were_first_seen(date: float | None) -> None:
    """Until then a lower id may come, so requests start below them."""
    position = Position(4)
    assert _take(position, [5, 9], now=100, date=date) == [5, 9]
    assert (position.low, position.start, position.seen) == (4, 4, {5, 9})
    assert _take(position, [5, 7, 9], now=102.9, date=date) == [7], "late"
    assert (position.start, position.seen) == (4, {5, 7, 9})
    assert _take(position, [5, 7, 9], now=103, date=date) == []
    assert (position.low, position.seen) == (5, {7, 9}), "7 is still open, and so all above it"
    assert _take(position, [], now=106, date=date) == []
    assert (position.low, position.seen) == (9, set())


def test_the_time_that_a_response_took_counts_against_it() -> None:
    """It shows what was there at the request; its Date may be that of its end."""
    position = Position()
    position.take(Page(_events([5]), date_at(OLD + 1.9)), 100, 102)
    assert position.low == -1
    position.take(Page(_events([5]), date_at(OLD + 2)), 102, 104)
    assert position.low == 5


def test_the_settle_time_runs_from_a_response_to_a_request() -> None:
    """An event may have become visible just before its response came."""
    position = Position()
    position.take(Page(_events([5]), None), 100, 102)
    position.take(Page(_events([5]), None), 104.9, 106)
    assert position.low == -1
    position.take(Page(_events([5]), None), 105, 106)
    assert position.low == 5


@pytest.mark.parametrize("timestamp", [None, "", "soon", "2999-01-01T00:00:00Z", 7])
def test_a_timestamp_without_sense_settles_nothing(timestamp: object) -> None:
    """Such an event settles by the time at which it was first seen, wherever the others are."""
    position = Position()
    events = [event_of({**raw_event(5, "node_running"), "timestamp": timestamp}), *_events([7])]
    position.take(Page(events, date_at(OLD)), 100, 100)
    assert (position.low, position.seen) == (-1, {5, 7})
    position.take(Page(events, date_at(OLD)), 103, 103)
    assert position.low == 7


def test_what_an_earlier_run_saw_settles_anew() -> None:
    """When it was first seen is not known: before this run's first request."""
    position = Position(4, [9, 7, 3, "digest"])
    assert (position.seen, position.next_start) == ({7, 9, "digest"}, 10)
    assert _take(position, [7, 9], now=100, date=None) == []
    assert _take(position, [6, 7, 9], now=102, date=None) == [6]
    assert position.low == 4
    assert _take(position, [6, 7, 9], now=103, date=OLD) == []
    assert (position.low, position.seen) == (9, {"digest"}), "by their timestamps they are settled"


@pytest.mark.parametrize("order", [[9, 5, 7], [5, 9, 7], [7, 7, 5, 9]])
def test_pages_may_have_any_order(order: list[int]) -> None:
    """Events are given back as they came, each once."""
    position = Position()
    news = _take(position, order, now=100, date=OLD)
    assert news == list(dict.fromkeys(order))
    assert position.low == 9
    assert _take(position, order, now=101, date=OLD) == []


def test_events_without_id_are_known_by_their_text_and_their_place_among_equals() -> None:
    """Two equal ones in a page are two events; the same page again brings none."""
    values = [{"type": "a"}, {"type": "a"}, {"type": "b", "id": "x"}, 5]
    position = Position()
    page = Page([event_of(value) for value in values], None)
    news = position.take(page, 100, 100)
    assert len(news) == 4
    assert len({event.key for event in news}) == 4
    assert position.next_start is None
    again = Page([event_of(value) for value in [*values, {"type": "a"}]], None)
    assert len(position.take(again, 101, 101)) == 1
    resumed = Position(*position.saved())
    assert resumed.take(again, 102, 102) == []
    assert all(resumed.has(event.key) for event in again.events)


def test_handled_events_are_added_one_by_one() -> None:
    """As the printer does, in any order; `advance` forgets those that everybody has."""
    events = _events([5, 7, 9])
    Position().take(Page(events, None), 100, 100)
    printed = Position(4)
    printed.add(events[2:])
    printed.add(events[:1])
    assert [printed.has(number) for number in (3, 4, 5, 7, 9)] == [True, True, True, False, True]
    assert (printed.next_start, printed.low) == (10, 4)
    printed.advance(5)
    assert (printed.low, printed.seen) == (5, {9})
    printed.advance(4)
    assert printed.low == 5
    printed.advance(9)
    assert (printed.next_start, printed.saved()) == (10, (9, []))


def test_the_end_settles_like_an_event() -> None:
    """By the server's clock, or by the follower's; and not before every event is settled."""
    position = Position()
    assert not position.is_settled(None, 100)
    _take(position, [5], now=100, date=OLD)
    at = date_at(0)
    assert position.is_settled(at, 100)
    assert not position.is_settled(at + 1, 100)
    assert position.is_settled(at + 1, 97)
    assert position.is_settled(None, 97)
    _take(position, [7], at=2, now=101, date=OLD)
    assert not position.is_settled(at, 97), "7 is open"


@given(
    pages=st.lists(st.tuples(st.lists(st.integers(0, 30), max_size=8), st.sampled_from([0, 0.5, 2, 5])), max_size=8),
    start=st.integers(0, 5),
    has_date=st.booleans(),
)
def test_an_id_is_new_once_whatever_the_pages_are(
    pages: list[tuple[list[int], float]], start: int, *, has_date: bool
) -> None:
    """Nothing is given back twice, nothing before `start`, and nothing that is new in its time is dropped."""
    position, now = Position(start - 1), 100.0
    given_back: set[int] = set()
    for ids, pause in pages:
        low = position.low
        now += pause
        news = _take(position, ids, at=now, now=now, date=now if has_date else None)
        assert not given_back.intersection(news)
        assert set(news) == {number for number in ids if number > low} - given_back
        given_back.update(news)
        assert all(position.has(number) for number in given_back)
        assert position.low >= low
