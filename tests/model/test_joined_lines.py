"""Lines in one piece of text or bytes."""

from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.model.joined_lines import JoinedLines


@given(lines=st.lists(st.binary(max_size=4).map(lambda line: line.replace(b"\n", b""))), with_breaks=st.booleans())
def test_each_line_can_be_had_alone(lines: list[bytes], *, with_breaks: bool) -> None:
    """They are what was joined, other characters that break lines included; and all together are the data."""
    data = b"".join(line + b"\n" for line in lines)
    joined = JoinedLines(data, len(lines), with_breaks=with_breaks)
    expected = [line + b"\n" for line in lines] if with_breaks else lines
    assert (joined.data, list(joined), len(joined)) == (data, expected, len(lines))
    assert [joined[place] for place in range(len(lines))] == expected
    assert joined[1:3] == expected[1:3]


def test_text_is_split_at_line_breaks_alone() -> None:
    """Python knows other characters that end a line; JSON strings contain them."""
    assert list(JoinedLines("a\u2028b\x1cc\nd\n", 2, with_breaks=False)) == ["a\u2028b\x1cc", "d"]
