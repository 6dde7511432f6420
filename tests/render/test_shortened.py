"""Long events are shortened between two characters, and marked."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.events import event_of

from jobevents_cli.forward.lines import ForwardedLines
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.render.shortened import shortened

TEXTS = ("message", "_output", "output", "stdout", "stderr", "msg")
texts = st.text(max_size=60)
inner = st.recursive(
    st.one_of(texts, st.integers(), st.none()),
    lambda values: st.one_of(
        st.lists(values, max_size=3), st.dictionaries(st.sampled_from([*TEXTS, "node", "x"]), values, max_size=4)
    ),
    max_leaves=12,
)
events = st.fixed_dictionaries({"type": st.just("node_failed"), "message": texts, "details": inner})


@given(raw=events, most=st.integers(1, 700))
def test_only_texts_are_cut_and_no_more_than_needed(raw: dict[str, Any], most: int) -> None:
    """What is kept is the start of each text; all else stays; the result fits if the texts allow it."""
    short = shortened(raw, most)
    if len(_json(raw)) <= most:
        assert short == raw
        return
    assert list(short)[-1] == "truncated"
    assert short.pop("truncated") is True
    emptied = len(_json({**_emptied(raw), "truncated": True}))
    assert len(_json({**short, "truncated": True})) <= max(most, emptied)
    _check_starts(raw, short)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("\x7f", "\\u007f").encode()


def _emptied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "" if key in TEXTS and isinstance(value[key], str) else _emptied(value[key]) for key in value}
    return [_emptied(one) for one in value] if isinstance(value, list) else value


def _check_starts(whole: Any, short: Any, key: str = "") -> None:
    if isinstance(whole, dict):
        assert list(whole) == list(short)
        for name in whole:
            _check_starts(whole[name], short[name], name)
    elif isinstance(whole, list):
        assert len(whole) == len(short)
        for one, other in zip(whole, short, strict=True):
            _check_starts(one, other)
    elif isinstance(whole, str) and key in TEXTS:
        assert whole.startswith(short)
    else:
        assert whole == short


def test_the_longest_text_is_cut_first() -> None:
    """A short message stays whole beside a long output."""
    short = shortened({"message": "brief", "details": {"stdout": "x" * 1000}}, 200)
    assert short["message"] == "brief"
    assert len(_json(short)) == 200


def test_a_key_truncated_of_its_own_gives_way() -> None:
    """The mark is the last key, and ours."""
    short = shortened({"truncated": "no", "message": "x" * 100}, 50)
    assert list(short.items())[-1] == ("truncated", True)
    assert list(short) == ["message", "truncated"]


def test_the_line_with_its_tag_fits() -> None:
    """The bytes count for the whole line, without its end."""
    event = event_of({"type": "node_failed", "message": "é" * 500, "id": "7"})
    (line,) = ForwardedLines(None, 120).lines([event], JobRef.job(352))
    assert line is not None
    assert 118 <= len(line) - 1 <= 120
    assert line.startswith(b'{"job":"352","type":')


def test_what_is_no_object_stays() -> None:
    """A list or a text among the events has nothing to shorten."""
    assert shortened(["x" * 100], 10) == ["x" * 100]
