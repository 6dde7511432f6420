"""The cursor file: read whatever its version, never written by two, reported if it is damaged."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.marks import NOBODY, needs_nobody, slow_but
from support.misbehaving import TestServer, job
from support.program import Home, wait_until

from jobevents_cli.config.private_files import draft_of
from jobevents_cli.errors import UsageProblem
from jobevents_cli.following.position import Cursor
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.state.cursor_file import FORGET_AFTER, CursorFolder

Serve = Callable[..., TestServer]
URL = "https://pe:8143"
OLD = {"orchestrator": URL, "job": 352, "low": 5, "above": [7], "counts": {"node_failed": 1}, "newest_timestamp": "t"}


def _make_old(path: Path) -> None:
    long_ago = time.time() - FORGET_AFTER - 10
    os.utime(path, (long_ago, long_ago))


def test_a_cursor_that_cannot_be_saved_warns_once_and_keeps_the_old(tmp_path: Path) -> None:
    """The warning comes once; the file keeps what was saved last."""
    file = CursorFolder(URL, tmp_path).cursor(JobRef.job(1))
    assert file.save(Cursor(5, (7,), {"node_failed": 1}, "t")) is None
    os.symlink("/dev/full", draft_of(file.path))
    warning = file.save(Cursor(9, (), {}))
    assert warning is not None
    assert "No space left on device" in warning
    assert file.load() == Cursor(5, (7,), {"node_failed": 1}, "t")
    os.symlink("/dev/full", draft_of(file.path))
    assert file.save(Cursor(9, (), {})) is None


def test_a_cursor_of_version_0_1_0_is_read(tmp_path: Path) -> None:
    """The file has the name that 0.1.0 gave it, and may lack what 0.1.0 did not write."""
    (tmp_path / "pe_8143-352.json").write_text(json.dumps(OLD))
    assert CursorFolder(URL, tmp_path).cursor(JobRef.job(352)).load() == Cursor(5, (7,), {"node_failed": 1}, "t")


@pytest.mark.parametrize(
    "change",
    [
        {"counts": []},
        {"counts": {"a": -1}},
        {"counts": {"a": []}},
        {"above": "12"},
        {"above": {"1": 1}},
        {"low": None},
        {"low": True},
        {"low": 2**63},
        {"newest_timestamp": 5},
        {"unordered": 7},
        {"changed": -1},
    ],
)
def test_a_damaged_cursor_is_reported(tmp_path: Path, change: dict[str, object]) -> None:
    """Any value of the wrong kind is reported as damage, and the file is left as it is."""
    path = tmp_path / "pe_8143-352.json"
    path.write_text(json.dumps({**OLD, **change}))
    with pytest.raises(UsageProblem, match="damaged"):
        CursorFolder(URL, tmp_path).cursor(JobRef.job(352)).load()
    assert json.loads(path.read_text()) == {**OLD, **change}


@pytest.mark.parametrize(
    "content",
    slow_but(["[" * 5000], ["", "[]", "nonsense", "[" * 5000, '{"low":' + "9" * 5000 + "}", "\x00", "{}"]),
)
def test_the_program_reports_a_damaged_cursor(home: Home, serve: Serve, content: str) -> None:
    """`tail --resume` with a damaged cursor exits with 2 and names the file."""
    url = serve(job("job:finished")).url
    folder = home.folder / ".local" / "state" / "jobevents" / "cursors"
    folder.mkdir(parents=True)
    path = folder / f"127.0.0.1_{url.rsplit(':', 1)[1]}-352.json"
    path.write_text(content)
    ran = home.run("tail", "352", "--resume", "--url", url)
    assert ran.status == 2
    assert f"{path} is damaged" in ran.err
    os.unlink(path)
    os.mkfifo(path)
    assert home.run("tail", "352", "--resume", "--url", url).status == 2


def test_old_cursors_are_deleted(tmp_path: Path) -> None:
    """What nobody used for 60 days goes, with the lock files of 0.1.0; what is newer or in use stays."""
    old, new, used, lock = (tmp_path / f"pe_8143-{name}" for name in ("1.json", "2.json", "3.json", "1.lock"))
    for path in (old, new, used, lock):
        path.write_text("{}")
    for path in (old, used, lock):
        _make_old(path)
    CursorFolder(URL, tmp_path).cursor(JobRef.job(3))
    assert sorted(path.name for path in tmp_path.glob("pe_8143-*")) == ["pe_8143-2.json", "pe_8143-3.json"]


def test_orchestrators_kinds_and_jobs_have_their_own_cursors(tmp_path: Path) -> None:
    """The same number elsewhere, or of a plan, is another job."""
    folder = CursorFolder(URL, tmp_path)
    one = folder.cursor(JobRef.job(1))
    one.save(Cursor(5, (), {}))
    assert CursorFolder("https://pe:8144", tmp_path).cursor(JobRef.job(1)).load() is None
    assert folder.cursor(JobRef.plan(1)).load() is None
    assert folder.cursor(JobRef.job(2)).load() is None
    with pytest.raises(UsageProblem, match="another"):
        folder.cursor(JobRef.job(1))
    one.close()
    assert folder.cursor(JobRef.job(1)).load() == Cursor(5, (), {})


HOLD = """
import sys
from pathlib import Path
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.state.cursor_file import CursorFolder
CursorFolder({url!r}, Path(sys.argv[1])).cursor(JobRef.job(1))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_held_cursor_is_neither_taken_nor_deleted(tmp_path: Path) -> None:
    """However old its files are, a cursor that another process holds stays, and nobody else gets it."""
    (tmp_path / "pe_8143-1.json").write_text("{}")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD.format(url=URL), tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        for path in tmp_path.iterdir():
            _make_old(path)
        folder = CursorFolder(URL, tmp_path)
        folder.cursor(JobRef.job(2))
        assert (tmp_path / "pe_8143-1.json").exists()
        with pytest.raises(UsageProblem, match="another `jobevents tail 1 --resume` is running"):
            folder.cursor(JobRef.job(1))
        assert holder.stdin is not None
        holder.stdin.close()
    folder.cursor(JobRef.job(1))


def test_thousands_of_cursors_hold_one_file_open(tmp_path: Path) -> None:
    """A watch of many jobs needs one descriptor for all their locks."""
    folder = CursorFolder(URL, tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    for number in range(3000):
        folder.cursor(JobRef.job(number)).load()
    assert len(os.listdir("/proc/self/fd")) == before


def test_resuming_many_jobs_needs_few_descriptors(home: Home, serve: Serve) -> None:
    """200 jobs are resumed where a process may open 100 files."""
    url = serve(*(job("job:finished", job_id=number) for number in range(1, 201))).url
    ran = home.shell(f"ulimit -n 100; jobevents tail $(seq 200) --resume -q --url {url}")
    assert (ran.status, ran.err) == (0, "")
    folder = home.folder / ".local" / "state" / "jobevents" / "cursors"
    assert len(list(folder.glob("*.json"))) == 200


def test_what_ran_out_is_named(tmp_path: Path) -> None:
    """Where no file can be opened any more, the error says so and how to change it."""
    folder = CursorFolder(URL, tmp_path)
    file = folder.cursor(JobRef.job(1))
    file.save(Cursor(5, (), {}))
    free = os.open(os.devnull, os.O_RDONLY)  # the lowest number that is free
    os.close(free)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        with pytest.raises(UsageProblem, match="Too many open files") as raised:
            file.load()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert raised.value.hint == "allow more open files: ulimit -n 4096"


@needs_nobody
def test_no_home_no_cursor(home: Home, serve: Serve) -> None:
    """Without a home directory, `--resume` says what is missing."""
    url = serve(job("job:finished")).url
    home.environment.pop("HOME")
    ran = home.shell(f"JOBEVENTS_TOKEN=x {NOBODY} $(command -v jobevents) tail 352 --resume --url {url}")
    assert ran.status == 2
    assert "no home directory is known" in ran.err


def test_two_tails_of_one_job(home: Home, serve: Serve) -> None:
    """While one `tail --resume` of a job runs, a second one is refused, even if the lock file is old."""
    server = serve(job("n1:running"))
    live = home.start("tail", "352", "--resume", "--timeout", "30", "--url", server.url)
    assert "n1" in live.line()
    folder = home.folder / ".local" / "state" / "jobevents" / "cursors"
    wait_until(lambda: list(folder.glob("*.json")))
    for path in folder.iterdir():
        _make_old(path)
    second = home.run("tail", "352", "--resume", "--url", server.url)
    assert second.status == 2
    assert "another `jobevents tail 352 --resume` is running" in second.err
    live.process.terminate()
    assert live.finish().status == 143
