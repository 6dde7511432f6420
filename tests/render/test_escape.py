"""Remote text never controls a terminal."""

import importlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.render import escape
from jobevents_cli.render.escape import safe, safe_lines, safe_row

DANGEROUS = ("Cc", "Cs", "Zl", "Zp")


@given(st.text())
def test_safe_text_is_one_line_without_controls(text: str) -> None:
    """Control characters, lone surrogates and line separators become escapes; everything else stays."""
    shown = safe(text)
    assert not [character for character in shown if unicodedata.category(character) in DANGEROUS]
    assert len(shown.splitlines()) <= 1


def test_what_is_escaped_can_be_read() -> None:
    """Line breaks and tabs have their short escapes, bidirectional controls their number."""
    assert safe("a\tb\r\nc\x1b[2J\x9b\u202e\udc80") == "a\\tb\\r\\nc\\x1b[2J\\x9b\\u202e\\udc80"
    assert safe("[bold]kept[/bold] \\n ヶ") == "[bold]kept[/bold] \\n ヶ"


def test_lines_keep_their_breaks() -> None:
    """Every kind of line break ends a line; tabs become spaces, blank ends go."""
    assert safe_lines("a\r\n\tb  \rc\n\nd\x1b\n\n") == ["a", "        b", "c", "", "d\\x1b"]
    assert safe_lines("") == [""]


@pytest.mark.parametrize("variable", ["GITHUB_ACTIONS", "TF_BUILD"])
def test_a_ci_system_finds_no_command(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """GitHub obeys `::` where a row begins with it, Azure `##vso[` anywhere; Puppet's class names stay readable."""
    texts = (
        "::add-mask::e",
        "  ::error::x",
        "a ##vso[task.setvariable]b",
        "##[error]x",
        "Class ::profile::web",
        "#[x]",
    )
    assert [safe_row(text) for text in texts] == list(texts)
    with monkeypatch.context() as context:
        context.setenv(variable, "true")
        importlib.reload(escape)
        rows = escape.safe_lines("\n".join(texts))
        within = escape.safe("::profile::web ##vso[x]")
    importlib.reload(escape)
    assert rows == [
        "\\x3a:add-mask::e",
        "  \\x3a:error::x",
        "a \\x23#vso[task.setvariable]b",
        "\\x23#[error]x",
        "Class ::profile::web",
        "#[x]",
    ]
    assert within == "::profile::web \\x23#vso[x]"
