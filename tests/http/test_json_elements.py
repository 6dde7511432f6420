"""The elements of a list, parsed one by one or many at once."""

import json

import pytest

from jobevents_cli.http.json_elements import BrokenResponse, ElementDecoder


def test_texts_that_nobody_wants_are_not_kept() -> None:
    """The values are the same."""
    decoder = ElementDecoder(keeps_texts=False)
    assert decoder.objects('[{"a":1},{"b":2}]') == ([{"a": 1}, {"b": 2}], None)
    assert decoder.elements(*decoder.element('{"a":1}', 0)[:2]) == ([{"a": 1}], None)


@pytest.mark.parametrize("shape", ['{"a":%s1%s}', '{"a":%s1%s},{"b":"},{"}'])
def test_what_python_could_not_parse_is_not_taken_together(monkeypatch: pytest.MonkeyPatch, shape: str) -> None:
    """SQLite accepts deeper nesting. Whoever reads element by element finds the fault, if it is one for this Python."""
    monkeypatch.setattr("jobevents_cli.http.json_elements._LONG", 0)
    for levels, is_read in ((700, True), (1100, False)):
        listed = f"[{shape % ('[' * levels, ']' * levels)},{{}}]"
        assert (ElementDecoder(parses=False).objects(listed) is not None) is is_read


def test_values_that_nobody_wants_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """In long responses, unless it is hard to see where an element ends. The texts are the same."""
    decoder = ElementDecoder(parses=False)
    for limit, values in ((100, [{"a": 1}, {"b": 2}]), (0, [])):
        monkeypatch.setattr("jobevents_cli.http.json_elements._LONG", limit)
        together = decoder.objects('[{"a": 1}, {"b":2}]')
        assert together is not None
        assert (together.values, list(together.texts or ())) == (values, ['{"a":1}', '{"b":2}'])
    assert decoder.objects('[{"a":[{},{}]}]') == ([{"a": [{}, {}]}], ['{"a":[{},{}]}'])


def test_many_objects_have_the_texts_that_each_has_alone() -> None:
    """Also if one of them has a string that looks like a bound."""
    objects = ['{"a": 1.0}', '{"b" : 1}', '{"c":"},{"}', "{}"]
    decoder = ElementDecoder()
    together = decoder.objects(f"[{', '.join(objects)}]")
    assert together is not None
    assert together.values == [json.loads(text) for text in objects]
    assert list(together.texts or ()) == ['{"a":1.0}', '{"b":1}', '{"c":"},{"}', "{}"]


@pytest.mark.parametrize(
    "listed", ['[{"a":1},7]', '[{"a":1}],[{"b":1}]', '[{"a":1},', '[{"a":NaN}]', "[{" + '"a":[' * 10**5]
)
def test_what_is_not_a_list_of_objects_is_taken_one_by_one(listed: str) -> None:
    """Only then is it known what comes before the fault."""
    assert ElementDecoder().objects(listed) is None


def test_a_constant_that_is_not_json_is_refused() -> None:
    """Python's decoder accepts NaN and Infinity."""
    with pytest.raises(BrokenResponse, match="NaN is not JSON"):
        ElementDecoder().element('{"a":NaN}', 0)


def test_a_long_element_is_made_compact_the_same() -> None:
    """By SQLite, because that takes less memory."""
    decoder = ElementDecoder()
    source = '{"a" : [' + ", ".join(["1.0", r'"\u0041 \" x"'] * 5000) + "]}"
    expected = '{"a":[' + ",".join(["1.0", r'"A \" x"'] * 5000) + "]}"
    assert decoder.elements(*decoder.element(source, 0)[:2]).texts == [expected]
