"""Writes the files that the program keeps: readable only by their owner, replaced as a whole or not at all."""

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from jobevents_cli.config.redaction import redact

_PRIVATE: Final = 0o600


def own_folder(kind: Literal["config", "state", "cache"]) -> Path | None:
    """The user's folder for files of that *kind*; None if there is no home directory to keep it in."""
    import platformdirs

    folder: Path
    try:
        folder = getattr(platformdirs, f"user_{kind}_path")("jobevents", appauthor=False)
    except RuntimeError:
        return None
    return folder if folder.is_absolute() else None


def make_private_folder(folder: Path) -> None:
    """Make *folder* and the folders above it, each with mode 0700. OSError if that fails."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def draft_of(path: Path) -> Path:
    """The file that this process writes before it takes the place of *path*."""
    return path.with_name(f"{path.name}.{os.getpid()}.new")


def replace_file(path: Path, content: str | Iterable[bytes], *, mode: int = _PRIVATE) -> None:
    """Put *content*, a text or pieces, into *path*, without the token. A symlink's file is replaced.

    OSError, ValueError for text that is not Unicode, or what making the pieces raises: *path* is then unchanged.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is not a file")  # root could replace /dev/null
    draft = draft_of(target)
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
        with os.fdopen(handle, "wb") as file:
            for piece in [content.encode()] if isinstance(content, str) else content:
                file.write(redact(piece))
            if mode != _PRIVATE:
                draft.chmod(mode)
        draft.replace(target)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
