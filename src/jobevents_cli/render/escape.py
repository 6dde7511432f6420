"""Makes text from servers safe to show: it can control neither a terminal nor the CI system that reads the log."""

import os
import re
from typing import Final

_IS_IN_CI: Final = bool(os.environ.get("GITHUB_ACTIONS") or os.environ.get("TF_BUILD"))
"""Whether the log is read by GitHub Actions or Azure Pipelines, which take some texts for commands."""

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    "\u2028\u2029\ud800-\udfff]" + (r"|#(?=#(?i:vso)?\[)" if _IS_IN_CI else "")  # line separators; lone surrogates
)
_COMMAND: Final = re.compile(r"\s*(:):")
"""What makes a row a command of GitHub's."""

_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
LINE_END: Final = re.compile("\r\n|\n|\r")


def safe(text: str) -> str:
    """Return *text* on one line, with every character that could control a terminal shown as an escape."""
    is_plain = text.isascii() and text.isprintable() and not _IS_IN_CI
    return text if is_plain else _UNSAFE.sub(_escaped, text)


def safe_row(text: str) -> str:
    """Return *text*, with which a row begins, made safe: in the log of a CI system it is no command either."""
    text = safe(text)
    if _IS_IN_CI and (command := _COMMAND.match(text)):
        return f"{text[: command.start(1)]}\\x3a{text[command.end(1) :]}"
    return text


def safe_lines(text: str) -> list[str]:
    """Return the lines of *text*, each one safe as a row; tabs become spaces, and blank ends are dropped."""
    return [safe_row(line.expandtabs().rstrip()) for line in LINE_END.split(text.rstrip())]


def is_linkable(link: str) -> bool:
    """Whether *link*, made safe, may become a hyperlink.

    Other schemes can run a program, and an address with an escape in it is not what the server sent.
    """
    return link.startswith(("https://", "http://")) and "\\" not in link


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")  # noqa: PLR2004
