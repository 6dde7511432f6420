"""Widths, cutting and breaking of texts."""

from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.render.styles import cut, flowed, width, wrapped

TEXTS = st.text(st.sampled_from("ab -é漢字\u0301"), max_size=60)


@given(TEXTS, st.integers(4, 30))
def test_cut_texts_fit(text: str, columns: int) -> None:
    """A text is cut only if it is too wide, and then says so with `…`."""
    shown = cut(text, columns)
    assert width(shown) <= columns
    assert (shown == text) == (width(text) <= columns)
    assert shown == text or shown.endswith("…")


@given(TEXTS, st.integers(4, 30))
def test_rows_fit_and_words_stay_whole(text: str, room: int) -> None:
    """Only a row with nothing but a word that is longer than a row is wider; put together again nothing is lost."""
    rows = wrapped(text, room)
    assert not [row for row in rows if width(row) > room and " " in row]
    assert " ".join(rows).split() == text.split()


def test_rows_break_between_words() -> None:
    """A word wider than a row is not broken: a terminal that does so copies it whole."""
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("see https://pe.example.com now", 7) == ["see", "https://pe.example.com", "now"]
    assert wrapped("fits", 10) == ["fits"]
    assert wrapped("abcdefghij klm http://ab", 4, breaks=True) == ["abcd", "efgh", "ij", "klm", "http://ab"]


def test_a_text_continues_at_its_column() -> None:
    """Where 30 columns are left for it; it goes below if fewer are left, or if a word needs more than there are."""
    text = "one two three four five six seven eight"
    assert flowed(text, 10, 80, 8) == [(10, text)]
    assert flowed(text, 10, 40, 8) == [(10, "one two three four five six"), (10, "seven eight")]
    assert flowed(text, 11, 40, 8) == [(8, ""), (10, "one two three four five six"), (10, "seven eight")]
    assert flowed("one two", 20, 40, 22) == [(22, "one two")]
    assert flowed(text, 20, 50, 22) == [(22, ""), (20, "one two three four five six"), (20, "seven eight")]
    address = f"https://{'x' * 40}"
    assert flowed(f"see {address}", 40, 80, 30) == [(30, ""), (10, f"see {address}")]
    assert flowed(f"see {address}", 10, 40, 9) == [(9, ""), (10, "see"), (0, address)]
