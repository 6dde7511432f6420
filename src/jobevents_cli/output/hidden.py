"""Keeps the token out of everything that is printed, even if a server sends it back among its data."""

from collections.abc import Callable, Sequence
from typing import Final

from jobevents_cli.http.secrets import BLANK

_LONG_ENOUGH: Final = 8
"""Characters from which on a token is hidden: a shorter one occurs in data by chance, and protects nothing."""

_hidden: list[Callable[[], str]] = []


def hide(secret: Callable[[], str]) -> None:
    """Never print what *secret* returns from now on. It is called at each output: a token can be renewed."""
    _hidden.append(secret)


def without_secrets(data: bytes) -> bytes:
    """*data* with every hidden secret blanked."""
    for secret in _hidden:
        token = secret().encode()
        if len(token) >= _LONG_ENOUGH and token in data:
            data = data.replace(token, BLANK.encode())
    return data


def lines_without_secrets(lines: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """*lines*, some of which may be missing, with every hidden secret blanked."""
    joined = b"".join(filter(None, lines))
    return lines if without_secrets(joined) is joined else [line and without_secrets(line) for line in lines]
