"""Which events are new, where the next request starts, and what a cursor holds."""

from collections.abc import Iterable

import pytest

from jobevents_cli.following.position import WINDOW, Cursor, Position
from jobevents_cli.model.event import Event, event_of

MANY = 3 * WINDOW


def _ids(numbers: Iterable[int | None]) -> list[Event]:
    return [event_of({"id": number} if number is not None else {"message": "no id"}) for number in numbers]


def _page(position: Position, numbers: Iterable[int | None], now: float) -> list[int | None]:
    """One whole response that was requested and came at *now*; the ids that were new."""
    position.begin_request(now)
    news = [event.id for event in position.accept(_ids(numbers))]
    position.end_page(now)
    return news


def test_before_the_first_request_nothing_is_taken_in() -> None:
    """Events, an end and a cut without a request mean nothing."""
    position = Position()
    assert position.accept(_ids([1])) == []
    position.end_page(100)
    position.cut_off(100)
    assert position.next_start is None
    assert position.begin_request(100) == -1


def test_each_event_is_new_once_whatever_the_order() -> None:
    """Events come sorted, unsorted and again; a lower id that comes late is new too."""
    position = Position()
    assert _page(position, [1, 2, 5], 100) == [1, 2, 5]
    assert _page(position, [5, 4, 2, 6], 101) == [4, 6]
    assert _page(position, [6, 6, 5], 102) == []
    assert position.next_start == 7


def test_an_event_without_an_id_is_new_once() -> None:
    """It is known by its text."""
    position = Position()
    assert _page(position, [1, None], 100) == [1, None]
    assert _page(position, [1, None, None], 101) == [None]


def test_the_next_request_goes_back_as_far_as_events_may_be_late() -> None:
    """An id is settled once a page requested a settle time after it was seen has come."""
    position = Position()
    _page(position, [1, 2, 3], 100)
    position.settle(97)
    assert position.begin_request(102) == -1
    position.end_page(102)
    position.settle(100)
    assert position.begin_request(103) == 3


def test_a_sorted_response_that_broke_off_is_continued() -> None:
    """The next request starts with the last event received; without any event, at the same place."""
    position = Position()
    position.begin_request(100)
    position.accept(_ids([1, 2]))
    position.cut_off(100)
    assert position.begin_request(101) == 2
    assert [event.id for event in position.accept(_ids([2, 3]))] == [3]
    position.end_page(101)
    assert not position.is_certain, "no part proves that the server sorts"
    assert _page(position, [1, 2, 3], 102) == []
    assert position.is_certain


def test_an_unsorted_response_that_broke_off_is_requested_again() -> None:
    """Nothing says what is missing, so the next request starts at the same place."""
    position = Position()
    position.begin_request(100)
    position.accept(_ids([7, 3]))
    assert position.next_start is None
    position.cut_off(100)
    assert position.begin_request(101) == -1
    assert [event.id for event in position.accept(_ids([7, 3, 5]))] == [5]


def test_a_page_of_joined_parts_settles_nothing() -> None:
    """Until it was read a second time, the ids stay open, however old they are."""
    position = Position()
    position.begin_request(100)
    position.accept(_ids([1, 2]))
    position.cut_off(100)
    position.begin_request(101)
    position.accept(_ids([2, 3]))
    position.end_page(101)
    position.settle(1000)
    assert position.begin_request(102) == -1


def test_a_long_page_leaves_a_bounded_cursor() -> None:
    """At most a window of ids is kept; amid a sorted page the cursor is bounded too."""
    position = Position()
    position.begin_request(100)
    position.accept(_ids(range(MANY)))
    low, above, _ = position.handled()
    assert (low, len(above)) == (MANY - WINDOW - 1, WINDOW)
    position.end_page(100)
    position.settle(0)
    assert position.handled()[:2] == (low, above)
    assert position.begin_request(101) == low


def test_amid_an_unsorted_page_the_cursor_keeps_every_id() -> None:
    """A loss is worse than a long cursor."""
    position = Position()
    position.begin_request(100)
    position.accept(_ids([MANY, *range(MANY)]))
    low, above, _ = position.handled()
    assert (low, len(above)) == (-1, MANY + 1)


@pytest.mark.parametrize(("now", "start"), [(101, 5), (104, 9)])
def test_a_resumed_run_lets_the_ids_settle_anew(now: float, start: int) -> None:
    """Nobody knows when the earlier run saw them first."""
    position = Position(5, [4, 7, 9])
    assert position.highest == 9
    assert _page(position, [5, 6, 7, 8, 9], 100) == [6, 8]
    _page(position, [9], now)
    position.settle(now - 3)
    assert position.begin_request(now + 1) == start


def test_a_cursor_takes_in_the_events_that_were_handled_since() -> None:
    """Ids, counts, changed nodes and the newest time."""
    before = Cursor(5, (7,), {"node_running": 1}, "2026-11-23T10:00:01Z")
    changed = {"detail": {"status": "changed"}}
    events = [
        event_of({"id": 8, "type": "node_finished", "timestamp": "2026-11-23T10:00:03Z", "details": changed}),
        event_of({"id": 6, "type": "node_failed", "timestamp": "2026-11-23T10:00:02Z"}),
        event_of({"id": 9, "type": "of_the_future"}),
    ]
    after = before.after([*events, event_of({"message": "no id"})])
    assert (after.low, sorted(after.above), after.changed) == (5, [6, 7, 8, 9], 1)
    assert after.counts == {"node_running": 1, "node_finished": 1, "node_failed": 1}
    assert after.newest_timestamp == "2026-11-23T10:00:03Z"
    assert len(after.unordered) == 1
