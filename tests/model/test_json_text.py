"""JSON as text: white space goes, the spelling stays; what is no Unicode is repaired."""

import json
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobevents_cli.model.json_text import NOT_JSON, compact, encoded, is_unicode, parsed, repaired, without_key

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(value=JSON, indent=st.none() | st.integers(0, 3), ascii_only=st.booleans())
def test_white_space_goes_and_nothing_else(value: object, indent: int | None, *, ascii_only: bool) -> None:
    """However the server lays its JSON out, and however it escapes."""
    plain = json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    loose = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert compact(loose) == compact(plain) == plain


def test_spelling_stays() -> None:
    """Numbers, escapes and repeated keys."""
    text = rb'{"a":1.50,"b":[-0,1E400,0.10e-3],"a":"\u00e9\/\u001B","n":%b}' % (b"9" * 5000)
    assert compact(text.replace(b",", b" ,\r\n\t")) == text


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@given(values=st.lists(JSON, min_size=1, max_size=30))
@settings(max_examples=10)
def test_a_line_has_the_value_that_jq_sees(values: list[Any]) -> None:
    """For integers of up to 15 digits, which jq does not round."""
    lines = [compact(json.dumps(value).encode()) for value in values]
    seen = subprocess.run(["jq", "-c", "."], input=b"\n".join(lines), capture_output=True, check=True).stdout
    assert [json.loads(line) for line in seen.decode().removesuffix("\n").split("\n")] == values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a":1.5}', {"a": 1.5}),
        (b"1e400", 1.7976931348623157e308),
        (b"-1e400", -1.7976931348623157e308),
        (b"1" * 400, int("1" * 400)),
        (b"9" * 5000, "9" * 5000),
        (b'{"id":7,"n":%b}' % (b"9" * 5000), {"id": 7, "n": "9" * 5000}),
    ],
)
def test_a_number_always_has_a_value(text: bytes, value: object) -> None:
    """One that is too large for a float is the largest there is; one of thousands of digits is their text."""
    assert parsed(text) == value


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b"[1,]", b"<html>", b"[" * 100_000, b'"\\ud800"', b"1e400x"])
def test_what_is_not_json_is_refused(text: bytes) -> None:
    """Whether a value or its compact text is wanted."""
    for read in (parsed, compact):
        with pytest.raises(NOT_JSON):
            read(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'"a\xffb"', "a\ufffdb"),
        (b'{"\xc3":1}', {"\ufffd": 1}),
        (rb'"\ud800"', "\ufffd"),
        (rb'"\udc00x"', "\ufffdx"),
        (rb'"\ud800\u0041"', "\ufffdA"),
        (rb'"\ud83d\ude00"', "\N{GRINNING FACE}"),
        (rb'"\ud800\ud83d\ude00"', "\ufffd\N{GRINNING FACE}"),
        (rb'"\ud83d\ude00\ude00"', "\N{GRINNING FACE}\ufffd"),
        (rb'"\\ud800"', r"\ud800"),
        (rb'"\\\ud800"', "\\\ufffd"),
        (rb'["\uD800",1.50]', ["\ufffd", 1.5]),
    ],
)
def test_what_is_no_unicode_is_replaced(text: bytes, value: object) -> None:
    """A byte-order mark goes; bytes that are no UTF-8 and half characters become U+FFFD; the rest stays."""
    assert parsed(repaired(text)) == value
    assert compact(repaired(text)) == repaired(text)


@given(text=st.text(st.characters(exclude_categories=["Cs"])), cut=st.integers(0, 3))
def test_utf8_is_recognised(text: str, cut: int) -> None:
    """A character that is cut is none."""
    data = text.encode()
    part = data[: len(data) - cut]
    assert is_unicode(data)
    assert is_unicode(part) == (part.decode(errors="ignore").encode() == part)


def test_utf8_is_recognised_across_pieces() -> None:
    """Large texts are decoded in pieces, which may end within a character."""
    data = b"x" + "é".encode() * 2**20
    assert is_unicode(data)
    assert repaired(data) == data
    assert not is_unicode(data + b"\xc3")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (b'{"job":7}', b"{}"),
        (b'{"b":1.0,"job":"7","a":1e2}', b'{"b":1.0,"a":1e2}'),
        (b'{"a":{"job":2}}', b'{"a":{"job":2}}'),
        (b'{"a":"\\"job\\":"}', b'{"a":"\\"job\\":"}'),
        (b'{"\\u006aob":7,"x":[1.50]}', b'{"x":[1.50]}'),
        (b"{}", b"{}"),
    ],
)
def test_an_object_without_a_key(text: bytes, rest: bytes) -> None:
    """The other keys stay in their order, with their values as they were spelled."""
    assert without_key(text, "job") == rest


def test_values_are_written_compactly() -> None:
    """In UTF-8, with integers of any length."""
    assert encoded({"a": [1, None, True, "é"], "n": 10**30}) == '{"a":[1,null,true,"é"],"n":1%s}'.encode() % (b"0" * 30)
