"""Reading an answer while it arrives."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobevents_cli.http.json_items import BrokenResponse, ListReader
from jobevents_cli.render.json_line import encoded

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _read(body: bytes, cuts: list[int]) -> tuple[list[Any], dict[str, Any]]:
    reader = ListReader()
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    elements = [value for begin, end in pairwise(edges) for value in reader.feed(body[begin:end])]
    return elements + reader.finish(), reader.rest


@given(
    items=st.lists(values, max_size=5), rest=st.dictionaries(st.text(max_size=4), values, max_size=2), data=st.data()
)
@settings(max_examples=300, deadline=None)
def test_any_answer_cut_anywhere_is_read_the_same(items: list[Any], rest: dict[str, Any], data: st.DataObject) -> None:
    """Wherever the network cuts it and however it is laid out, the elements are those that json.loads finds."""
    rest.pop("items", None)
    document = {**rest, "items": items} if data.draw(st.booleans()) else {"items": items, **rest}
    indent = data.draw(st.sampled_from([None, 2]))
    body = json.dumps(document, indent=indent, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass")
    expected = json.loads(body.decode("utf-8", "replace"))
    cuts = data.draw(st.lists(st.integers(0, 10_000), max_size=6))
    assert _read(body, cuts) == (expected.pop("items"), expected)


@given(items=st.lists(values, min_size=1, max_size=4), after=st.integers(0, 10_000))
@settings(max_examples=200, deadline=None)
def test_what_came_before_a_break_is_given_out(items: list[Any], after: int) -> None:
    """A body that is cut off gives the elements that were whole, and is told to be broken."""
    body = json.dumps({"items": items}).encode()
    cut = body[: after % len(body)]
    reader = ListReader()
    elements = reader.feed(cut)
    assert elements == items[: len(elements)]
    with pytest.raises(BrokenResponse):
        reader.finish()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"[]", b"{}", b"nul", b'{"items":{}}', b'{"items":[1,]}', b'{"items":[]}}', b'{"items":[1 2]}',
        b'{"items":[NaN]}', b'{"items":[Infinity]}', b'{"other":1}', b'{"items":' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_answer_is_broken(body: bytes) -> None:
    """What is not an object with the list in it is never taken for one."""
    with pytest.raises(BrokenResponse):
        _read(body, [])


def test_elements_before_bad_text_come_out_first() -> None:
    """Bad text behind good elements costs none of them."""
    reader = ListReader()
    assert reader.feed(b'{"items":[{"a":1}, {"b":2} oops') == [{"a": 1}, {"b": 2}]
    with pytest.raises(BrokenResponse):
        reader.feed(b"more")


@given(value=values)
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_what_was_read(value: Any) -> None:
    """A line of JSON holds the value that came, on a terminal too, where nothing in it can be obeyed."""
    line = encoded(value)
    assert b"\n" not in line
    shown = encoded(value, on_terminal=True).decode()
    assert not any(0x7F <= ord(character) < 0xA0 or character == "\u202e" for character in shown)
    if "\ud800" not in json.dumps(value, ensure_ascii=False, default=str):
        assert json.loads(shown) == json.loads(line)
