"""The texts of objects that came together."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobevents_cli.model.joined_objects import JoinedObjects
from jobevents_cli.model.json_text import compact, key_count

TRICKY = st.text('{},"\\:[]n/ \x7fé', max_size=8) | st.sampled_from(["},{", '":', '": '])
OBJECTS: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.dictionaries(TRICKY, TRICKY | st.integers() | st.lists(st.dictionaries(TRICKY, TRICKY, max_size=2))), min_size=1
)


def _one_by_one(source: str) -> list[str]:
    """The texts of the objects in *source*, found by parsing each."""
    decode, at, texts = json.JSONDecoder().raw_decode, 0, []
    while at >= 0:
        _, end = decode(source, at)
        texts.append(compact(source[at:end]))
        at = source.find("{", end)
    return texts


def _joined(objects: list[dict[str, Any]], **layout: Any) -> JoinedObjects:
    source = json.dumps(objects, **layout).strip()[1:-1].strip()
    return JoinedObjects(source, len(objects), key_count(source), _one_by_one)


@example(objects=[{"a": 1}, {"b": 2}], layout={"indent": 2}, first=True)
@example(objects=[{"a": "},{"}, {}], layout={"separators": (",", ":")}, first=True)
@example(objects=[{"a": "},{"}, {}], layout={}, first=False)
@given(objects=OBJECTS, layout=st.sampled_from([{"separators": (",", ":")}, {}, {"indent": 2}]), first=st.booleans())
def test_lines_and_texts_are_those_of_each_object(
    objects: list[dict[str, Any]], layout: dict[str, Any], *, first: bool
) -> None:
    """However they were laid out, whatever looks like a bound or a key, and in whatever order they are wanted."""
    expected = [compact(json.dumps(one)) for one in objects]
    joined = _joined(objects, **layout)
    if first:
        assert joined.lines() == "".join(f"{text}\n" for text in expected)
    assert (list(joined), len(joined), joined[0], joined[:1]) == (expected, len(expected), expected[0], expected[:1])
    assert joined.lines() == "".join(f"{text}\n" for text in expected)


@pytest.mark.parametrize("source", ['{"a":1,"a":2},{"b":3}', '{"a": 1, "a": 2}, {"b": 3}'])
def test_an_object_that_may_repeat_a_key_is_taken_alone(source: str) -> None:
    """It has fewer keys than there are in the source: what to do then is known to whoever parsed it."""
    joined = JoinedObjects(source, 2, 2, lambda given: [given, "the last value"])
    assert joined.lines() == f"{source}\nthe last value\n"
    assert list(joined) == [source, "the last value"]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        (r'{"x": 1, "y" : "p\": q"},{"x": 2, "y" : "p\": q"}', [r'{"x":1,"y":"p\": q"}', r'{"x":2,"y":"p\": q"}']),
        ('{"x": 1, "y" : ": q"},{"x": 2}', ['{"x":1,"y":": q"}', '{"x":2}']),
    ],
)
def test_a_string_that_looks_like_a_key_keeps_its_spaces(source: str, texts: list[str]) -> None:
    """Also where a space before the colon of a real key makes the two counts equal."""
    assert list(JoinedObjects(source, 2, key_count(source), _one_by_one)) == texts
