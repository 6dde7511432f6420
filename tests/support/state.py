"""Reads what the program keeps from run to run."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from support.program import Home


def database(home: Home) -> Path:
    """The file in which the program keeps positions."""
    return home.folder / ".local" / "state" / "jobevents" / "state.db"


def kept(home: Home, owner: str) -> dict[tuple[str, int], int]:
    """The jobs of which a position is kept for *owner*, such as `tail 352`, each with its `low`."""
    query = "SELECT kind, number, low FROM position WHERE owner = ?"
    return {(kind, number): low for kind, number, low in _rows(home, query, owner)}


def knows_jobs(home: Home, owner: str) -> bool:
    """Whether it is kept for *owner* which jobs are known."""
    return bool(_rows(home, "SELECT low FROM search WHERE owner = ?", owner))


def seen_jobs(home: Home) -> dict[int, str]:
    """The jobs that were seen lately, each with its state."""
    query = "SELECT number, state, 0 FROM job WHERE ? != ''"
    return {number: state for number, state, _ in _rows(home, query, "any")}


def unfinished(home: Home, name: str = "default") -> dict[int, int] | None:
    """The jobs that `forward` has not delivered to their ends, each with its `low`. None before its first search."""
    if not knows_jobs(home, f"forward {name}"):
        return None
    return {number: low for (_, number), low in kept(home, f"forward {name}").items()}


def _rows(home: Home, query: str, owner: str) -> list[tuple[Any, Any, Any]]:
    if not database(home).exists():
        return []
    with closing(sqlite3.connect(f"file:{database(home)}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute(query, (owner,)).fetchall()
        except sqlite3.OperationalError:  # it is being made
            return []
