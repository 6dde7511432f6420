"""Saved events: tags, repeats, and every file that is not one."""

import io
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.errors import UsageProblem
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.store import saved_events
from jobevents_cli.store.saved_events import read_saved

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
JOB, PLAN = JobRef.job(352), JobRef.plan(12)


@pytest.fixture(name="saved")
def _saved(tmp_path: Path) -> Any:
    def save(*lines: bytes | str) -> str:
        path = tmp_path / "events.jsonl"
        path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
        return str(path)

    return save


def _read(name: str) -> list[tuple[JobRef | None, Any]]:
    return [(ref, event.raw) for ref, event in read_saved(name)]


def test_events_without_a_tag_belong_to_one_job_without_a_number(saved: Any) -> None:
    """What `list 352 --json` wrote names no job."""
    name = saved('{"id":"1","type":"node_running"}', '{"id":2,"type":"node_finished"}', "")
    assert [(ref, event.id, event.type) for ref, event in read_saved(name)] == [
        (None, 1, "node_running"),
        (None, 2, "node_finished"),
    ]


def test_a_tag_is_recognised_and_removed(saved: Any) -> None:
    """`job` or `plan` as the first key names the job; the event and its text are as the orchestrator sent them."""
    name = saved('{"job":"352","id":"1","x":1.0}', '{"plan":"12","id":"1"}', '{ "job" : "352" , "id":2}', '{"job":"7"}')
    assert [(ref, event.raw, event.text) for ref, event in read_saved(name)] == [
        (JOB, {"id": "1", "x": 1.0}, b'{"id":"1","x":1.0}'),
        (PLAN, {"id": "1"}, b'{"id":"1"}'),
        (JOB, {"id": 2}, b'{"id":2}'),
        (JobRef.job(7), {}, b"{}"),
    ]


@pytest.mark.parametrize(
    "line",
    ['{"id":1,"job":"352"}', '{"job":352,"id":1}', '{"job":"x","id":1}', '{"job":"99999999999999999999","id":1}'],
)
def test_a_key_that_is_no_tag_stays(saved: Any, line: str) -> None:
    """A tag is the first key and holds digits."""
    assert _read(saved(line)) == [(None, json.loads(line))]


def test_repeats_are_dropped_by_kind_job_and_id(saved: Any) -> None:
    """What `forward` delivered twice is one event; the same id of another job or of a plan is another."""
    lines = [
        '{"job":"1","id":"5"}',
        '{"job":"1","id":5}',
        '{"job":"2","id":"5"}',
        '{"plan":"1","id":"5"}',
        '{"id":"5"}',
    ]
    assert [(ref, event.id) for ref, event in read_saved(saved(*lines, *lines))] == [
        (JobRef.job(1), 5),
        (JobRef.job(2), 5),
        (JobRef.plan(1), 5),
        (None, 5),
    ]


def test_events_without_an_id_are_all_kept(saved: Any) -> None:
    """Nothing says that two equal events without an id are one."""
    assert len(_read(saved('{"plan":"1","type":"plan_end"}', '{"plan":"1","type":"plan_end"}'))) == 2


@pytest.mark.parametrize(
    "line", ["{", "not JSON", '{"id":1}}', '{"id":NaN}', "\x00{}", '{"id":1} {"id":2}', "{'id':1}"]
)
def test_a_line_that_is_not_json_is_named_by_its_number(saved: Any, line: str) -> None:
    """Blank lines count, and the events before the line come first."""
    events = read_saved(saved('{"id":1}', "", line, '{"id":3}'))
    assert next(events)[1].id == 1
    with pytest.raises(UsageProblem, match=r"events\.jsonl: line 3 is not JSON"):
        next(events)


@pytest.mark.parametrize("line", ["5", '"text"', "[1]", "null", '{"items":[{"id":2},"odd"]}'])
def test_other_json_is_refused(saved: Any, line: str) -> None:
    """What is neither an event nor a list of events is none, and the error names its line."""
    with pytest.raises(UsageProblem, match="line 2 is neither an event nor a list"):
        _read(saved('{"id":1}', line))


@pytest.mark.parametrize(
    "document",
    [
        '{"items":[{"id":1},{"id":2}],"next-events":{}}',
        '[{"id":1},{"id":2}]',
        '{\n  "items": [\n    {"id": 1},\n    {"id": 2}\n  ]\n}',
        '[\n  {"id": 1},\n  {"id": 2}\n]',
    ],
)
def test_a_document_of_the_api(saved: Any, document: str) -> None:
    """A list of events may be saved on one line or on several, and beside events of their own line."""
    assert _read(saved(document)) == [(None, {"id": 1}), (None, {"id": 2})]
    if "\n" not in document:
        assert _read(saved('{"id":3}', document)) == [(None, {"id": 3}), (None, {"id": 1}), (None, {"id": 2})]


def test_an_event_with_a_key_of_that_name_is_an_event(saved: Any) -> None:
    """`items` that are no list, or not the event's own, mean nothing."""
    events = ['{"items":7,"id":1}', '{"details":{"items":[]},"id":2}']
    assert [value for _, value in _read(saved(*events))] == [json.loads(event) for event in events]


def test_line_ends_and_marks_of_other_systems(saved: Any) -> None:
    """CRLF, a byte order mark, blank lines and broken characters are no obstacle."""
    name = saved(b"\xef\xbb\xbf" + b'{"id":1}\r', b"   ", b'{"id":2,"message":"\xff"}\r', b"")
    assert _read(name) == [(None, {"id": 1}), (None, {"id": 2, "message": "\N{REPLACEMENT CHARACTER}"})]


def test_blank_lines_cost_nothing_and_count(tmp_path: Path) -> None:
    """Millions of them are read past within a second; the lines after them have their own numbers."""
    path = tmp_path / "events"
    path.write_bytes(b"\n" * 40_000_000 + b"  \t\r\n" * 1000 + b' {"id":1}\n\n \n' + b" " * 10_000 + b"\nno\n")
    events = read_saved(str(path))
    since = time.monotonic()
    assert next(events)[1].id == 1
    assert time.monotonic() - since < 5
    with pytest.raises(UsageProblem, match="line 40001005 is not JSON"):
        next(events)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_named(saved: Any, codec: str) -> None:
    """It is what PowerShell 5 makes of redirected output."""
    with pytest.raises(UsageProblem, match="line 1 is UTF-16"):
        _read(saved(("\ufeff" + '{"id":1}').encode(codec)))


def test_a_line_without_an_end(saved: Any) -> None:
    """The last line needs no line break."""
    assert _read(saved('{"id":1}')) == [(None, {"id": 1})]


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    """A missing file and a folder are usage problems that name it."""
    path = str(tmp_path / name)
    with pytest.raises(UsageProblem, match="--from"):
        next(read_saved(path))


def test_a_line_has_a_longest_size(saved: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that does not end is not read whole."""
    monkeypatch.setattr(saved_events, "LONGEST_LINE", 100)
    events = read_saved(saved('{"id":1}', b"x" * 1000))
    next(events)
    with pytest.raises(UsageProblem, match="line 2 is longer than"):
        next(events)


def test_absurd_numbers_and_depths(saved: Any) -> None:
    """Numbers that Python cannot hold are values too; nesting that it cannot follow is an error."""
    ((_, raw),) = _read(saved(f'{{"a":1e999,"b":-1e999,"c":{"9" * 5000}}}'))
    assert raw == {"a": 1.7976931348623157e308, "b": -1.7976931348623157e308, "c": "9" * 5000}
    with pytest.raises(UsageProblem, match="line 1 is nested too deeply"):
        next(read_saved(saved("[" * 200_000)))


def test_standard_input_is_read_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` yields an event as soon as its line is there, however long the next one takes."""
    source, sink = os.pipe()
    with os.fdopen(source, "rb") as readable, os.fdopen(sink, "wb", buffering=0) as writable:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(readable))
        events = read_saved("-")
        writable.write(b'{"job":"352","id":1}\n')
        assert next(events)[0] == JOB
        writable.write(b'{"id":2}\n')
        writable.close()
        assert [event.id for _, event in events] == [2]


def test_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed standard input is a usage problem."""
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UsageProblem, match="no standard input"):
        next(read_saved("-"))


@given(values=st.lists(st.dictionaries(st.sampled_from(["a", "b", "type", "message"]), JSON), max_size=3))
def test_what_was_written_is_read_again(values: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tagged and untagged lines give the values back, whatever is in them."""
    path = tmp_path_factory.mktemp("saved") / "events"
    lines = [json.dumps(value) + "\n" + json.dumps({"job": "352", **value}) + "\n" for value in values]
    path.write_text("".join(lines))
    assert _read(str(path)) == [pair for value in values for pair in ((None, value), (JOB, value))]
