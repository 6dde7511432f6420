"""JSON checked and made compact by SQLite."""

import json
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobevents_cli.http.minifier import Minifier
from jobevents_cli.model.json_text import compact

MINIFIER = Minifier()
BASE = r'[{"type":"x", "n": -0.5e+3,"s":"q\\"},{\\\\\u00e9 ","d":null},{"id" :1E5,"f":[true, false]}]'
CHARACTERS = "{}[]\",:\\ \t\n\r\x0b\x0c\0\x01\x1f\x7fabetfnul0123456789+-.eEuxX/*'NI\xe9\ufeff\u2028$"


def _is_json(text: str) -> bool:
    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        json.loads(text, parse_constant=refuse, parse_int=str, parse_float=str)
    except ValueError:
        return False
    return True


@example(edits=[(0, len(BASE), "[NaN]")])
@example(edits=[(0, len(BASE), "[01]")])
@example(edits=[(0, len(BASE), "[1]\0x")])
@example(edits=[(0, len(BASE), "{a:1}")])
@example(edits=[(0, len(BASE), '["\x01"]')])
@example(edits=[(0, len(BASE), "[1,]")])
@given(
    edits=st.lists(st.tuples(st.integers(0, len(BASE)), st.integers(0, 2), st.text(CHARACTERS, max_size=2)), max_size=3)
)
def test_what_is_valid_is_what_python_accepts(edits: list[tuple[int, int, str]]) -> None:
    """Nothing more and nothing less; and white space is all that changes."""
    text = BASE
    for begin, dropped, put in edits:
        text = text[:begin] + put + text[begin + dropped :]
    tight = MINIFIER.value(text)
    assert (tight is not None) == _is_json(text)
    if tight is not None:
        assert compact(tight) == compact(text)
        assert json.loads(tight, parse_int=str, parse_float=str) == json.loads(text, parse_int=str, parse_float=str)


@pytest.mark.parametrize(
    ("text", "objects"),
    [
        ('[ {"a" : 1.0, "a":-0} , {} ]', ('[{"a":1.0,"a":-0},{}]', 2)),
        ("[]", None),
        ('[{"a":1}, 2]', None),
        ('{"a":{}}', None),
        ('[{"a":1}', None),
        ('[{"a":1}]\0', None),
        ('["\ud800"]', None),
    ],
)
def test_a_list_of_objects_is_counted(text: str, objects: tuple[str, int] | None) -> None:
    """Whatever is anything else is left to those who read element by element."""
    assert Minifier().objects(text) == objects


def test_without_sqlite_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python can be built without it."""
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    minifier: Any = Minifier()
    assert minifier.value("[1]") is minifier.objects("[{}]") is None
