"""The token that authenticates a request, and where it comes from."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final, Protocol

from jobevents_cli.errors import (
    LOGIN_HINT,
    AccessDenied,
)


class TokenSource(Protocol):
    """What the client needs of a token."""

    value: str
    description: str

    @property
    def is_renewable(self) -> bool:
        """Whether another token may appear where this one is from."""

    def reread(self) -> bool:
        """Look for another token; True where there is one now."""


_LONGEST_TOKEN: Final = 4096  # the server takes 8 KiB of headers in all


class Token:
    """The secret that lets us in. *description* says where it is from and never what it is."""

    def __init__(self, value: str, description: str, path: Path | None = None) -> None:
        self.value = _checked(value, description)
        self.description = description
        self._path = path

    @classmethod
    def from_file(cls, name: str, origin: str) -> Token:
        """The token in file *name*, which was named by *origin*."""
        path = Path(name).expanduser()
        try:
            value = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise AccessDenied(f"there is no token: {path} ({origin}) does not exist", hint=LOGIN_HINT) from None
        except UnicodeDecodeError:
            value = "\0"
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
        mode = stat.S_IMODE(self._path.stat().st_mode)
        if mode & (stat.S_IRGRP | stat.S_IROTH):
            return f"others can read the token file {self._path} (mode {mode:04o}): chmod 600 {self._path}"
        return None

    def reread(self) -> bool:
        """Read the file anew; True where another usable token stands in it now."""
        if self._path is None:
            return False
        try:
            value = _checked(self._path.read_text(encoding="utf-8-sig"), self.description)
        except (OSError, UnicodeDecodeError, AccessDenied):
            return False
        changed = value != self.value
        self.value = value
        return changed


def _checked(text: str, description: str) -> str:
    value = text.strip()
    if not value:
        raise AccessDenied(f"{description} is empty", hint=LOGIN_HINT)
    if len(value) > _LONGEST_TOKEN or not value.isascii() or not value.isprintable() or " " in value:
        raise AccessDenied(f"{description} is no token: not one word of plain characters", hint=LOGIN_HINT)
    return value
