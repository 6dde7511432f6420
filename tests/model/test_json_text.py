"""JSON text made compact: equal to what jq writes, but for the spelling of numbers."""

import json
import shutil
import subprocess
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobevents_cli.model.json_text import (
    SpelledFloat,
    ValueScanner,
    compact,
    encoded,
    integer,
    parsed,
    without_key,
    without_large_member,
)

NUMBERS = st.sampled_from(["0", "-0", "1", "1.0", "1e2", "1E+2", "-1.50", "1e400", "9" * 30, "1" * 5000, "0.1e-7"])
TEXTS = st.text(max_size=8) | st.text('"\\/ :,{}[]\n\t\x7f\x00\x9b\ud83d\ude00\ud800é', max_size=12)
SPACE = st.text(" \n\r\t", max_size=3)


@st.composite
def json_texts(draw: st.DrawFn, numbers: st.SearchStrategy[str] = NUMBERS, depth: int = 3) -> tuple[str, str]:
    """A JSON value twice: compact, its strings written plainly; and laid out in some other way."""
    space = draw(SPACE)
    kinds = ["word", "number", "string"] + (["list", "object"] if depth else [])
    match draw(st.sampled_from(kinds)):
        case "word":
            word = draw(st.sampled_from(["true", "false", "null"]))
            return word, word
        case "number":
            number = draw(numbers)
            return number, number
        case "string":
            return draw(_strings())
        case "list":
            values = draw(st.lists(json_texts(numbers, depth - 1), max_size=3))
            plain = ",".join(value for value, _ in values)
            loose = f"{space},{space}".join(value for _, value in values)
            return f"[{plain}]", f"[{space}{loose}{space}]"
        case _:
            keys = draw(st.lists(_strings(), max_size=3, unique_by=lambda key: key[0]))
            members = [(key, draw(json_texts(numbers, depth - 1))) for key in keys]
            plain = ",".join(f"{key[0]}:{value[0]}" for key, value in members)
            loose = f"{space},{space}".join(f"{key[1]}{space}:{space}{value[1]}" for key, value in members)
            return f"{{{plain}}}", f"{{{space}{loose}{space}}}"


@st.composite
def _strings(draw: st.DrawFn) -> tuple[str, str]:
    # Surrogates that make a pair are one character.
    text = draw(TEXTS).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    forms = [json.dumps(text), json.dumps(text).replace("/", "\\/")]
    if not _has_surrogates(text):
        forms.append(json.dumps(text, ensure_ascii=False))
    if all(ord(character) < 0x10000 for character in text):
        forms.append('"' + "".join(f"\\u{ord(character):04X}" for character in text) + '"')
    return encoded(text), draw(st.sampled_from(forms))


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _spelled(text: str) -> Any:
    return json.loads(text, parse_int=str, parse_float=str)


@given(texts=json_texts())
def test_both_paths_print_the_same(texts: tuple[str, str]) -> None:
    """However a value is laid out and escaped: the same line, which a second pass leaves alone."""
    plain, loose = texts
    assert compact(loose) == plain
    assert compact(plain) == plain


@given(texts=json_texts())
def test_a_line_is_the_value_that_came(texts: tuple[str, str]) -> None:
    """With numbers read as text, a line equals its source, lone surrogates apart; it is one line."""
    loose = texts[1]
    line = compact(loose)
    line.encode()
    assert not set(line) & {"\n", "\r", "\t", "\x7f"}
    if "\ufffd" not in line:
        assert _spelled(line) == _spelled(loose)


@given(texts=json_texts())
def test_values_without_text_are_written_the_same(texts: tuple[str, str]) -> None:
    """A parsed value keeps the spelling of what Python would write otherwise."""
    plain, loose = texts
    if "1111" not in plain and "-0" not in plain:
        assert encoded(json.loads(loose, parse_float=SpelledFloat)) == plain


INTEGERS = st.integers(-(10**15) + 1, 10**15 - 1).map(str)


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@given(texts=st.lists(json_texts(INTEGERS), min_size=1, max_size=30))
@settings(max_examples=10)
def test_a_line_is_what_jq_writes(texts: list[tuple[str, str]]) -> None:
    """For integers of up to 15 digits, which jq does not round."""
    texts = [text for text in texts if "\ufffd" not in text[0]]  # jq 1.6 refuses half a pair of surrogates
    loose = "\n".join(text for _, text in texts).encode()
    lines = subprocess.run(["jq", "-c", "."], input=loose, capture_output=True, check=True).stdout.decode().split("\n")
    assert [compact(text) for _, text in texts] == lines[:-1]


def test_repeated_keys_stay() -> None:
    """Whoever reads the line takes the last value, as jq does."""
    assert compact('{"a" : 1, "b": {"c":1.0, "c":-0}, "a":2}') == '{"a":1,"b":{"c":1.0,"c":-0},"a":2}'


def test_compact_text_comes_back_as_it_is() -> None:
    """That is the usual case, and it costs no copy."""
    text = '{"id":"3","message":"Finished puppet run on a - Success! ","n":1.0}'
    assert compact(text) is text


def test_a_number_is_never_infinite() -> None:
    """What is too large for Python is the largest number there is, spelled as it came."""
    number = SpelledFloat("-1e400")
    assert (number, number.spelling) == (-1.7976931348623157e308, "-1e400")


def test_a_deep_value_is_written() -> None:
    """Deeper than Python's own recursion goes."""
    value: Any = []
    for _ in range(900):
        value = [value]
    assert encoded(value) == "[" * 901 + "]" * 901


_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.text() | st.integers() | st.booleans(), lambda child: st.lists(child) | st.dictionaries(st.text(), child)
)


@given(_VALUES, st.data())
def test_the_end_of_a_value_is_found_in_any_pieces(value: object, data: st.DataObject) -> None:
    """Whatever the value holds and wherever its text is cut, its end is where the parser sees it."""
    text = json.dumps([value], ensure_ascii=data.draw(st.booleans()))
    whole = text + data.draw(st.sampled_from(["", ",", "]", ', {"a": "b"}']))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    scanner, done = ValueScanner(), 0
    for begin, end in pairwise([0, *cuts, len(whole)]):
        found = scanner.end_in(whole[begin:end])
        if found is not None:
            assert done + found == len(text)
            return
        done += end - begin
    assert done < len(text)


def test_a_large_member_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the named member, only if it is large; strings that look like it are no members."""
    monkeypatch.setattr("jobevents_cli.model.json_text.LARGE_MEMBER", 10)
    large = json.dumps({"text": '"result": "x', "result": ["]" * 20, {"a": "\\"}], "id": 1})
    assert json.loads(without_large_member(large, "result")) == {"text": '"result": "x', "result": None, "id": 1}
    for small in ('{"result": "short", "more": "0123456789"}', '{"other": "0123456789abcdef"}'):
        assert without_large_member(small, "result") is small


def test_long_integers_stay_text() -> None:
    """Python refuses to convert thousands of digits."""
    assert integer("12") == 12
    assert integer("9" * 5000) == "9" * 5000


def test_an_object_without_a_key() -> None:
    """The other keys stay in their order, repeated ones too, numbers in their spelling; a missing key is no error."""
    assert without_key('{"a":1,"job":{},"a":{"job":2,"job":3},"job":4}', "job") == '{"a":1,"a":{"job":2,"job":3}}'
    assert without_key("{}", "job") == "{}"
    deep = f'"a":{"[" * 600}{"]" * 600}'
    assert without_key(f'{{"job":7,{deep}}}', "job") == f"{{{deep}}}"
    assert without_key('{"job":"7","b":1.0,"a":1e2}', "job") == '{"b":1.0,"a":1e2}'
    assert without_key('{"b":1.0}', "job") == '{"b":1.0}'


def test_backslashes_are_counted_across_pieces() -> None:
    """A quote behind two of them ends the string, wherever the text is cut."""
    scanner = ValueScanner()
    assert [scanner.end_in(piece) for piece in ('"a', "\\", "\\", '"')] == [None, None, None, 1]


def test_parsed_numbers_can_be_written_again() -> None:
    """Those of any length and spelling; what is not JSON is a ValueError."""
    text = f'{{"a":1.50,"b":{"9" * 5000},"c":[-0.0]}}'
    value = parsed(text)
    assert (value["a"], value["b"], encoded(value["a"])) == (1.5, "9" * 5000, "1.50")
    with pytest.raises(ValueError, match="Expecting"):
        parsed("{")
