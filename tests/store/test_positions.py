"""Positions are saved whole, by one process at a time, and survive what happens to processes and folders."""

import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from jobevents_cli.config import redaction
from jobevents_cli.errors import UsageProblem
from jobevents_cli.following.known_jobs import KnownJobs
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.store.positions import FORGET_AFTER, Positions, SavedPosition

URL = "https://pe.example.com:8143"
OTHER = "https://other:8143"
JOB = JobRef.job(352)
PLAN = JobRef.plan(12)
REACHED = SavedPosition(1270, (1272, 1275, "9f8a"), {"node_running": 3, "node_finished": 1}, 1)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """A folder that does not exist yet."""
    return tmp_path / "state" / "jobevents"


def _loaded(folder: Path, job: JobRef | None = JOB, url: str = URL) -> dict[JobRef, SavedPosition]:
    with closing(Positions.of_tail(url, job, folder=folder)) as positions:
        return {ref: _plain(position) for ref, position in positions.positions.items()}


def _plain(position: SavedPosition) -> SavedPosition:
    return position._replace(seen=tuple(position.seen), counts=dict(position.counts))


def test_what_was_saved_is_loaded_by_the_next_run(folder: Path) -> None:
    """Each job has its own position, at each orchestrator; `--all` and each plan have theirs."""
    with closing(Positions.of_tail(URL, JOB, folder=folder)) as positions:
        assert positions.positions == {}
        assert positions.save({JOB: REACHED}) is None
        assert positions.is_saved
    assert _loaded(folder) == {JOB: REACHED}
    assert _loaded(folder, None) == _loaded(folder, JobRef.plan(352)) == _loaded(folder, url=OTHER) == {}


def test_a_plan_is_saved_with_its_jobs(folder: Path) -> None:
    """Where each of its jobs is and how those ended that are over; a job alone has another position."""
    jobs = {PLAN: SavedPosition(7), JOB: REACHED, JobRef.job(353): SavedPosition(ended="failed")}
    with closing(Positions.of_tail(URL, PLAN, folder=folder)) as positions:
        positions.save(jobs)
    assert {ref: (position.low, position.ended) for ref, position in _loaded(folder, PLAN).items()} == {
        PLAN: (7, None),
        JOB: (1270, None),
        JobRef.job(353): (-1, "failed"),
    }
    assert _loaded(folder) == {}


def test_forward_keeps_known_jobs_and_those_that_are_not_delivered(folder: Path) -> None:
    """Both change together; a job that is delivered is deleted."""
    with closing(Positions.of_forward(URL, "siem", folder=folder)) as positions:
        positions.save({JOB: SavedPosition(), PLAN: SavedPosition()}, {Kind.JOB: KnownJobs(300, frozenset({352, 350}))})
        positions.save({PLAN: None, JOB: REACHED})
    with closing(Positions.of_forward(URL, "siem", folder=folder)) as positions:
        assert positions.known == {Kind.JOB: KnownJobs(300, frozenset({352, 350}))}
        assert list(positions.positions) == [JOB]
    with closing(Positions.of_forward(URL, "default", folder=folder)) as positions:
        assert (positions.known, positions.positions) == ({}, {})


def test_a_name_belongs_to_one_orchestrator(folder: Path) -> None:
    """An address that was changed by mistake does not begin anew without a word."""
    with closing(Positions.of_forward(URL, "siem", folder=folder)) as positions:
        positions.save({}, {Kind.JOB: KnownJobs()})
    with pytest.raises(UsageProblem, match="another orchestrator, https://pe"):
        Positions.of_forward(OTHER, "siem", folder=folder)
    Positions.of_forward(URL, "siem", folder=folder).close()


def test_only_the_owner_can_read_the_files(folder: Path) -> None:
    """Files have mode 0600, folders 0700, whatever the umask."""
    before = os.umask(0)
    try:
        positions = Positions.of_tail(URL, JOB, folder=folder)
        positions.save({JOB: REACHED})
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
    assert {modes.pop(name) for name in ("jobevents", "locks")} == {0o700}
    assert set(modes.values()) == {0o600}
    positions.close()


def test_the_token_is_not_saved(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server can send it as the type of an event."""
    monkeypatch.setitem(redaction._hidden, "s3cr3t-token", b"s3cr3t-token")  # noqa: SLF001 - it must not stay hidden
    with closing(Positions.of_tail(URL, JOB, folder=folder)) as positions:
        positions.save({JOB: SavedPosition(counts={"s3cr3t-token": 1})})
        assert b"s3cr3t" not in positions.path.read_bytes()


@pytest.mark.parametrize(
    ("take", "problem"),
    [
        (lambda folder: Positions.of_tail(URL, JOB, folder=folder), "another `jobevents tail 352 --resume`"),
        (lambda folder: Positions.of_tail(URL, PLAN, folder=folder), "another `jobevents tail plan/12 --resume`"),
        (lambda folder: Positions.of_tail(URL, None, folder=folder), "another `jobevents tail --all --resume`"),
        (lambda folder: Positions.of_forward(URL, "siem", folder=folder), "another `jobevents forward` with .* siem"),
    ],
)
def test_a_second_one_is_refused(folder: Path, take: Callable[[Path], Positions], problem: str) -> None:
    """In another process or in this one, until the first is closed."""
    with closing(take(folder)), pytest.raises(UsageProblem, match=problem):
        take(folder)
    take(folder).close()


_HOLDER = """
import sys
from pathlib import Path
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.store.positions import Positions, SavedPosition
positions = Positions.of_tail(sys.argv[1], JobRef.job(352), folder=Path(sys.argv[2]))
number = 0
while True:
    number += 1
    seen = [*range(number + 1, number + 300)]
    positions.save({JobRef.job(352): SavedPosition(number, seen, {"node_running": number})})
    print(number, flush=True)
"""


@pytest.fixture(name="holder")
def _holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that saves as fast as it can."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, URL, folder], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield process
        process.kill()


def test_kill_9_frees_the_lock_and_leaves_the_last_position(folder: Path, holder: subprocess.Popen[str]) -> None:
    """The lock's file stays and locks nobody out; a transaction that was under way is rolled back."""
    assert holder.stdout is not None
    lines = [holder.stdout.readline() for _ in range(20)]
    with pytest.raises(UsageProblem, match="another `jobevents tail 352 --resume`"):
        _loaded(folder)
    holder.kill()
    lines += holder.stdout
    (position,) = _loaded(folder).values()
    last = int(lines[-1])
    assert position.low in (last, last + 1)
    assert position.counts == {"node_running": position.low}


def test_several_processes_save_at_the_same_time(folder: Path, holder: subprocess.Popen[str]) -> None:
    """What one cannot save at once is saved later; nobody is warned."""
    assert holder.stdout is not None
    holder.stdout.readline()
    with closing(Positions.of_tail(URL, PLAN, folder=folder)) as positions:
        warnings = [positions.save({PLAN: SavedPosition(number)}) for number in range(300)]
        assert positions.close() is None
    assert set(warnings) == {None}
    assert holder.poll() is None
    assert _loaded(folder, PLAN)[PLAN].low == 299


@pytest.mark.parametrize("statement", ["BEGIN EXCLUSIVE", "BEGIN; SELECT * FROM position"])
def test_a_process_that_takes_long_delays_a_position_by_one_save(folder: Path, statement: str) -> None:
    """A save waits for at most 0.2 s, be it to begin or to end, and is made up for by the next."""
    positions = Positions.of_tail(URL, JOB, folder=folder)
    positions.save({JOB: SavedPosition(0)})
    with closing(sqlite3.connect(positions.path, isolation_level=None)) as other:
        for part in statement.split(";"):
            other.execute(part).fetchone()
        began = time.monotonic()
        assert positions.save({JOB: SavedPosition(1), PLAN: SavedPosition(5)}) is None
        assert time.monotonic() - began < 1
        assert not positions.is_saved
    assert positions.save({JOB: SavedPosition(2)}) is None
    assert positions.is_saved
    positions.close()
    assert {ref: position.low for ref, position in _loaded(folder).items()} == {JOB: 2, PLAN: 5}


def test_the_end_and_the_start_wait_longer(folder: Path) -> None:
    """For another process that writes for half a second."""
    positions = Positions.of_tail(URL, JOB, folder=folder)
    with closing(sqlite3.connect(positions.path, isolation_level=None, check_same_thread=False)) as writer:

        def write() -> threading.Timer:
            writer.execute("BEGIN EXCLUSIVE")
            end = threading.Timer(0.5, writer.execute, ["COMMIT"])
            end.start()
            return end

        end = write()
        positions.save({JOB: SavedPosition(1)})
        assert positions.close() is None
        end.join()
        end = write()
        assert _loaded(folder)[JOB].low == 1
        end.join()


def test_a_writer_that_never_ends_is_warned_of_at_the_end(folder: Path) -> None:
    """The program ends all the same."""
    positions = Positions.of_tail(URL, JOB, folder=folder)
    with closing(sqlite3.connect(positions.path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        positions.save({JOB: SavedPosition(1)})
        warning = positions.close()
    assert warning == f"the position cannot be saved in {folder}: database is locked"


def test_a_folder_that_is_removed_is_made_again(folder: Path) -> None:
    """With all positions, not only the one that changes, and with the lock."""
    positions = Positions.of_forward(URL, "siem", folder=folder)
    positions.save({JOB: REACHED, PLAN: SavedPosition(5)}, {Kind.JOB: KnownJobs(4)})
    shutil.rmtree(folder)
    assert positions.save({PLAN: SavedPosition(6)}) is None
    with pytest.raises(UsageProblem, match="another `jobevents forward`"):
        Positions.of_forward(URL, "siem", folder=folder)
    positions.close()
    with closing(Positions.of_forward(URL, "siem", folder=folder)) as again:
        assert {ref: position.low for ref, position in again.positions.items()} == {JOB: 1270, PLAN: 6}
        assert again.known == {Kind.JOB: KnownJobs(4)}


def test_a_place_that_cannot_be_written_any_more_is_said_once(folder: Path) -> None:
    """Following goes on; what was not saved is saved when it is possible again."""
    positions = Positions.of_tail(URL, JOB, folder=folder)
    shutil.rmtree(folder)
    folder.write_text("a file")
    warning = positions.save({JOB: SavedPosition(1)})
    assert warning == f"the position cannot be saved in {folder}: {os.strerror(errno.EEXIST)}"
    assert positions.save({JOB: SavedPosition(2)}) is None
    assert not positions.is_saved
    folder.unlink()
    assert positions.save() is None
    assert positions.is_saved
    positions.close()
    assert _loaded(folder)[JOB].low == 2


def test_a_full_disk_is_named(folder: Path) -> None:
    """SQLite's own sentence says it."""
    positions = Positions.of_tail(URL, JOB, folder=folder)
    positions._current().execute("PRAGMA max_page_count = 1")  # noqa: SLF001 - as good as a disk of 24 KB
    warning = positions.save({JOB: SavedPosition(1, range(99_999))})
    assert warning == f"the position cannot be saved in {folder}: database or disk is full"
    assert positions.save({JOB: SavedPosition(2)}) is None
    assert positions.is_saved
    positions.close()


@pytest.mark.parametrize("content", [b"no database at all" * 99, bytes(range(256)) * 16])
def test_a_damaged_file_is_refused_and_left(folder: Path, content: bytes) -> None:
    """The message names the file and what to do."""
    folder.mkdir(parents=True)
    (folder / "state.db").write_bytes(content)
    with pytest.raises(UsageProblem, match=f"{folder}/state.db is damaged") as caught:
        _loaded(folder)
    assert "remove it" in (caught.value.hint or "")
    assert (folder / "state.db").read_bytes() == content


@pytest.mark.parametrize(
    "change", ["PRAGMA user_version = 99", "DROP TABLE position", "UPDATE position SET seen = '{'"]
)
def test_a_file_of_another_version_is_refused(folder: Path, change: str) -> None:
    """So is one whose tables or values are not ours."""
    with closing(Positions.of_tail(URL, JOB, folder=folder)) as positions:
        positions.save({JOB: REACHED})
    with closing(sqlite3.connect(folder / "state.db")) as database, database:
        database.execute(change)
    with pytest.raises(UsageProblem, match=r"state\.db is damaged, or not a file of this version"):
        _loaded(folder)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """With the system's reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageProblem, match=f"in {tmp_path}/file/jobevents: {os.strerror(errno.EEXIST)}") as caught:
        _loaded(tmp_path / "file" / "jobevents")
    assert "XDG_STATE_HOME" in (caught.value.hint or "")


def test_a_folder_without_locks_is_not_another_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite says `database is locked` for ENOLCK, which network file systems without a lock service return."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with closing(Positions.of_tail(URL, JOB, folder=folder)):
        monkeypatch.setattr("fcntl.lockf", refuse)
        with pytest.raises(UsageProblem, match=f"cannot be kept in {folder}: {os.strerror(errno.ENOLCK)}"):
            Positions.of_tail(URL, JOB, folder=folder)


def test_without_a_home_directory_there_is_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is a usage error with a cure."""
    monkeypatch.setattr("jobevents_cli.store.positions.own_folder", lambda _: None)
    with pytest.raises(UsageProblem, match="no home directory") as caught:
        Positions.of_tail(URL, JOB)
    assert "XDG_STATE_HOME" in (caught.value.hint or "")


def test_positions_of_jobs_are_deleted_after_two_months(folder: Path) -> None:
    """Their lock files too; what `--all` and `forward` keep stays."""
    for positions in (
        Positions.of_tail(URL, JOB, folder=folder),
        Positions.of_tail(URL, None, folder=folder),
        Positions.of_forward(URL, "siem", folder=folder),
    ):
        with closing(positions):
            positions.save({JOB: REACHED})
    with closing(sqlite3.connect(folder / "state.db")) as database, database:
        database.execute("UPDATE position SET saved_at = saved_at - ?", (FORGET_AFTER + 9,))
    for path in (folder / "locks").iterdir():
        os.utime(path, (1, time.time() - FORGET_AFTER - 9))
    with closing(Positions.of_tail(URL, PLAN, folder=folder)):
        assert len(list((folder / "locks").iterdir())) == 3
    assert _loaded(folder) == {}
    assert _loaded(folder, None) == {JOB: REACHED}


def test_a_python_without_sqlite_says_so() -> None:
    """Python can be built without it."""
    code = "import sys; sys.modules['_sqlite3'] = None; import jobevents_cli.store.lock"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].startswith("jobevents_cli.errors.UsageProblem: this Python has no sqlite3")
