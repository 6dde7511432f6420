"""The token that authenticates a request, and where it comes from."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from jobevents_cli.config.redaction import hide
from jobevents_cli.config.user_file import expanded, read_user_file
from jobevents_cli.errors import LOGIN_HINT, AccessDenied

if TYPE_CHECKING:
    from pathlib import Path


_LONGEST_TOKEN: Final = 4096  # the server accepts 8 KiB of headers in all


class Token:
    """The secret that authenticates us. *description* says where it is from and never what it is."""

    def __init__(self, value: str, description: str, path: Path | None = None) -> None:
        self.value = _checked(value, description)
        self.description = description
        self._path = path

    @classmethod
    def from_file(cls, name: str, origin: str) -> Token:
        """The token in the file *name*, which *origin* names. AccessDenied if there is none."""
        path = expanded(name, origin)
        try:
            value = _text(read_user_file(path))
        except FileNotFoundError:
            raise AccessDenied(f"there is no token: {path} ({origin}) does not exist", hint=LOGIN_HINT) from None
        except OSError as error:
            raise AccessDenied(
                f"the token file {path} ({origin}) cannot be read: {error.strerror}", hint=LOGIN_HINT
            ) from None
        return cls(value, f"the token in {path}", path)

    @property
    def is_renewable(self) -> bool:
        """Whether another token may appear where this one is from."""
        return self._path is not None

    @property
    def warning(self) -> str | None:
        """What is wrong with the file's permissions, in a sentence."""
        if self._path is None or os.name != "posix":
            return None
        with suppress(OSError):
            mode = stat.S_IMODE(self._path.stat().st_mode)
            if mode & (stat.S_IRGRP | stat.S_IROTH):
                return f"others can read the token file {self._path} (mode {mode:04o}): chmod 600 {self._path}"
        return None

    def reread(self) -> bool:
        """Read the file again; True if it now holds another usable token."""
        if self._path is None:
            return False
        try:
            value = _checked(_text(read_user_file(self._path, wait=0)), self.description)
        except (OSError, AccessDenied):
            return False
        changed = value != self.value
        self.value = value
        return changed


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "\0"  # no token


def _checked(text: str, description: str) -> str:
    value = text.strip()
    if not value:
        raise AccessDenied(f"{description} is empty", hint=LOGIN_HINT)
    if len(value) > _LONGEST_TOKEN or not value.isascii() or not value.isprintable() or " " in value:
        raise AccessDenied(f"{description} is not a token: a token is one word of plain characters", hint=LOGIN_HINT)
    hide(value)
    return value
