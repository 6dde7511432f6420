"""Redact tokens from everything that leaves the program: stdout, stderr, files, what a command is given.

Whoever reads a token hands it to `hide`. Whatever writes calls `redact`. The clients also redact what servers send, so
that a token in it is gone before a text is shortened.
"""

from typing import Final, TypeVar

_BLANK: Final = "(the token)"

_SHORTEST: Final = 8
"""Characters of a token that do not occur by chance: a shorter one is not looked for."""

_hidden: dict[str, bytes] = {}
"""Every token that this process has read: one that was renewed may still be valid."""

Data = TypeVar("Data", bytes, bytearray)


def hide(token: str) -> None:
    """Redact *token*, which is ASCII, from now on."""
    if len(token) >= _SHORTEST:
        _hidden[token] = token.encode()


def redact(data: Data) -> Data:
    """Return *data* without tokens."""
    for token in _hidden.values():
        if token in data:
            data = data.replace(token, _BLANK.encode())
    return data


def redact_text(text: str) -> str:
    """Return *text* without tokens."""
    for token in _hidden:
        text = text.replace(token, _BLANK)
    return text
