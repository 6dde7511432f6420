"""The elements of a list, parsed one by one or many at once."""

import json

import pytest

from jobevents_cli.http.json_elements import BrokenResponse, ElementDecoder


def test_texts_that_nobody_wants_are_not_kept() -> None:
    """The values are the same."""
    decoder = ElementDecoder(keeps_texts=False)
    assert decoder.objects('[{"a":1},{"b":2}]') == ([{"a": 1}, {"b": 2}], None)
    assert decoder.elements(*decoder.element('{"a":1,"a":2}', 0)[:2]) == ([{"a": 2}], None)


def test_many_objects_have_the_texts_that_each_has_alone() -> None:
    """Also if one of them repeats a key, or has a string that looks like a bound."""
    objects = ['{"a": 1.0}', '{"b" : 1, "b":2}', '{"c":"},{"}', "{}"]
    decoder = ElementDecoder()
    together = decoder.objects(f"[{', '.join(objects)}]")
    assert together is not None
    assert together.values == [json.loads(text) for text in objects]
    assert list(together.texts or ()) == ['{"a":1.0}', '{"b":2}', '{"c":"},{"}', "{}"]


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


def test_a_repeated_key_is_noticed_whatever_is_before_its_colon() -> None:
    """The last value counts, as for jq."""
    decoder = ElementDecoder()
    assert decoder.elements(*decoder.element('{"a" : 1, "a":2}', 0)[:2]) == ([{"a": 2}], ['{"a":2}'])
