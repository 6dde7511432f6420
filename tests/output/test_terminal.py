"""What a stream can do: its colours, its encoding and its size."""

import io
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from jobevents_cli.output.terminal import (
    console_for,
    is_same_terminal,
    is_terminal,
    shows_symbols,
    size_of,
    wants_color,
)


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


def test_symbols_need_an_encoding_and_a_locale_that_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that does not name its encoding takes UTF-8. Python writes UTF-8 in the locales C and POSIX, too."""
    utf8 = io.TextIOWrapper(io.BytesIO(), "utf-8")
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert shows_symbols(utf8)
    assert not shows_symbols(io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert shows_symbols(None)
    monkeypatch.setenv("LANG", "C")
    monkeypatch.setenv("LC_CTYPE", "C.UTF-8")  # what Python itself sets where LANG says C
    assert not shows_symbols(utf8)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert shows_symbols(utf8)
    monkeypatch.setenv("LC_ALL", "POSIX")
    assert not shows_symbols(utf8)


def test_colours_are_those_of_the_terminal(terminal: TextIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich decides how many there are, not whether there are any: to Rich, FORCE_COLOR=0 means yes."""
    monkeypatch.delenv("COLORTERM", raising=False)
    assert console_for("auto", terminal).color_system == "standard"
    monkeypatch.setenv("TERM", "xterm-256color")
    assert console_for("auto", terminal).color_system == "256"
    monkeypatch.setenv("FORCE_COLOR", "0")
    monkeypatch.setenv("COLUMNS", "²")
    assert console_for("auto", io.StringIO()).color_system is None
    assert console_for("always", None).color_system == "256"


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
