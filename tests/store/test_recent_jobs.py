"""The jobs seen lately: by orchestrator, bounded, never in the way."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from jobevents_cli.config import redaction
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.plan import Plan
from jobevents_cli.store.recent_jobs import FRESH, recent_jobs, remember

URL = "https://pe:8143"


@pytest.fixture(name="file", autouse=True)
def _file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, which does not exist yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "jobevents" / "state.db"


def _job(number: int, state: str = "finished", **more: object) -> Job:
    return Job({"name": str(number), "state": state, "type": "deploy", **more})


def test_jobs_and_plans_are_remembered_per_orchestrator(file: Path) -> None:
    """The newest come first, plans after jobs; another orchestrator has its own."""
    owner, environment = {"login": "jane"}, {"name": "production"}
    remember(URL, [_job(9), _job(10, "failed", owner=owner, environment=environment), Plan({"name": "10"}), Job({})])
    remember("https://other:8143", [_job(77)])
    assert [job.ref for job in recent_jobs(URL)] == [JobRef.job(10), JobRef.job(9), JobRef.plan(10)]
    assert recent_jobs(URL)[0].about == "failed deploy production jane"
    assert [job.ref for job in recent_jobs("https://other:8143")] == [JobRef.job(77)]
    assert recent_jobs("https://third:8143") == []
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_newest_state_counts() -> None:
    """A job that is seen again takes its own place."""
    remember(URL, [_job(1, "running")])
    remember(URL, [_job(1, "failed")])
    assert [job.state for job in recent_jobs(URL)] == ["failed"]


def test_only_the_newest_are_kept() -> None:
    """A hundred jobs and a hundred plans are kept, however many are seen."""
    remember(URL, [_job(number) for number in range(1, 301)])
    remember(URL, [Plan({"name": str(number)}) for number in range(1, 301)])
    kept = [*range(300, 200, -1)]
    assert [job.ref.number for job in recent_jobs(URL)] == [*kept, *kept]


def test_jobs_are_forgotten_after_a_week(file: Path) -> None:
    """They are not offered any more, and the next write deletes them."""
    remember(URL, [_job(1)])
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE job SET seen_at = seen_at - ?", (FRESH + 9,))
    assert recent_jobs(URL) == []
    remember("https://other:8143", [_job(77)])
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT number FROM job").fetchall() == [(77,)]


def test_the_token_is_blanked_before_a_text_is_shortened(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a token is not recognised."""
    monkeypatch.setitem(redaction._hidden, "s3cr3t-token", b"s3cr3t-token")  # noqa: SLF001 - it must not stay hidden
    remember(URL, [_job(1, owner={"login": "x" * 55 + "s3cr3t-token"})])
    assert b"s3cr3" not in file.read_bytes()
    assert len(recent_jobs(URL)[0].owner) <= 60


def test_a_look_makes_no_file(file: Path) -> None:
    """A Tab press leaves nothing behind."""
    assert recent_jobs(URL) == []
    assert not file.parent.exists()


@pytest.mark.parametrize("content", [b"no database" * 99, b"\xff" * 4096])
def test_a_damaged_file_is_no_obstacle(file: Path, content: bytes) -> None:
    """It offers nothing, and is left as it is: it may hold positions."""
    file.parent.mkdir()
    file.write_bytes(content)
    assert recent_jobs(URL) == []
    remember(URL, [_job(1)])
    assert file.read_bytes() == content


def test_a_pipe_in_its_place_blocks_nobody(file: Path) -> None:
    """A FIFO where the file should be offers nothing."""
    file.parent.mkdir()
    os.mkfifo(file)
    assert recent_jobs(URL) == []
    remember(URL, [_job(1)])


def test_without_a_home_directory_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is silent."""
    monkeypatch.setattr("jobevents_cli.store.recent_jobs.own_folder", lambda _: None)
    remember(URL, [_job(1)])
    assert recent_jobs(URL) == []
