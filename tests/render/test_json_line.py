"""A line of JSON per event: as it came, or with a tag in front; safe on a terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.json_text import compact
from jobevents_cli.render.json_line import JsonLines

JOB, PLAN = JobRef.job(352), JobRef.plan(12)


def _line(text: str, ref: JobRef = JOB, *, tagged: bool = False, on_terminal: bool = False) -> str:
    line = JsonLines(on_terminal=on_terminal, tagged=tagged).line(compact(text.encode()), ref)
    assert line.endswith(b"\n")
    return line.decode().removesuffix("\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"id":"3","n":1.0,"m":-0,"e":1e2}', '{"id":"3","n":1.0,"m":-0,"e":1e2}'),
        ('{"id": "3", "n": 1.0}', '{"id":"3","n":1.0}'),
        ('{\n  "id" : "3",\n  "a" : [ ]\n}', '{"id":"3","a":[]}'),
        (r'{"m":"\u001B[1m\/\u00e9"}', r'{"m":"\u001B[1m\/\u00e9"}'),
        ('{"m":"\x7f\x9b"}', '{"m":"\x7f\x9b"}'),
        ("7", "7"),
    ],
)
def test_an_event_is_printed_as_it_came(text: str, line: str) -> None:
    """Compact, with its numbers and escapes as they were spelled."""
    assert _line(text) == line


@pytest.mark.parametrize(
    ("text", "ref", "line"),
    [
        ('{"id":1.0}', JOB, '{"job":"352","id":1.0}'),
        ('{"id":1.0}', PLAN, '{"plan":"12","id":1.0}'),
        ("{ }", JOB, '{"job":"352"}'),
        ('{"id":1.0,"job":7,"x":-0}', JOB, '{"job":"352","id":1.0,"x":-0}'),
        ('{"job":7}', JOB, '{"job":"352"}'),
        ('{"job":7}', PLAN, '{"plan":"12","job":7}'),
        ('{"a":{"job":7}}', JOB, '{"job":"352","a":{"job":7}}'),
        ("[1.0]", JOB, '{"job":"352","event":[1.0]}'),
    ],
)
def test_a_tag_is_the_first_key(text: str, ref: JobRef, line: str) -> None:
    """An event's own key of that name gives way; what is not an object is put into one."""
    assert _line(text, ref, tagged=True) == line


@given(text=st.text())
def test_nothing_on_a_terminal_can_be_obeyed(text: str) -> None:
    """Controls and bidirectional marks are escapes there, which mean the same JSON value."""
    source = json.dumps({"m": text}, ensure_ascii=False).encode("utf-8", "replace").decode()
    shown = _line(source, on_terminal=True)
    assert not any(0x7F <= ord(character) < 0xA0 or character in "\u061c\u202e\u2066" for character in shown)
    assert json.loads(shown) == json.loads(_line(source))
