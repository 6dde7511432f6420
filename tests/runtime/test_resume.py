"""`tail --resume`: where it stands survives kill -9, two processes, a full disk and a damaged file."""

import json
import signal
from collections.abc import Callable

import pytest
from support.marks import slow_but
from support.misbehaving import TestServer, big_job, job, publish
from support.program import Home, wait_until
from support.state import database, kept

Serve = Callable[..., TestServer]
KINDS = ("n1:running", "n2:running", "n1:finished", "n2:failed", "job:finished")


def _ids(out: str) -> list[str]:
    return [json.loads(line)["id"] for line in out.splitlines()]


def test_it_goes_on_where_it_was_interrupted(home: Home, serve: Serve) -> None:
    """What was printed before is not printed again, and the exit status is that of the whole job."""
    running = job(*KINDS[:4], final_state="failed")
    server = serve(running)
    first = home.run("tail", "352", "--resume", "--json", "--timeout", "1", "--url", server.url)
    assert (first.status, _ids(first.out)) == (124, ["1", "2", "3", "4"])
    assert "jobevents tail 352 --resume" in first.err
    publish(running, KINDS[4], 5)
    second = home.run("tail", "352", "--resume", "--json", "--url", server.url)
    assert (second.status, _ids(second.out)) == (3, ["5"])
    third = home.run("tail", "352", "--resume", "--json", "--url", server.url)
    assert (third.status, third.out) == (3, "")


def test_its_files_are_private(home: Home, serve: Serve) -> None:
    """What is kept has mode 0600, in folders with 0700, and holds no token."""
    home.run("tail", "352", "--resume", "--url", serve(job(*KINDS)).url)
    folder = database(home).parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    assert database(home) in files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    assert not any(b"s3cret" in path.read_bytes() for path in files)


@pytest.mark.parametrize("after", slow_but([700], [1, 700, 3000]))
def test_kill_9_loses_nothing(home: Home, serve: Serve, after: int) -> None:
    """Killed while it prints, it repeats at most the events of the write in progress."""
    server = serve(big_job(4000))
    live = home.start("tail", "352", "--resume", "--json", "--url", server.url)
    for _ in range(after):
        live.line()
    live.signal(signal.SIGKILL)
    first = live.finish().out
    second = home.run("tail", "352", "--resume", "--json", "--url", server.url)
    assert second.status == 0
    # The last line may have been cut in the middle of its write.
    before = _ids(first[: first.rfind("\n") + 1])
    together = before + _ids(second.out)
    assert sorted(set(together), key=int) == [str(number) for number in range(1, 8002)]
    again = set(_ids(second.out))
    repeated = [number for number in before if number in again]
    assert repeated == before[len(before) - len(repeated) :]
    assert len(repeated) < 1000


def test_a_second_process_is_told(home: Home, serve: Serve) -> None:
    """Two at once would overwrite each other's place: the second one ends in 2."""
    server = serve(job(*KINDS[:2]))
    live = home.start("tail", "352", "--resume", "--url", server.url)
    live.line()
    second = home.run("tail", "352", "--resume", "--url", server.url)
    assert second.status == 2
    assert "another `jobevents tail 352 --resume` is running" in second.err
    live.signal(signal.SIGTERM)
    assert live.finish().status == 143


def test_a_damaged_file_is_left_alone(home: Home, serve: Serve) -> None:
    """A file that cannot be understood is named, not overwritten."""
    url = serve(job(*KINDS)).url
    home.run("tail", "352", "--resume", "--url", url)
    path = database(home)
    whole = path.read_bytes()
    for damage in (b"{" * 5000, b"\0" * 5000, b"x" * 100 + whole[100:]):
        path.write_bytes(damage)
        ran = home.run("tail", "352", "--resume", "--url", url)
        assert (ran.status, ran.out) == (2, "")
        assert f"{path} is damaged" in ran.err
        assert path.read_bytes() == damage


def test_a_home_that_cannot_be_written(home: Home, serve: Serve) -> None:
    """Without a place for the position, `--resume` says so before anything is printed."""
    nowhere = home.with_(XDG_STATE_HOME="/proc/nowhere")
    ran = nowhere.run("tail", "352", "--resume", "--url", serve(job(*KINDS)).url)
    assert (ran.status, ran.out) == (2, "")
    assert "positions cannot be kept in /proc/nowhere" in ran.err


def test_a_position_that_cannot_be_saved_is_said_once(home: Home, serve: Serve) -> None:
    """It is a warning: following goes on, and the position is saved once that works again."""
    running = job(*KINDS[:2], final_state="failed")
    server = serve(running)
    live = home.start("tail", "352", "--resume", "--json", "--interval", "0.1", "--url", server.url)
    live.line(), live.line()
    wait_until(lambda: kept(home, "tail 352") == {("job", 352): 2})
    journal = database(home).with_name("state.db-journal")
    journal.mkdir()  # SQLite cannot make its journal there, not even for root
    (journal / "x").touch()
    publish(running, KINDS[2], 3)
    live.line()
    publish(running, KINDS[3], 4)
    live.line()
    wait_until(lambda: "cannot be saved" in live.errors)
    (journal / "x").unlink()
    journal.rmdir()
    publish(running, KINDS[4], 5)
    ran = live.finish()
    assert (ran.status, _ids(ran.out)) == (3, ["1", "2", "3", "4", "5"])
    assert ran.err.count("cannot be saved") == 1
    assert kept(home, "tail 352") == {("job", 352): 5}


def test_fail_fast_resumes_behind_the_failure(home: Home, serve: Serve) -> None:
    """After `--fail-fast`, `--resume` goes on with the event behind the failure."""
    url = serve(job("n1:running", "n1:failed", "n2:running", "n2:finished", "job:finished")).url
    first = home.run("tail", "352", "--resume", "--fail-fast", "--json", "--url", url)
    assert (first.status, _ids(first.out)) == (3, ["1", "2"])
    second = home.run("tail", "352", "--resume", "--json", "--url", url)
    assert (second.status, _ids(second.out)) == (3, ["3", "4", "5"])
