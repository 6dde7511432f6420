"""Opens `state.db`, the one SQLite file in the state folder."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from jobevents_cli.config.private_files import make_private_folder
from jobevents_cli.store.lock import connect, make_private_file

NAME: Final = "state.db"

WAIT: Final = 0.2
"""Seconds to wait for another process that writes: a signal waits as long."""

_VERSION: Final = 1
_SCHEMA: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS position (
  owner TEXT, server TEXT, kind TEXT, number INTEGER,
  low INTEGER, seen TEXT, counts TEXT, changed INTEGER, ended TEXT, saved_at REAL,
  PRIMARY KEY (owner, server, kind, number)
);
CREATE TABLE IF NOT EXISTS search (
  owner TEXT, server TEXT, kind TEXT,
  low INTEGER, above TEXT,
  PRIMARY KEY (owner, server, kind)
);
CREATE TABLE IF NOT EXISTS job (
  server TEXT, kind TEXT, number INTEGER,
  state TEXT, type TEXT, environment TEXT, owner TEXT, seen_at REAL,
  PRIMARY KEY (server, kind, number)
);
PRAGMA user_version = {_VERSION};
COMMIT;
"""


def open_database(folder: Path, *, synchronous: Literal["OFF", "FULL"] = "OFF") -> sqlite3.Connection:
    """Open the file in *folder*; both are made if they do not exist, with modes 0600 and 0700.

    *synchronous* FULL waits for the disk at each commit (1 ms on an SSD, longer on a busy disk; OFF: 0.05 ms). With
    OFF, kill -9 loses nothing either; a power failure can damage the file. The journal is the ordinary one: a WAL
    needs memory that processes share, which a network file system does not have.

    OSError or sqlite3.Error if that fails; ValueError if the file is not one of this version.
    """
    path = folder / NAME
    make_private_folder(folder)
    make_private_file(path)
    connection = connect(path, timeout=WAIT)
    try:
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        _make_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all of what the block writes, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _make_tables(connection: sqlite3.Connection) -> None:
    if not _version(connection):
        connection.executescript(_SCHEMA)
    if (version := _version(connection)) != _VERSION:
        raise ValueError(f"version {version}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
