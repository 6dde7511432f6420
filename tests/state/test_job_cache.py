"""The cache of jobs: per orchestrator, bounded, never in the way."""

import json
import os
from pathlib import Path

import pytest

from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.plan import Plan
from jobevents_cli.state import job_cache
from jobevents_cli.state.job_cache import recall, remember

URL = "https://pe:8143"


@pytest.fixture(name="cache", autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(job_cache, "_written", {})
    return tmp_path / "jobevents" / "jobs.json"


def _job(number: int, state: str = "finished", **more: object) -> Job:
    return Job({"name": str(number), "state": state, "type": "deploy", **more})


def test_jobs_and_plans_are_remembered_per_orchestrator(cache: Path) -> None:
    """The newest come first, plans after jobs; another orchestrator has its own."""
    owner, environment = {"login": "jane"}, {"name": "production"}
    remember(URL, [_job(9), _job(10, "failed", owner=owner, environment=environment), Plan({"name": "10"})])
    remember("https://other:8143", [_job(77)])
    assert [job.ref for job in recall(URL)] == [JobRef.job(10), JobRef.job(9), JobRef.plan(10)]
    assert recall(URL)[0].about == "failed deploy production jane"
    assert [job.ref for job in recall("https://other:8143")] == [JobRef.job(77)]
    assert recall("https://third:8143") == []
    assert cache.stat().st_mode & 0o777 == 0o600


def test_what_has_not_changed_is_not_written_again(cache: Path) -> None:
    """A tail sees the same job every few seconds: the file is written when the job's state changes."""
    remember(URL, [_job(1, "running")])
    before = cache.stat().st_ino
    remember(URL, [_job(1, "running")])
    assert cache.stat().st_ino == before
    remember(URL, [_job(1, "failed")])
    assert [job.state for job in recall(URL)] == ["failed"]


def test_only_the_newest_are_kept() -> None:
    """A hundred jobs are kept, however many are seen."""
    remember(URL, [_job(number) for number in range(1, 301)])
    assert [job.ref.number for job in recall(URL)] == list(range(300, 200, -1))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{broken",
        b"[]",
        b'{"352": [1, "x"]}',
        b'{"https://pe:8143": {"x": [9e9, "", "", "", ""]}}',
        b'{"https://pe:8143": {"1": []}}',
        b'{"https://pe:8143": []}',
        b"[" * 9000,
        b"\xff",
    ],
)
def test_a_damaged_cache_is_an_empty_one(cache: Path, content: bytes) -> None:
    """A damaged cache, or one of 0.1.0, offers nothing and is replaced."""
    cache.parent.mkdir()
    cache.write_bytes(content)
    assert recall(URL) == []
    remember(URL, [_job(1)])
    assert set(json.loads(cache.read_text())) >= {URL} or recall(URL) == []


def test_a_pipe_in_its_place_blocks_nobody(cache: Path) -> None:
    """A FIFO where the cache should be is an empty cache."""
    cache.parent.mkdir()
    os.mkfifo(cache)
    assert recall(URL) == []
    remember(URL, [_job(1)])
