"""Lines that were made together."""

from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.render.joined_lines import JoinedLines


@given(lines=st.lists(st.binary(max_size=4).map(lambda line: line.replace(b"\n", b"") + b"\n")))
def test_each_line_can_be_had_alone(lines: list[bytes]) -> None:
    """They are what was joined, other characters that break lines included; and all together are the data."""
    joined = JoinedLines(b"".join(lines), len(lines))
    assert (joined.data, list(joined), len(joined)) == (b"".join(lines), lines, len(lines))
    assert [joined[place] for place in range(len(lines))] == lines
    assert joined[1:3] == lines[1:3]
