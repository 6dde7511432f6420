"""Writes the files that the program keeps: readable for their owner alone, replaced as a whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path


def make_private_folder(folder: Path) -> None:
    """Make *folder*, 0700, with what is above it; OSError where that fails."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def draft_of(path: Path) -> Path:
    """The file that this process writes before it takes the place of *path*."""
    return path.with_name(f"{path.name}.{os.getpid()}.new")


def replace_file(path: Path, text: str) -> None:
    """Put *text* into *path*, 0600. OSError where that fails: then *path* is as it was."""
    draft = draft_of(path)
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
