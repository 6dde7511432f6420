"""Widths, cutting and wrapping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.render.styles import colored, cut, cut_in_middle, fitted, tag_style, width, wrapped

TEXTS = st.text(st.sampled_from("ab -é漢字\u0301"), max_size=40)


@given(TEXTS, st.integers(4, 30))
def test_cut_texts_fit(text: str, columns: int) -> None:
    """A text is cut only if it is too wide, and then says so with `…`."""
    for cutting in (cut, cut_in_middle):
        shown = cutting(text, columns)
        assert width(shown) <= columns
        assert (shown == text) == (width(text) <= columns)
        assert shown == text or "…" in shown


def test_the_middle_goes_first() -> None:
    """Names that share their end and their beginning stay different."""
    assert cut("web01.example.com", 10) == "web01.exa…"
    assert cut_in_middle("web01.prod.example.com", 11) == "web01…e.com"
    assert cut_in_middle("abcdef", 1) == "…"


@given(st.lists(TEXTS, max_size=5), st.integers(4, 30))
def test_fitted_spans_fit(texts: list[str], columns: int) -> None:
    """Spans are cut at the edge, wherever that falls, with the mark of what was cut."""
    spans = [(text, "bold") for text in texts]
    shown = "".join(text for text, _ in fitted(spans, columns))
    assert width(shown) <= columns
    assert shown == "".join(texts) or shown.endswith("…")


@given(TEXTS, st.integers(4, 30), st.integers(0, 30))
def test_wrapped_rows_fit_and_lose_nothing(text: str, room: int, first: int) -> None:
    """Each row fits; put together again the words are all there."""
    rows = wrapped(text, room, min(first, room))
    assert all(width(row) <= room for row in rows[1:])
    assert width(rows[0]) <= max(min(first, room), 0) or not rows[0].strip()
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")


def test_rows_break_between_words() -> None:
    """Only a word wider than a row is broken."""
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("one two three", 7, 3) == ["one", "two", "three"]
    assert wrapped("abcdefghij klm", 4) == ["abcd", "efgh", "ij", "klm"]
    assert wrapped("fits", 10) == ["fits"]
    assert wrapped("next row", 10, 2) == ["", "next row"]


@pytest.mark.parametrize("number", range(10))
def test_the_colours_are_readable_on_black_and_on_white(number: int) -> None:
    """The colour of each job has a contrast of at least 3.5 to 1 with both (WCAG 2's formula)."""
    code = int(tag_style(number)) - 16
    steps = (0, 95, 135, 175, 215, 255)
    red, green, blue = (_linear(steps[level]) for level in (code // 36, code // 6 % 6, code % 6))
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert (light + 0.05) / 0.05 >= 3.5
    assert 1.05 / (light + 0.05) >= 3.5


def _linear(value: int) -> float:
    part = value / 255
    return part / 12.92 if part <= 0.03928 else float(((part + 0.055) / 1.055) ** 2.4)


def test_a_style_is_codes_around_the_text() -> None:
    """Words and numbers of a style become codes; no style, no codes."""
    assert colored("x", "bold red") == "\x1b[1;31mx\x1b[0m"
    assert colored("x", "31") == "\x1b[38;5;31mx\x1b[0m"
    assert colored("x", "") == "x"
