"""Saves where `tail --resume` of a job continues: in a private file, replaced atomically, one writer at a time."""

import errno
import json
import os
import re
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar, overload

from jobevents_cli.config.private_files import make_private_folder, own_folder, replace_file
from jobevents_cli.config.user_file import read_user_file
from jobevents_cli.errors import UsageProblem
from jobevents_cli.following.position import Cursor
from jobevents_cli.model.job_ref import JobRef, Kind

Value = TypeVar("Value")

FORGET_AFTER: Final = 60 * 86_400
"""Seconds after which a cursor that nobody used is deleted: orchestrators forget jobs after 30 days."""

_LARGEST: Final = 16 * 1024 * 1024
_TOO_LARGE: Final = 2**63

_SHARE: Final = 2**29
"""The lock file has so many bytes for jobs, then as many for plans and for other names. Windows locks only 2 GB."""


class CursorFolder:
    """The cursors of one orchestrator. One open file holds the locks of all of them, however many there are."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        """Open the cursors of the orchestrator at *url*, in *folder*, by default in the user's state folder.

        UsageProblem if the folder cannot be used.
        """
        self._url = url
        self._prefix = re.sub(r"[^A-Za-z0-9.-]+", "_", url.split("://", 1)[-1])
        self._held: set[int] = set()
        state = own_folder("state")
        if folder is None and state is None:
            raise UsageProblem(
                "--resume has nowhere to keep its cursor: no home directory is known",
                hint="follow without --resume, or set XDG_STATE_HOME to a folder that can be written",
            )
        self.path = folder or (state or Path()) / "cursors"
        try:
            make_private_folder(self.path)
            self._locks = os.open(self.path / f"{self._prefix}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UsageProblem(
                f"--resume cannot keep its cursor in {self.path}: {error.strerror}", hint=_hint(error)
            ) from None
        self._has_tidied = False

    def cursor(self, job: JobRef | str) -> "CursorFile":
        """The cursor of *job*, or of another name, such as `all` for all jobs together.

        Only this process writes it until it is closed. UsageProblem if another process has it.
        """
        place = _place_of(job)
        try:
            if place in self._held:
                raise BlockingIOError
            _lock(self._locks, place)
        except OSError:
            raise UsageProblem(
                f"another `jobevents tail {_argument(job)} --resume` is running on this machine"
            ) from None
        self._held.add(place)
        if not self._has_tidied:
            self._has_tidied = True
            self._delete_old()
        kept_as = job if isinstance(job, str) else job.number if job.kind is Kind.JOB else f"plan-{job.number}"
        return CursorFile(self, self._url, job, self.path / f"{self._prefix}-{kept_as}.json")

    def release(self, job: JobRef | str) -> None:
        """Let other processes have the cursor of *job*."""
        place = _place_of(job)
        self._held.discard(place)
        with suppress(OSError):
            _unlock(self._locks, place)

    def _delete_old(self) -> None:
        """Delete what nobody has used for a long time, except cursors that a process holds."""
        oldest = time.time() - FORGET_AFTER
        with suppress(OSError):
            for path in self.path.iterdir():
                with suppress(OSError):
                    if path.suffix in (".json", ".lock", ".new") and path.stat().st_mtime < oldest:
                        self._delete(path)

    def _delete(self, path: Path) -> None:
        """Delete the file *path*; OSError if a process holds it."""
        name = path.stem.removeprefix(f"{self._prefix}-")
        if path.suffix == ".new":
            path.unlink()
        elif path.suffix == ".json" and name != path.stem:
            place = _place_of(_job_kept_as(name))
            if place not in self._held:
                _lock(self._locks, place)
                path.unlink()
                _unlock(self._locks, place)
        elif path.suffix == ".lock" and name != path.stem:  # version 0.1.0 had one for each job
            path.unlink()


class CursorFile:
    """The cursor of one job on one orchestrator. Made by CursorFolder."""

    def __init__(self, folder: CursorFolder, url: str, job: JobRef | str, path: Path) -> None:
        self.path = path
        self._folder = folder
        self._url = url
        self._job = job
        self._has_warned = False

    def close(self) -> None:
        """Let other processes have the cursor."""
        self._folder.release(self._job)

    @overload
    def load(self) -> Cursor | None: ...

    @overload
    def load(self, read: Callable[[Any], Value]) -> Value | None: ...

    def load(self, read: Callable[[Any], Any] | None = None) -> Any:
        """What was saved last; None if nothing was. UsageProblem if the file is damaged or cannot be read.

        *read* makes a value of the document; without it, the value is the job's cursor.
        """
        try:
            return (read or cursor_of)(json.loads(read_user_file(self.path, largest=_LARGEST, wait=0)))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageProblem(
                f"the cursor file {self.path} cannot be read: {error.strerror}", hint=_hint(error)
            ) from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise UsageProblem(
                f"the cursor file {self.path} is damaged; it was left as it is",
                hint=f"remove it to start again, or say where to continue: jobevents tail {_argument(self._job)} "
                "--start ID",
            ) from None

    def save(self, cursor: Cursor, more: Mapping[str, Any] | None = None) -> str | None:
        """Replace the file, with *more* beside the cursor. A warning, once, if that fails: it is then unchanged."""
        document = {
            "orchestrator": self._url,
            "job": self._job.number if isinstance(self._job, JobRef) and self._job.kind is Kind.JOB else str(self._job),
            **document_of(cursor),
            **(more or {}),
        }
        try:
            replace_file(self.path, json.dumps(document))
        except OSError as error:
            if self._has_warned:
                return None
            self._has_warned = True
            return f"the cursor cannot be saved in {self.path}: {error.strerror}; --resume would repeat events"
        return None


def _argument(job: JobRef | str) -> str:
    return f"--{job}" if isinstance(job, str) else str(job)


def _hint(error: OSError) -> str:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "allow more open files: ulimit -n 4096"
    return "follow without --resume, or set XDG_STATE_HOME to a folder that can be written"


def document_of(cursor: Cursor) -> dict[str, Any]:
    """What a file keeps of *cursor*."""
    return {
        "low": cursor.low,
        "above": cursor.above,
        "counts": cursor.counts,
        "newest_timestamp": cursor.newest_timestamp,
        "unordered": cursor.unordered,
        "changed": cursor.changed,
    }


def cursor_of(document: Any) -> Cursor:
    """The cursor that *document* describes. TypeError, ValueError or KeyError if it describes none."""
    low, above, counts = document["low"], document["above"], document["counts"]
    newest = document["newest_timestamp"]
    # Version 0.1.0 wrote neither of these two.
    unordered, changed = document.get("unordered", []), document.get("changed", 0)
    is_whole = (
        isinstance(above, list) and isinstance(counts, dict) and isinstance(unordered, list) and isinstance(newest, str)
    )
    if not is_whole or not all(_is_number(number) for number in (low, *above, *unordered)):
        raise TypeError
    if not all(_is_number(count) and count >= 0 for count in (changed, *counts.values())):
        raise ValueError
    return Cursor(low, tuple(above), dict(counts), newest, tuple(unordered), changed)


def _is_number(value: Any) -> bool:
    return type(value) is int and abs(value) < _TOO_LARGE


def _job_kept_as(name: str) -> JobRef | str:
    """The job whose cursor file has *name* after the orchestrator's."""
    number = name.removeprefix("plan-")
    if not (number.isascii() and number.isdecimal()):
        return name
    return JobRef.job(int(number)) if number == name else JobRef.plan(int(number))


def _place_of(job: JobRef | str) -> int:
    """The byte in the lock file for *job*."""
    if isinstance(job, str):
        return 2 * _SHARE + zlib.crc32(job.encode("utf-8", "surrogatepass")) % _SHARE
    return job.number % _SHARE + (_SHARE if job.kind is Kind.PLAN else 0)


def _lock(handle: int, place: int) -> None:
    """Lock one byte of the open file *handle* until this process ends; OSError if another process has it."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, place, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)


def _unlock(handle: int, place: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, place, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.lockf(handle, fcntl.LOCK_UN, 1, place)
