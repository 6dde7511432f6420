"""Events without an id: each is known by its text and by how many equal ones came before it."""

from jobevents_cli.following.unordered import UnorderedEvents
from jobevents_cli.model.event import Event, event_of


def _event(message: str) -> Event:
    return event_of({"type": "out_message", "message": message})


def test_an_event_that_comes_again_is_known() -> None:
    """The next response brings the same event again: it is not new."""
    events = UnorderedEvents()
    assert events.add(_event("a"))
    events.begin_response()
    assert not events.add(_event("a"))
    assert events.add(_event("b"))


def test_equal_events_of_one_response_are_different_events() -> None:
    """Three equal lines are three events; a fourth one in the next response is the only new one."""
    events = UnorderedEvents()
    assert [events.add(_event("a")) for _ in range(3)] == [True, True, True]
    events.begin_response()
    assert [events.add(_event("a")) for _ in range(4)] == [False, False, False, True]


def test_a_resumed_run_knows_the_events_of_the_one_before() -> None:
    """What the cursor keeps is enough to know the events again, repeated ones too."""
    before = UnorderedEvents()
    before.add(_event("a"))
    before.add(_event("a"))
    after = UnorderedEvents(before.known)
    assert [after.add(_event(text)) for text in ("a", "a", "b")] == [False, False, True]


def test_events_are_added_one_by_one_without_a_response() -> None:
    """Each is one more of its kind, as if all had come in one response."""
    one_by_one, together = UnorderedEvents(), UnorderedEvents()
    for text in ("a", "b", "a"):
        one_by_one.add_next(_event(text))
        together.add(_event(text))
    assert one_by_one.known == together.known
