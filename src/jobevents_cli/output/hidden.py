"""Keeps the token out of everything that is printed, even if a server sends it back among its data."""

from collections.abc import Callable, Sequence
from typing import Final

_LONG_ENOUGH: Final = 8
"""Shorter tokens are not hidden: they occur in data by chance, and protect nothing."""

_hidden: list[Callable[[], str]] = []


def hide(secret: Callable[[], str]) -> None:
    """Never print what *secret* returns from now on. It is called at each output: a token can be renewed."""
    _hidden.append(secret)


def without_secrets(data: bytes) -> bytes:
    """*data* with every hidden secret blanked."""
    for token in _tokens():
        if token in data:
            data = _blanked(data, token)
    return data


def lines_without_secrets(lines: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """*lines*, some of which may be missing, with every hidden secret blanked."""
    from jobevents_cli.model.joined_lines import JoinedLines

    if isinstance(lines, JoinedLines):
        return JoinedLines(without_secrets(lines.data), len(lines), with_breaks=True)
    for token in _tokens():
        if any(token in line for line in lines if line):
            lines = [line and _blanked(line, token) for line in lines]
    return lines


def _blanked(data: bytes, token: bytes) -> bytes:
    from jobevents_cli.http.secrets import BLANK

    return data.replace(token, BLANK.encode())


def _tokens() -> list[bytes]:
    tokens = (secret().encode() for secret in _hidden)
    return [token for token in tokens if len(token) >= _LONG_ENOUGH]
