"""Events that came together: parsed already, or text of which only the ids were read."""

import json
import re
from collections.abc import Sequence
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from jobevents_cli.model.event import Event
from jobevents_cli.model.events_together import (
    UnreadEvents,
    candidates,
    drop_contents,
    drop_texts,
    events_in,
    ids_of,
    joined_texts_of,
)
from jobevents_cli.model.joined_lines import JoinedLines
from jobevents_cli.model.json_text import encoded

NAMES = st.sampled_from(["id", "type", "node", '"id', "a", ""])
TEXTS = st.text('id":,{}\\1', max_size=9) | st.sampled_from([',"id":"1"', '"id":1}', "7", "node_failed"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.integers(-1, 2**64) | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.lists(st.dictionaries(NAMES, VALUES, max_size=4), min_size=1, max_size=5)


def _joined(objects: Sequence[Any]) -> JoinedLines[str]:
    return JoinedLines("".join(f"{encoded(one)}\n" for one in objects), len(objects), with_breaks=False)


def _unread(objects: Sequence[Any]) -> Sequence[Event]:
    (events,) = events_in([([], _joined(objects))])
    return events


@example(objects=[{"a": 1, "id": "7"}, {"id": 8}])
@example(objects=[{"a": {"id": "7"}}])
@example(objects=[{'"id': "7"}, {"id": 8}])
@example(objects=[{"id": "\N{ARABIC-INDIC DIGIT SEVEN}"}])
@given(objects=OBJECTS)
def test_unread_events_are_the_same_as_parsed_ones(objects: list[dict[str, Any]]) -> None:
    """Wherever their ids are, and whatever looks like one, in strings or deeper in them."""
    expected = [Event(one) for one in objects]
    events = _unread(objects)
    assert len(events) == len(expected)
    assert ids_of(events) == [event.id for event in expected]
    assert [(event.id, event.type, event.raw, event.text) for event in events] == [
        (event.id, event.type, event.raw, encoded(event.raw)) for event in expected
    ]


def test_ids_at_the_end_are_read_without_parsing() -> None:
    """That is where orchestrators write them, as text or as a number."""
    events = _unread([{"type": "a", "id": "7"}, {"id": 8}])
    assert isinstance(events, UnreadEvents)
    assert (events.ids, [event.type for event in events[:1]]) == ([7, 8], ["a"])
    assert not isinstance(_unread([{"id": "7", "type": "a"}]), UnreadEvents)


def test_events_come_in_their_order() -> None:
    """Those read one by one together, unread ones on their own."""
    elements = [([{"id": 1}], ['{"id":1}']), ([{"id": 2}], None), ([], _joined([{"id": 3}])), ([{"id": 4}], None)]
    assert [ids_of(events) for events in events_in(elements)] == [[1, 2], [3], [4]]


def test_events_that_came_together_share_their_texts() -> None:
    """Each has its own; all of them have it in common, but not some of them, nor those that dropped theirs."""
    texts = _joined([{"id": 1}, {"id": 2}])
    (events,) = events_in([([{"id": 1}, {"id": 2}], texts)])
    assert [event.text for event in events] == list(texts)
    assert joined_texts_of(events) is texts
    assert joined_texts_of(events[:1]) is joined_texts_of([]) is joined_texts_of([Event({"id": 1})]) is None
    events[0].keep_own_text()
    events[1].drop_text()
    assert [event.text for event in events] == [texts[0], None]
    assert joined_texts_of(events) is joined_texts_of(events[::-1]) is None


def test_texts_are_dropped_unless_nothing_else_is_there() -> None:
    """They take memory; what was printed is not needed again."""
    (parsed,) = events_in([([{"id": 1}], ['{"id":1}'])])
    drop_texts(parsed)
    unread = _unread([{"id": 1}])
    drop_texts(unread)
    assert (parsed[0].text, unread[0].text) == (None, '{"id":1}')
    assert joined_texts_of(unread) is not None


def test_what_is_printed_once_is_forgotten() -> None:
    """What most nodes report takes memory; failures are shown again in the summary, the end in the last line."""
    details = {"node": "web1", "detail": {"status": "changed"}}
    types = ("node_running", "node_finished", "node_failed", "job_finished")
    events = [Event({"id": "7", "type": kind, "timestamp": "now", "details": details}, "{}") for kind in types]
    drop_contents(events)
    assert [(event.id, event.type, event.node, event.timestamp) for event in events] == [
        (7, kind, "web1", "now") for kind in types
    ]
    assert [(event.raw is not None, bool(event.detail), event.text) for event in events] == [
        (False, False, None),
        (False, False, None),
        (True, True, "{}"),
        (True, True, "{}"),
    ]


@example(objects=[{"a": "id"}, {"b": "id"}, {}, {"a": "id", "id": "id"}], word="id")
@given(objects=OBJECTS, word=st.sampled_from(["node_failed", "7", "id"]))
def test_events_in_whose_text_a_pattern_is_found(objects: list[dict[str, Any]], word: str) -> None:
    """Of unread events those, with their places; of others, and without a pattern, all."""
    pattern = re.compile(word)
    wanted = [(place, one) for place, one in enumerate(objects) if word in json.dumps(one)]
    unread = UnreadEvents(list(range(len(objects))), _joined(objects))
    parsed = [Event(one) for one in objects]
    assert [(place, event.raw) for place, event in zip(*candidates(unread, pattern), strict=True)] == wanted
    for places, events in (candidates(unread, None), candidates(parsed, pattern)):
        assert (list(places), [event.raw for event in events]) == (list(range(len(objects))), objects)
