"""Responses with lists and documents: what is read of them, and what makes one broken."""

import json
from typing import Any

import pytest

from jobevents_cli.clients import pages
from jobevents_cli.clients.pages import object_in, objects_in, page_in, text_in, value_in
from jobevents_cli.clients.session import Response
from jobevents_cli.errors import NoUsableAnswer, TransientFault
from jobevents_cli.model.event import Event
from jobevents_cli.model.plan import Plan


def _response(body: bytes) -> Response:
    return Response(200, {}, body, "pe:8143", None)


def _events(*items: bytes) -> list[Event]:
    return list(page_in(_response(b'{ "next-events": {}, "items": [ %b ] }' % b" , ".join(items))).events)


def test_events_keep_their_own_text() -> None:
    """Without white space, and otherwise as the server spelled it, wherever the id is."""
    first = b'{ "id": "3", "n" : 1.50, "type":"node_running", "details": {"node": "a"}, "timestamp": "t" }'
    last = rb'{"type":"x","m":"\u00e9","x":{"id":9},"id":4}'
    events = _events(first, last)
    assert [event.text for event in events] == [first.replace(b" ", b""), last]
    assert [(event.id, event.type, event.node, event.timestamp) for event in events] == [
        (3, "node_running", "a", "t"),
        (4, "x", "", ""),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        b"7",
        b"null",
        b'"text"',
        b"[]",
        b"{}",
        b'{"id":[]}',
        b'{"id":-1}',
        b'{"id":1e400}',
        b'{"id":%b}' % (b"9" * 5000),
        b'{"type":7}',
        b'{"timestamp":null}',
        b'{"details":7}',
        b'{"details":{"node":7}}',
    ],
)
def test_an_odd_event_changes_no_other(odd: bytes) -> None:
    """Nor is it lost: what cannot be used of it counts as missing."""
    good = b'{"id":"3","type":"node_failed","details":{"node":"a"}}'
    events = _events(good, odd, good)
    assert [event.text for event in events] == [good, odd, good]
    assert [(event.id, event.type, event.node) for event in events] == [
        (3, "node_failed", "a"),
        (None, "", ""),
        (3, "node_failed", "a"),
    ]


def test_what_is_no_unicode_is_repaired_once() -> None:
    """A byte-order mark goes, the other bytes and escapes become U+FFFD, numbers keep their spelling."""
    events = page_in(_response(b'\xef\xbb\xbf{"items":[{"id":1,"m":"\xff\\ud800","n":1.50}]}')).events
    assert [event.text.decode() for event in events] == ['{"id":1,"m":"\ufffd\\ufffd","n":1.50}']
    assert [event.text.decode() for event in _events(b'{"m":"\xc3"}')] == ['{"m":"\ufffd"}']


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "it is empty"),
        (b"<html><p>Bad gateway</html>", "it is not JSON: '<html><p>Bad gat'"),
        (b'{"items":[{"id":1},{"id"', "it is not whole, or not JSON"),
        (b'{"items":[NaN]}', "it is not whole, or not JSON"),
        (b"[1]", "it has no list of items"),
        (b"{}", "it has no list of items"),
        (b'{"items":7}', "it has no list of items"),
        (b'{"items":%b%b}' % (b"[" * 100_000, b"]" * 100_000), "it is nested too deeply"),
    ],
)
def test_a_broken_response_says_why(body: bytes, why: str) -> None:
    """It may be whole the next time. No part of it is used."""
    with pytest.raises(TransientFault) as caught:
        page_in(_response(body))
    assert caught.value.message == f"the response from pe:8143 is broken: {why}"


def test_a_response_of_too_many_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take many times the memory of their text."""
    monkeypatch.setattr(pages, "_FEW", 100)
    monkeypatch.setattr(pages, "_MOST_EVENTS", 100)
    monkeypatch.setattr(pages, "_MOST_OBJECTS", 100)
    monkeypatch.setattr(pages, "_MOST_VALUES", 1000)
    for value, count in (("{}", 200), ("[]", 200), ("1", 2000)):
        with pytest.raises(NoUsableAnswer, match="has too many values"):
            page_in(_response(b'{"items":[%b]}' % ",".join([value] * count).encode()))
    assert len(page_in(_response(json.dumps({"items": [1] * 900}).encode())).events) == 900


@pytest.mark.parametrize(
    ("date", "seconds"), [("Tue, 24 Nov 2026 12:00:00 GMT", 1795521600.0), ("Mon, 01 Jan 9999 00:00:00 GMT", None)]
)
def test_a_page_has_the_time_of_the_response(date: str, seconds: float | None) -> None:
    """In seconds since 1970; None if the server's Date is missing or senseless."""
    response = _response(b'{"items":[]}')
    response.headers = {"date": date}
    assert page_in(response).date == seconds
    assert page_in(_response(b'{"items":[]}')).date is None


def test_jobs_and_nodes_come_with_their_texts() -> None:
    """What is not an object is left out."""
    body = b'{"items": [{"name": "3", "duration": 2.50}, 4, {"n": 1e400}]}'
    assert objects_in(_response(body)) == [
        ({"name": "3", "duration": 2.5}, b'{"name":"3","duration":2.50}'),
        ({"n": 1.7976931348623157e308}, b'{"n":1e400}'),
    ]


def test_a_document_is_an_object() -> None:
    """It comes with its text."""
    assert object_in(_response(b'{"x": 1.0}')) == ({"x": 1.0}, b'{"x":1.0}')
    assert text_in(_response(b'{"x": 1.0}')) == b'{"x":1.0}'
    with pytest.raises(TransientFault, match="it is not a JSON object"):
        object_in(_response(b"[]"))


def test_a_large_result_is_left_to_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a value it would take many times the memory of its text. A small one is like any other member."""
    body = b'{"name":"12","result":["%b"],"x":1}' % (b"y" * 200)
    monkeypatch.setattr(pages, "_LARGE", 100)
    value, text = object_in(_response(body), large="result")
    assert (value, text) == ({"name": "12", "x": 1}, body)
    assert Plan(value, text).result == ["y" * 200]
    monkeypatch.setattr(pages, "_LARGE", 1000)
    assert object_in(_response(body), large="result")[0]["result"] == ["y" * 200]


@pytest.mark.parametrize("value", [[{"certname": "a"}], {}, 7, None])
def test_any_value_can_be_read(value: Any) -> None:
    """PuppetDB returns lists."""
    assert value_in(_response(json.dumps(value).encode())) == value
