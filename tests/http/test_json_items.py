"""Reading an answer while it arrives."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.http import json_elements, json_items
from jobevents_cli.http.json_elements import BrokenResponse, Elements
from jobevents_cli.http.json_items import ListReader
from jobevents_cli.model.event import Event
from jobevents_cli.model.events_together import events_in, ids_of
from jobevents_cli.model.json_text import compact, encoded

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module", autouse=True)
def _long() -> Iterator[None]:
    """Even short responses count as long here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_elements, "_LONG", 0)
        yield


def _elements(reader: ListReader, body: bytes, cuts: list[int]) -> list[Elements]:
    """What *reader* finds in *body*, which comes in pieces that end at *cuts*."""
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [one for begin, end in pairwise(edges) for one in reader.feed(body[begin:end])] + reader.finish()


def _read(body: bytes, cuts: list[int]) -> list[tuple[Any, str]]:
    """The value and the text of each of the elements in *body*."""
    return _pairs(_elements(ListReader(), body, cuts))


def _pairs(elements: list[Elements]) -> list[tuple[Any, str]]:
    return [pair for values, texts in elements for pair in zip(values, texts or (), strict=True)]


@given(
    items=st.lists(values, max_size=5), rest=st.dictionaries(st.text(max_size=4), values, max_size=2), data=st.data()
)
def test_any_answer_cut_anywhere_is_read_the_same(items: list[Any], rest: dict[str, Any], data: st.DataObject) -> None:
    """Wherever the network cuts it and however it is laid out, the elements are those that json.loads finds."""
    rest.pop("items", None)
    document = {**rest, "items": items} if data.draw(st.booleans()) else {"items": items, **rest}
    indent = data.draw(st.sampled_from([None, 2]))
    body = json.dumps(document, indent=indent, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass")
    expected = json.loads(body.decode("utf-8", "replace"))
    cuts = data.draw(st.lists(st.integers(0, 10_000), max_size=6))
    elements = _read(body, cuts)
    assert [value for value, _ in elements] == expected["items"]
    assert [json.loads(text) for _, text in elements] == expected["items"]


TRICKY = st.text('{},"\\:[]n/ \x7f\ud83d\ude00\ud800é', max_size=8) | st.just("},{") | st.just('":')
objects: st.SearchStrategy[Any] = st.recursive(
    st.integers() | TRICKY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TRICKY, inner, max_size=3),
    max_leaves=6,
).map(lambda value: value if isinstance(value, dict) else {"a": value})


@given(
    items=st.lists(
        objects | st.just({"id": 1, "type": "x"}) | st.just({"type": "x", "id": "2"}) | st.just(7), max_size=12
    ),
    between=st.sampled_from([",", ", ", " ,\n  "]),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (", ", " : ")]),
    data=st.data(),
)
def test_elements_read_together_are_those_read_one_by_one(
    items: list[Any], between: str, separators: tuple[str, str], data: st.DataObject
) -> None:
    """Whatever looks like the bound between two of them, in strings or deeper in them; and so are their texts."""
    texts = [json.dumps(item, separators=separators) for item in items]
    body = f'{{"items": [{between.join(texts)}], "more": [{{"a": 1}}, {{"b": 2}}]}}'.encode()
    cuts = data.draw(st.lists(st.integers(0, 10_000), max_size=3))
    assert _read(body, cuts) == [(json.loads(text), compact(text)) for text in texts]
    unread = list(events_in(_elements(ListReader(parses=False), body, cuts)))
    assert [event.text for events in unread for event in events] == [compact(text) for text in texts]
    expected = [Event(json.loads(text)) for text in texts]
    assert [number for events in unread for number in ids_of(events)] == [event.id for event in expected]
    assert [encoded(event.raw) for events in unread for event in events] == [compact(text) for text in texts]


@pytest.mark.parametrize(
    "items",
    [
        ['{"a":1}', '{"b":1,"b":2.0}', '{"c":3}', '{"d":4}'],
        ['{"a":1}', '{"b":[{},{}]}', "5", '{"d":4}', '{"e":5}'],
        ['{"a":1}', r'{"b":"\u007d,{"}', '{"d":4}', '{"e":5}'],
        ['{"a":1}', '{"b":1e2}', '{"d":-0}', f'{{"e":{"1" * 5000}}}', '{"f":5}', '{"g":1.0}'],
    ],
)  # fmt: skip
def test_odd_elements_among_others_are_read_the_same(items: list[str]) -> None:
    """Repeated keys, values that are not objects, escapes that hide a bound, numbers of any length."""
    found = _read(f'{{"items":[{",".join(items)}]}}'.encode(), [])
    assert [text for _, text in found] == [compact(text) for text in items]


def test_most_elements_are_read_together() -> None:
    """The decoder is called a few times for a piece, however many elements it has; pretty-printed ones too."""
    for indent, separators in ((None, (",", ":")), (2, (",", " : "))):
        document = {"items": [{"id": number, "in": {"a": "b"}} for number in range(1000)]}
        body = json.dumps(document, indent=indent, separators=separators).encode()
        reader, calls = ListReader(), 0
        one = reader._decoder.element  # noqa: SLF001 - how often it is needed is the point

        def counted(text: str, begin: int, one: Any = one) -> tuple[Any, str, int]:
            nonlocal calls
            calls += 1
            return one(text, begin)  # type: ignore[no-any-return]

        reader._decoder.element = counted  # type: ignore[method-assign] # noqa: SLF001
        assert len(_pairs(reader.feed(body) + reader.finish())) == 1000
        assert calls < 8


@given(items=st.lists(values, min_size=1, max_size=4), after=st.integers(0, 10_000))
def test_what_came_before_a_break_is_given_out(items: list[Any], after: int) -> None:
    """A body that is cut off gives the elements that were whole, and is told to be cut off, not to be no JSON."""
    body = json.dumps({"items": items, "rest": items}, ensure_ascii=after % 2 == 0).encode("utf-8", "surrogatepass")
    cut = body[: after % len(body)]
    reader = ListReader()
    elements = _pairs(reader.feed(cut))
    expected = json.loads(body.decode("utf-8", "replace"))["items"]
    assert [value for value, _ in elements] == expected[: len(elements)]
    with pytest.raises(BrokenResponse, match=r"it is (cut off|empty)"):
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


@pytest.mark.parametrize(
    "body",
    [
        b'{"items":[],"n":12abc}', b'{"items":[],"n":1e+x}', b'{"items":[],"w":tru }', b'{"items":[{"a": xyz}]}',
        b'{"items":[{"a" 1}]}', b'{"items":[{a:1}]}', b'{"items":["\\x"]}', b'{"items":["a\nb"]}', b'{"items":[1.]}',
    ],
)  # fmt: skip
def test_what_no_text_could_complete_is_no_json(body: bytes) -> None:
    """It is not told to be cut off, and is not kept in the hope of more."""
    with pytest.raises(BrokenResponse, match="it is not JSON"):
        ListReader().feed(body + b" " * 100)


def test_elements_before_bad_text_come_out_first() -> None:
    """Bad text behind good elements costs none of them."""
    reader = ListReader()
    elements = _pairs(reader.feed(b'{"items":[{"a":1}, {"b":2} oops'))
    assert [value for value, _ in elements] == [{"a": 1}, {"b": 2}]
    with pytest.raises(BrokenResponse):
        reader.feed(b"more")


def test_the_last_value_of_a_repeated_key_counts() -> None:
    """As it does for whoever reads the text, which has all of them."""
    text = '{"a":1.0,"b":[{"c":1,"c":1e2}],"a":-0}'
    assert _read(f'{{"items":[{text}]}}'.encode(), []) == [({"a": 0, "b": [{"c": 100.0}]}, text)]


def test_a_colon_in_a_string_is_not_taken_for_a_key() -> None:
    """The text of such an element is made compact, and that is all."""
    text = r'{"a":"\\\"b\":", "c" : "d\\"}'
    assert _read(f'{{"items": [ {text} ] }}'.encode(), [20]) == [(json.loads(text), compact(text))]


def test_a_number_of_thousands_of_digits_is_kept() -> None:
    """Python refuses to convert it: the value is its text, and the source is what came."""
    digits = "9" * 5000
    (element,) = _read(f'{{"items":[{{"id":{digits},"x":1}}]}}'.encode(), [])
    assert element == ({"id": digits, "x": 1}, f'{{"id":{digits},"x":1}}')


@pytest.mark.parametrize("start", [b'{"items":[{"a":"', b'{"other":"', b'{"items":[{"a":[', b'{"'])
def test_an_element_has_a_limit(monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    """One element of the list, one member beside it, one key: beyond the limit the response is broken."""
    monkeypatch.setattr(json_items, "LARGEST_ELEMENT", 10**6)
    with pytest.raises(BrokenResponse, match="larger than 64 MB"):
        _read(start + b"0," * 10**6, list(range(0, 10**6, 10**4)))


def test_the_members_beside_the_list_have_a_limit() -> None:
    """64 MB of small ones would take minutes to read, though little memory."""
    with pytest.raises(BrokenResponse, match="more than 10000 members"):
        _read(b"{" + b'"a":1,' * 20_000, list(range(0, 120_000, 10**4)))


@pytest.mark.parametrize("filling", [b'"a":1,', b" "])
def test_what_is_beside_the_list_has_a_limit(monkeypatch: pytest.MonkeyPatch, filling: bytes) -> None:
    """However small its parts are, and though nothing of it is kept."""
    monkeypatch.setattr(json_items, "LARGEST_ELEMENT", 10**4)
    with pytest.raises(BrokenResponse, match="more than 64 MB beside its list"):
        _read(b"{" + filling * 2 * 10**4, list(range(0, 10**4, 100)))


@pytest.mark.parametrize("filling", ["x", "},", '\\"', "[{}]"])
def test_a_large_element_in_many_pieces_is_not_parsed_again_and_again(filling: str) -> None:
    """The text that is parsed in all is a few times the element's size, whatever is in it."""
    reader, parsed = ListReader(), 0
    decode = reader._decoder.element  # noqa: SLF001 - what it costs is the point

    def counted(text: str, begin: int) -> tuple[Any, str, int]:
        nonlocal parsed
        parsed += len(text) - begin
        return decode(text, begin)

    reader._decoder.element = counted  # type: ignore[method-assign] # noqa: SLF001
    element = json.dumps({"a": filling * (4 * 10**6 // len(filling))})
    body = f'{{"items":[{element},{{"b":1}}]}}'.encode()
    pieces = [body[begin : begin + 2**16] for begin in range(0, len(body), 2**16)]
    elements = [found for piece in pieces for found in reader.feed(piece)] + reader.finish()
    assert [text for _, text in _pairs(elements)] == [compact(element), '{"b":1}']
    assert parsed < 5 * len(body)


def test_a_large_member_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its value is None, the element's text has all of it; wherever the response is cut."""
    monkeypatch.setattr(json_items, "_SCANNED", 20)
    monkeypatch.setattr("jobevents_cli.model.json_text.LARGE_MEMBER", 30)
    items: list[Any] = [{"id": 1}, {"id": 2, "details": {"result": ['["' * 9] * 9}}, {"id": 3, "result": "x"}]
    body = json.dumps({"items": items}).encode()
    expected = [items[0], {"id": 2, "details": {"result": None}}, items[2]]
    for size in range(1, len(body)):
        reader = ListReader(large_member="result")
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        found = _pairs([together for piece in pieces for together in reader.feed(piece)] + reader.finish())
        assert [value for value, _ in found if size < 250] in ([], expected)
        assert [json.loads(text) for _, text in found] == items
    reader = ListReader(large_member="result")
    reader.feed(b'{"items": [{"result": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11')
    with pytest.raises(BrokenResponse, match="JSON"):
        reader.feed(b', 12], "id": oops}]}')
