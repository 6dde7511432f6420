"""Writes the files that the program keeps: readable only by their owner, replaced as a whole or not at all."""

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

from jobevents_cli.config.redaction import redact_text


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


def replace_file(path: Path, text: str, *, is_durable: bool = False) -> None:
    """Put *text* into *path*, mode 0600, without the token. If *path* is a symlink, the file it points to is replaced.

    *is_durable*: wait until the text is on the disk, so that also a power failure leaves the old or the new file.

    OSError, or ValueError for text that is not Unicode, if that fails: *path* is then unchanged.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is not a file")  # root could replace /dev/null
    draft = draft_of(target)
    text = redact_text(text)
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            if is_durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(target)
    except (OSError, ValueError):
        with suppress(OSError):
            draft.unlink()
        raise
