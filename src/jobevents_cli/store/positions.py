"""Keeps where `tail --resume`, `tail --all --resume` and `forward` continue."""

import json
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, Self

from jobevents_cli.config.private_files import make_private_folder, own_folder
from jobevents_cli.config.redaction import redact_text
from jobevents_cli.errors import UsageProblem
from jobevents_cli.following.known_jobs import KnownJobs
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.store.database import NAME, open_database, transaction
from jobevents_cli.store.lock import Lock, fault_of, inode_of, is_busy, is_damage

_Key = JobRef | Kind
"""What a row is about: a job's position, or which jobs of a kind are known."""
_Row = tuple[Any, ...]

FORGET_AFTER: Final = 60 * 86_400
"""Seconds after which the position of a job is deleted: orchestrators forget jobs after 30 days."""

PATIENCE: Final = 10
"""How often to wait for other writers where saving cannot be put off: at the start and at the end."""

_NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})
_ELSEWHERE: Final = "set XDG_STATE_HOME to a folder that can be written"


class SavedPosition(NamedTuple):
    """How far the events of one job were printed, or delivered."""

    low: int = -1
    """Every event up to this id is handled."""
    seen: Collection[int | str] = ()
    """So are these: ids above `low`, and digests of events without id."""
    counts: Mapping[str, int] = _NOTHING
    """How many events of each type those were."""
    changed: int = 0
    """How many nodes were changed."""
    ended: str | None = None
    """How the job ended, once all of it is printed (an empty text if that is not known); None before."""


class Positions:
    """The positions that `tail JOB --resume`, `tail --all --resume` or `forward --name NAME` keeps at one orchestrator.

    Only this process has them, until they are closed. One thread at a time uses them.
    """

    def __init__(
        self,
        owner: str,
        server: str,
        *,
        lock: str,
        taken: UsageProblem,
        hint: str,
        synchronous: Literal["OFF", "FULL"],
        folder: Path | None = None,
    ) -> None:
        """Lock and load what *owner* keeps for the orchestrator *server*; see `of_tail` and `of_forward`.

        *lock* names the lock's file; *taken* is raised if another process has it. *hint*: what to do if *folder*, by
        default the state folder, cannot be used. *synchronous*: see `open_database`.
        """
        self._folder = _known_folder(folder or own_folder("state"), hint)
        self._owner = owner
        self._server = server
        self._synchronous = synchronous
        self._rows: dict[_Key, _Row] = {}
        """All rows, saved or not: the file may have to be made again."""
        self._pending: dict[_Key, _Row | None] = {}
        """The rows that are to be written, None for one that is to be deleted."""
        self._database: sqlite3.Connection | None = None
        self._inode: int | None = None
        self._has_warned = False
        self.positions: dict[JobRef, SavedPosition] = {}
        """What was given to `save` last, by job: in this run or an earlier one."""
        self.known: dict[Kind, KnownJobs] = {}
        """Which jobs were known then; a kind is missing if it was never searched."""
        self.other_server: str | None = None
        """Another orchestrator for which the same owner keeps positions."""
        self._lock = Lock(self._folder / "locks" / lock)
        try:
            _patiently(self._load, PATIENCE)
        except (sqlite3.Error, OSError, ValueError, TypeError) as error:
            self._disconnect()
            self._lock.release()
            if isinstance(error, BlockingIOError):
                raise taken from None
            raise self._problem(error, hint) from None

    @classmethod
    def of_tail(cls, url: str, job: JobRef | None, *, folder: Path | None = None) -> Self:
        """What `tail --resume` of *job* at the orchestrator *url* keeps; None means `--all`.

        UsageProblem if another process has it, if *folder* (by default the state folder) cannot be used, or if the
        file is damaged.
        """
        name = str(job) if job else "--all"
        return cls(
            f"tail {name}",
            url,
            lock=f"{'job' if job else 'all'}-{sha256(f'{name} {url}'.encode()).hexdigest()[:32]}",
            taken=UsageProblem(f"another `jobevents tail {name} --resume` is running on this machine"),
            hint=f"follow without --resume, or {_ELSEWHERE}",
            # Signals must not wait for a disk. A power failure can damage the file: that is said at the next start.
            synchronous="OFF",
            folder=folder,
        )

    @classmethod
    def of_forward(cls, url: str, name: str, *, folder: Path | None = None) -> Self:
        """What `forward` keeps under *name* for the orchestrator *url*.

        UsageProblem as above, or if the name is another orchestrator's.
        """
        positions = cls(
            f"forward {name}",
            url,
            lock=f"forward-{name}",
            taken=UsageProblem(
                f"another `jobevents forward` with the name {name} is running on this machine",
                hint="give each receiver a name of its own: --name NAME",
            ),
            hint=_ELSEWHERE,
            # It starts again by itself after a power failure, and must then find its file whole.
            synchronous="FULL",
            folder=folder,
        )
        if other := positions.other_server:
            positions.close()
            raise UsageProblem(
                f"the position {name} in {positions.path} is that of another orchestrator, {other}",
                hint="give each orchestrator a name of its own: --name NAME",
            )
        return positions

    @property
    def path(self) -> Path:
        """The file."""
        return self._folder / NAME

    @property
    def is_saved(self) -> bool:
        """Whether everything is in the file."""
        return not self._pending

    def save(
        self,
        positions: Mapping[JobRef, SavedPosition | None] = _NOTHING,
        known: Mapping[Kind, KnownJobs] = _NOTHING,
    ) -> str | None:
        """Save *positions*, None for one that is no longer needed, and which jobs are *known*: all of it, or nothing.

        Returns a warning if that fails, once until it succeeds again. What is not saved is kept for the next call;
        that goes without a warning if only other processes were writing.
        """
        now = time.time()
        rows: dict[_Key, _Row | None] = {ref: position and _row(position, now) for ref, position in positions.items()}
        rows |= {kind: (jobs.low, json.dumps([*jobs.above])) for kind, jobs in known.items()}
        for key, row in rows.items():
            if row is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = row
        for ref, position in positions.items():
            if position is None:
                self.positions.pop(ref, None)
            else:
                self.positions[ref] = position
        self._pending |= rows
        return self._save(1)

    def close(self) -> str | None:
        """Save what is not saved yet, and let other processes have the positions. Returns a warning if that fails."""
        warning = self._save(PATIENCE)
        self._disconnect()
        self._lock.release()
        return warning

    def _load(self) -> None:
        """Read what was saved, and delete what nobody needs any more."""
        database = self._current()
        whose = (self._owner, self._server)
        for kind, number, *row in database.execute(
            "SELECT kind, number, low, seen, counts, changed, ended, saved_at FROM position"
            " WHERE owner = ? AND server = ?",
            whose,
        ):
            ref = JobRef(Kind(kind), number)
            self._rows[ref] = tuple(row)
            low, seen, counts, changed, ended, _ = row
            self.positions[ref] = SavedPosition(low, json.loads(seen), json.loads(counts), changed, ended)
        for kind, low, above in database.execute(
            "SELECT kind, low, above FROM search WHERE owner = ? AND server = ?", whose
        ):
            self._rows[Kind(kind)] = (low, above)
            self.known[Kind(kind)] = KnownJobs(low, frozenset(json.loads(above)))
        other = database.execute("SELECT server FROM search WHERE owner = ? AND server != ?", whose).fetchone()
        self.other_server = other and other[0]
        # Positions of single jobs; `--all` and `forward` delete their own.
        database.execute(
            "DELETE FROM position WHERE owner GLOB 'tail [p0-9]*' AND saved_at < ?", (time.time() - FORGET_AFTER,)
        )

    def _save(self, patience: int) -> str | None:
        if not self._pending:
            return None
        try:
            _patiently(self._write, patience)
        except (sqlite3.Error, OSError, ValueError) as error:
            if self._has_warned or (patience == 1 and is_busy(error)):
                return None
            self._has_warned = True
            return f"the position cannot be saved in {self._folder}: {_cause(error, self.path)}"
        self._has_warned = False
        return None

    def _write(self) -> None:
        database = self._current()
        with transaction(database):
            for key, row in self._pending.items():
                values = (self._owner, self._server, *((key,) if isinstance(key, Kind) else key))
                if isinstance(key, Kind):
                    database.execute("INSERT OR REPLACE INTO search VALUES (?, ?, ?, ?, ?)", (*values, *(row or ())))
                elif row:
                    database.execute(
                        "INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*values, *row)
                    )
                else:
                    database.execute(
                        "DELETE FROM position WHERE owner = ? AND server = ? AND kind = ? AND number = ?", values
                    )
        self._pending.clear()

    def _current(self) -> sqlite3.Connection:
        """The open file. If it was removed while the program runs, it is made again, with all that it should hold."""
        if self._database and inode_of(self.path) == self._inode:
            return self._database
        self._disconnect()
        make_private_folder(self._folder / "locks")
        _delete_old_locks(self._folder / "locks")
        self._lock.take()
        self._database = open_database(self._folder, synchronous=self._synchronous)
        self._inode = inode_of(self.path)
        self._pending = {**self._rows, **self._pending}
        return self._database

    def _disconnect(self) -> None:
        if self._database:
            self._database.close()
            self._database = None

    def _problem(self, error: Exception, hint: str) -> UsageProblem:
        if is_damage(error):
            return UsageProblem(
                f"{self.path} is damaged, or not a file of this version; it was left as it is",
                hint="remove it; what is followed then begins anew",
            )
        return UsageProblem(f"positions cannot be kept in {self._folder}: {_cause(error, self.path)}", hint=hint)


def _known_folder(folder: Path | None, hint: str) -> Path:
    if folder is None:
        raise UsageProblem("positions cannot be kept: no home directory is known", hint=hint)
    return folder


def _row(position: SavedPosition, now: float) -> _Row:
    low, seen, counts, changed, ended = position
    # Types of events come from the server.
    return low, json.dumps([*seen]), redact_text(json.dumps({**counts})), changed, ended, now


def _cause(error: Exception, path: Path) -> str:
    """Why *error* came. SQLite's own texts do not say it: "unable to open database file", "disk I/O error"."""
    cause = error if isinstance(error, OSError) else fault_of(path)
    return (cause and cause.strerror) or str(error)


def _patiently(work: Callable[[], None], tries: int) -> None:
    """Do *work*, at most *tries* times as long as other processes write."""
    for left in reversed(range(tries)):
        try:
            return work()
        except sqlite3.Error as error:
            if not (left and is_busy(error)):
                raise
    return None


def _delete_old_locks(folder: Path) -> None:
    """Delete the lock files of jobs that nobody follows any more; `--all` and `forward` can run for months."""
    with suppress(OSError):
        for path in folder.glob("job-*"):
            if path.stat().st_mtime < time.time() - FORGET_AFTER:
                path.unlink()
