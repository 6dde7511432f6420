"""Regular expressions mean the same on every Python that is supported."""

import ast
import re
from pathlib import Path

import jobevents_cli

SOURCE = Path(jobevents_cli.__file__).parent
POSSESSIVE = re.compile(r"[*+?}]\+|\(\?>")


def test_no_pattern_is_possessive_or_atomic() -> None:
    """Both match otherwise on Python 3.11.2, Debian 12's own, than on any other (CPython gh-106052)."""
    texts = [
        (path.name, node.value)
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(texts) > 1000
    assert [(name, text) for name, text in texts if POSSESSIVE.search(text)] == []
    assert POSSESSIVE.search(r"[^a]*+b")
