"""A lock that one process holds and that dies with it; and what SQLite's errors mean."""

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from jobevents_cli.errors import UsageProblem

try:
    import sqlite3
except ImportError:  # Python can be built without it
    raise UsageProblem(
        "this Python has no sqlite3 module, which jobevents needs",
        hint="use another Python, or build this one again where SQLite's headers are installed",
    ) from None

_PRIMARY: Final = 0xFF
"""The part of an SQLite error's code that says what kind of error it is."""


class Lock:
    """An exclusive transaction on an empty SQLite file: SQLite knows how each system locks.

    The file stays behind, and is locked only while a process holds the lock.
    """

    def __init__(self, path: Path) -> None:
        """Lock the file *path*, once `take` is called."""
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._inode: int | None = None

    def take(self) -> None:
        """Take the lock, again if the file was removed. BlockingIOError if it is taken, OSError if that fails."""
        if self._connection and inode_of(self._path) == self._inode:
            return
        self.release()
        make_private_file(self._path)
        os.utime(self._path)
        self._inode = inode_of(self._path)
        try:
            self._connection = connect(self._path, timeout=0)
            self._connection.execute("PRAGMA journal_mode = OFF")  # nothing is written
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self.release()
            # SQLite says "database is locked" also where a network file system has no locks (ENOLCK).
            if fault := fault_of(self._path):
                raise fault from None
            if is_busy(error):
                raise BlockingIOError(errno.EAGAIN, "another process uses it") from None
            raise OSError(errno.EIO, str(error)) from None

    def release(self) -> None:
        """Let others have the lock."""
        if self._connection:
            self._connection.close()
            self._connection = None


def connect(path: Path, *, timeout: float) -> sqlite3.Connection:
    """Open the SQLite file *path*; transactions are begun by hand. *timeout*: seconds to wait for others' locks."""
    return sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)


def make_private_file(path: Path) -> None:
    """Make the file *path*, mode 0600, unless it exists: closing a file that SQLite has open drops its locks."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def inode_of(path: Path) -> int | None:
    """What tells the file *path* from another one of that name; None if there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def is_busy(error: Exception) -> bool:
    """Whether another process holds what *error* needed; or the file system has no locks: see `fault_of`."""
    return _code(error) == sqlite3.SQLITE_BUSY


def is_damage(error: Exception) -> bool:
    """Whether *error* says that the file holds something else than it should."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR) or isinstance(
        error, (ValueError, TypeError)
    )


def fault_of(path: Path) -> OSError | None:
    """What keeps the file *path*, or any in its folder, from being made, locked or written; None if nothing does."""
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return PermissionError(errno.EACCES, f"{os.strerror(errno.EACCES)}: {path.name}")
    probe = path.with_name(f"probe.{os.getpid()}")
    try:
        handle = os.open(probe, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if sys.platform != "win32":
                import fcntl

                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(handle, bytes(4096))
        finally:
            os.close(handle)
            probe.unlink()
    except OSError as fault:
        return fault
    return None


def _code(error: Exception) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY
