"""Makes text from servers safe to show: it can never control a terminal."""

import re
from typing import Final

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    "\u2028\u2029\ud800-\udfff]"  # line separators; lone surrogates
)
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
LINE_END: Final = re.compile("\r\n|\n|\r")


def safe(text: str) -> str:
    """Return *text* on one line, with every character that could control a terminal shown as an escape."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(_escaped, text)


def safe_lines(text: str) -> list[str]:
    """Return the lines of *text*, each one safe; tabs become spaces, and blank ends are dropped."""
    return [safe(line.expandtabs().rstrip()) for line in LINE_END.split(text.rstrip())]


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")  # noqa: PLR2004
