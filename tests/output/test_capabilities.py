"""What a stream can do: its colours, its encoding and its size."""

import io
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from jobevents_cli.output.capabilities import can_encode, is_same_terminal, is_terminal, size_of, wants_color


@pytest.fixture(name="terminal")
def _terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """A pseudo-terminal, in an environment that says nothing about colours."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = os.openpty()
    with os.fdopen(ours, "wb"), os.fdopen(theirs, "w") as stream:
        yield stream


def test_a_terminal_is_coloured_unless_the_environment_forbids_it(
    terminal: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_COLOR wins over FORCE_COLOR, and the option wins over both."""
    assert wants_color("auto", terminal)
    assert not wants_color("auto", io.StringIO())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert wants_color("auto", io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_color("auto", terminal)
    assert wants_color("always", io.StringIO())
    assert not wants_color("never", terminal)


def test_a_dumb_terminal_and_a_closed_stream_are_no_terminals(
    terminal: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is a stream that the program was started without."""
    closed = io.StringIO()
    closed.close()
    assert is_terminal(terminal)
    assert not is_terminal(closed)
    assert not is_terminal(None)
    monkeypatch.setenv("TERM", "dumb")
    assert not is_terminal(terminal)


def test_symbols_need_an_encoding_that_has_them() -> None:
    """A stream that does not name its encoding takes UTF-8."""
    assert can_encode("✔", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert not can_encode("✔", io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert can_encode("✔", None)


def test_without_a_terminal_the_environment_gives_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """An absurd size counts as none."""
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("LINES", "20")
    assert size_of(None) == (50, 20)
    monkeypatch.setenv("COLUMNS", "1000000")
    assert size_of(None) == (80, 24)


def test_a_terminal_is_the_same_as_itself_alone(terminal: TextIO) -> None:
    """A second terminal, a file and a missing stream are others."""
    ours, theirs = os.openpty()
    with os.fdopen(ours, "wb"), os.fdopen(theirs, "w") as other:
        assert is_same_terminal(terminal, terminal)
        assert not is_same_terminal(terminal, other)
    assert not is_same_terminal(terminal, io.StringIO())
    assert not is_same_terminal(None, terminal)
