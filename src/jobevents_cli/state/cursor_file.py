"""Keeps on disk where `tail --resume` of a job stands: private, replaced atomically, one writer at a time."""

import json
import os
import re
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from jobevents_cli.errors import UsageProblem
from jobevents_cli.following.position import Cursor
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.state.private_files import make_private_folder, replace_file

FORGET_AFTER: Final = 60 * 86_400
"""Seconds after which a cursor nobody used is cleared away: orchestrators forget jobs after 30 days."""


_TOO_LARGE: Final = 2**63


class CursorFile:
    """The cursor of one job on one orchestrator. This process alone writes it, from construction on."""

    def __init__(self, url: str, job: JobRef | str, folder: Path | None = None) -> None:
        """Lock the cursor of *job*, or of `all` jobs together, at *url*.

        It is kept in *folder*, by default platformdirs' state folder.
        """
        self._url = url
        self._job = job
        self._warned = False
        folder = folder or _state_folder()
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", url.split("://", 1)[-1])
        kept_as = job if isinstance(job, str) else job.number if job.kind is Kind.JOB else f"plan-{job.number}"
        self.path = folder / f"{name}-{kept_as}.json"
        try:
            make_private_folder(folder)
            self._lock = os.open(folder / f"{name}-{kept_as}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UsageProblem(
                f"--resume cannot keep its place in {folder}: {error.strerror}",
                hint="follow without --resume, or set XDG_STATE_HOME to a folder that can be written",
            ) from None
        try:
            _lock(self._lock)
        except OSError:
            os.close(self._lock)
            raise UsageProblem(
                f"another `jobevents tail {_argument(job)} --resume` is running on this machine"
            ) from None
        _clear_away_old(folder)

    def close(self) -> None:
        """Let others have the cursor."""
        os.close(self._lock)

    def load(self) -> Cursor | None:
        """What was saved last; None where nothing was. UsageProblem where the file is damaged."""
        try:
            return _cursor(json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageProblem(f"the cursor file {self.path} cannot be read: {error.strerror}") from None
        except (ValueError, TypeError, KeyError):
            raise UsageProblem(
                f"the cursor file {self.path} is damaged, and was left as it is",
                hint=f"remove it to begin anew, or say where to go on: jobevents tail {self._job} --start ID",
            ) from None

    def save(self, cursor: Cursor) -> str | None:
        """Replace the file; a warning, once, where that fails: the file then stays as it was."""
        document = {
            "orchestrator": self._url,
            "job": self._job.number if isinstance(self._job, JobRef) and self._job.kind is Kind.JOB else str(self._job),
            "low": cursor.low,
            "above": cursor.above,
            "counts": cursor.counts,
            "newest_timestamp": cursor.newest_timestamp,
            "unordered": cursor.unordered,
            "changed": cursor.changed,
        }
        try:
            replace_file(self.path, json.dumps(document))
        except OSError as error:
            if self._warned:
                return None
            self._warned = True
            return f"where to resume cannot be saved in {self.path}: {error.strerror}; --resume would repeat events"
        return None


def _argument(job: JobRef | str) -> str:
    return "--all" if job == "all" else str(job)


def _state_folder() -> Path:
    from platformdirs import user_state_path

    return user_state_path("jobevents", appauthor=False) / "cursors"


def _cursor(document: Any) -> Cursor:
    low, above, counts = document["low"], document["above"], document["counts"]
    newest = document["newest_timestamp"]
    # Version 0.1.0 wrote neither of these two.
    unordered, changed = document.get("unordered", []), document.get("changed", 0)
    numbers = [low, *above, *counts.values(), *unordered, changed]
    if any(type(number) is not int or abs(number) >= _TOO_LARGE for number in numbers) or not isinstance(newest, str):
        raise TypeError
    return Cursor(low, tuple(above), dict(counts), newest, tuple(unordered), changed)


def _lock(handle: int) -> None:
    """Lock the open file *handle* until this process ends; OSError where another has it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _clear_away_old(folder: Path) -> None:
    oldest = time.time() - FORGET_AFTER
    for path in folder.iterdir():
        with suppress(OSError):
            if path.suffix in (".json", ".lock", ".new") and path.stat().st_mtime < oldest:
                path.unlink()
