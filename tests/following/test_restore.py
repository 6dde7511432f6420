"""Ids that went back: a stale copy is waited out, a restored database is followed on by time."""

from jobevents_cli.following.position import Page
from jobevents_cli.following.restore import Age, RestoreDetector
from jobevents_cli.model.event import Event, event_of

SETTLE = 3.0


def _page(highest: int = -1, *, start: int = 10, echoes: bool = False) -> Page:
    return Page(requested_at=0.0, start=start, before=10, highest=highest, echoes=echoes)


def _event(number: int, second: int) -> Event:
    return event_of({"id": number, "timestamp": f"2026-11-23T10:00:{second:02d}Z"})


def test_a_page_with_the_newest_event_is_current() -> None:
    """Nothing went back while the highest id comes again."""
    assert RestoreDetector(-1, SETTLE).check(_page(10, echoes=True), 10, 100) is Age.CURRENT


def test_nothing_handled_yet_means_nothing_is_missing() -> None:
    """Before the first event, an empty page is current."""
    assert RestoreDetector(9, SETTLE).check(_page(start=9), 9, 100) is Age.CURRENT


def test_an_empty_page_is_no_sign_where_start_is_exclusive() -> None:
    """A server that never sends the event `start` itself may answer with an empty page at any time."""
    detector = RestoreDetector(-1, SETTLE)
    assert [detector.check(_page(), 10, now) for now in (100, 200)] == [Age.CURRENT, Age.CURRENT]


def test_a_stale_copy_is_waited_out() -> None:
    """Pages that lack the newest event for less than the settle time come from a stale copy."""
    detector = RestoreDetector(-1, SETTLE)
    detector.check(_page(10, echoes=True), 10, 100)
    assert detector.check(_page(), 10, 101) is Age.BEHIND
    assert detector.check(_page(), 10, 104) is Age.BEHIND
    assert detector.check(_page(10), 10, 105) is Age.CURRENT
    assert detector.check(_page(), 10, 106) is Age.BEHIND, "the settle time begins anew"


def test_a_restored_database_is_noticed_after_the_settle_time() -> None:
    """Afterwards an event is new if it is later than all that were handled, whatever its id."""
    detector = RestoreDetector(-1, SETTLE)
    assert detector.accept([_event(9, 5), _event(10, 7)])
    detector.check(_page(10, echoes=True), 10, 100)
    assert detector.check(_page(5, start=3), 10, 101) is Age.BEHIND
    assert detector.check(_page(5, start=3), 10, 104.1) is Age.RESTORED
    assert [event.id for event in detector.accept([_event(4, 6), _event(5, 7), _event(6, 8)])] == [6]
    assert detector.newest_timestamp == "2026-11-23T10:00:08Z"
    assert detector.accept([_event(7, 1)]) == []


def test_a_resumed_run_knows_the_newest_timestamp() -> None:
    """The cursor's timestamp is what the next run compares with."""
    detector = RestoreDetector(10, SETTLE, "2026-11-23T10:00:07Z")
    detector.check(_page(12, echoes=True), 12, 100)
    detector.check(_page(3, start=2), 12, 101)
    assert detector.check(_page(3, start=2), 12, 110) is Age.RESTORED
    assert detector.accept([_event(3, 7)]) == []
