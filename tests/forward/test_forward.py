"""`jobevents forward`: what reaches the receiver, what is committed, and how it ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.misbehaving import Fault, TestServer, big_job, error, hang, job, publish, status
from support.program import PROGRAM, Home, Live, wait_until
from support.state import database, unfinished

from jobevents_cli.demo.scripted_jobs import ScriptedPlan

if TYPE_CHECKING:
    from jobevents_cli.demo.scripted_jobs import ScriptedJob

Serve = Callable[..., TestServer]
GOOD = ("n1:running", "n1:finished", "job:finished")
QUICK = ("--interval", "0.1", "--batch-wait", "0.1")
INTO_FILE = ("--", "sh", "-c", "cat >> $HOME/taken")


def _taken(home: Home, name: str = "taken") -> list[dict[str, Any]]:
    path = home.folder / name
    # The last line may still be being written.
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []


def _has(home: Home, name: str, count: int) -> bool:
    return len(_taken(home, name)) == count


def _ids(home: Home, name: str = "taken") -> list[tuple[str, int]]:
    return [(event["job"], int(event["id"])) for event in _taken(home, name)]


def _stop(live: Live, number: signal.Signals = signal.SIGTERM) -> str:
    live.signal(number)
    ran = live.finish()
    assert ran.status == 128 + number
    return ran.err


def _script(home: Home, text: str, name: str = "receiver.py") -> tuple[str, ...]:
    """The command of a receiver in Python: *text*, with the home as `home` and the lines as `lines`."""
    path = home.folder / name
    head = "import os, pathlib, sys, time\nhome = pathlib.Path(os.environ['HOME'])\n"
    path.write_text(head + text)
    return ("--", sys.executable, "-S", str(path))


def _about_one_job(fault: Fault) -> Fault:
    """The *fault*, but for the list of jobs."""
    return lambda handler, answer: fault(handler, answer) if "/jobs/" in handler.path else handler.send(answer)


TAKE = "lines = sys.stdin.read()\nwith (home / 'taken').open('a') as file:\n    file.write(lines)\n"


def test_every_event_of_every_job_reaches_the_receiver(home: Home, serve: Serve) -> None:
    """Jobs that run, from their first event, and those that start; no job that was over. Each line names its job."""
    over, running = job(*GOOD, job_id=1), job("n1:running", job_id=2, first=10)
    server = serve(over, running)
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: _ids(home) == [("2", 10)])
    publish(running, "n1:finished", 20)
    publish(running, "job:finished", 22)
    brief = job(*GOOD, job_id=3, first=30)
    server.orchestrator.jobs[3] = brief
    wait_until(lambda: len(_taken(home)) == 6)
    err = _stop(live)
    assert sorted(_ids(home)) == [("2", 10), ("2", 20), ("2", 22), ("3", 30), ("3", 31), ("3", 32)]
    lines = (home.folder / "taken").read_text().splitlines()
    assert all(line.startswith('{"job":"') for line in lines)
    assert err == "Interrupted by SIGTERM.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_it_after_the_command(home: Home, serve: Serve, number: signal.Signals) -> None:
    """The command may finish; what it then takes is not sent again."""
    command = _script(home, f"{TAKE}(home / 'begun').touch()\ntime.sleep(0.3)\n")
    server = serve(job("n1:running", job_id=1))
    live = home.start("forward", "--url", server.url, *QUICK, *command)
    wait_until((home.folder / "begun").exists)
    _stop(live, number)
    live = home.start("forward", "--url", server.url, *QUICK, *command)
    publish(server.orchestrator.jobs[1], "n1:finished", 2)
    wait_until(lambda: len(_taken(home)) == 2)
    _stop(live, number)
    assert _ids(home) == [("1", 1), ("1", 2)]


def test_later_starts_continue_and_include_what_ran_in_between(home: Home, serve: Serve) -> None:
    """What came to a job that was followed, and whole jobs that nobody watched, arrive at the next start, once."""
    running = job("n1:running", job_id=1)
    server = serve(running)
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: _taken(home))
    _stop(live)
    publish(running, "n1:finished", 2)
    publish(running, "job:finished", 3)
    server.orchestrator.jobs[2] = job(*GOOD, job_id=2, first=10)
    server.orchestrator.jobs[4] = job("n1:running", job_id=4, first=20)
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: len(_taken(home)) >= 7)
    _stop(live)
    assert sorted(_ids(home)) == [("1", 1), ("1", 2), ("1", 3), ("2", 10), ("2", 11), ("2", 12), ("4", 20)]


def test_since_begins_with_an_older_job_at_the_first_start_only(home: Home, serve: Serve) -> None:
    """`--since 2` forwards job 2 and all after it, also if they are over; later starts do not repeat them."""
    server = serve(*(job(*GOOD, job_id=number, first=10 * number) for number in (1, 2, 3)))
    for _ in range(2):
        server.seen.clear()
        live = home.start("forward", "--since", "2", "--url", server.url, *QUICK, *INTO_FILE)
        wait_until(lambda: len(_taken(home)) >= 6 and len(server.paths) > 8)
        _stop(live)
    assert sorted({job_id for job_id, _ in _ids(home)}) == ["2", "3"]
    assert len(_taken(home)) == 6
    ran = home.run("forward", "--since", "plan/2", "--url", server.url, *INTO_FILE)
    assert ran.status == 2
    assert "plan" in ran.err


def test_a_batch_is_sent_when_it_is_full(home: Home, serve: Serve) -> None:
    """No batch has more events than --batch-events says; where there are enough it has as many."""
    command = _script(
        home, f"{TAKE}with (home / 'sizes').open('a') as file:\n    print(lines.count('\\n'), file=file)\n"
    )
    server = serve(big_job(50, job_id=1))
    arguments = ["forward", "--since", "1", "--batch-events", "20", "--url", server.url]
    live = home.start(*arguments, "--batch-wait", "10m", *command)
    wait_until(lambda: len(_taken(home)) == 100)
    _stop(live)
    live = home.start(*arguments, *QUICK, *command)
    wait_until(lambda: len(_taken(home)) == 101)
    _stop(live)
    assert (home.folder / "sizes").read_text().split() == ["20"] * 5 + ["1"]
    assert [number for _, number in _ids(home)] == list(range(1, 102))


def test_a_refused_batch_is_sent_again(home: Home, serve: Serve) -> None:
    """One notice as it begins, with the last line of the command's standard error made safe; one when it is over."""
    (home.folder / "refuse").touch()
    command = _script(
        home,
        "if (home / 'refuse').exists():\n"
        "    with (home / 'refused').open('a') as file:\n        file.write(sys.stdin.read())\n"
        "    sys.exit('first\\nno \\x1b[31mroom\\n')\n" + TAKE,
    )
    server = serve(job(*GOOD[:2], job_id=1))
    live = home.start("forward", "--url", server.url, *QUICK, *command)
    wait_until(lambda: len(_taken(home, "refused")) >= 6)
    (home.folder / "refuse").unlink()
    wait_until(lambda: len(_taken(home)) == 2)
    publish(server.orchestrator.jobs[1], "n2:running", 3)
    wait_until(lambda: len(_taken(home)) == 3)
    told = _stop(live).splitlines()
    assert told[0].startswith("jobevents: ")
    assert told[0].endswith("exited with 1: no \\x1b[31mroom; the batch is sent again until it is taken")
    assert "takes batches again after" in told[1]
    assert told[2:] == ["Interrupted by SIGTERM."]
    assert _ids(home) == [("1", 1), ("1", 2), ("1", 3)]


def test_polling_pauses_while_the_command_fails(home: Home, serve: Serve) -> None:
    """Nothing is asked of the orchestrator while nothing can be delivered."""
    command = _script(home, "with (home / 'tries').open('a') as file:\n    print('x', file=file)\nsys.exit(3)\n")
    server = serve(job("n1:running", job_id=1))
    live = home.start("forward", "--url", server.url, *QUICK, *command)
    wait_until((home.folder / "tries").exists)
    time.sleep(0.5)
    before = len(server.paths)
    time.sleep(1.5)
    assert len(server.paths) == before
    _stop(live)


def test_a_command_that_hangs_is_killed_with_all_it_started(home: Home, serve: Serve) -> None:
    """After --batch-timeout its whole process group is gone, and the batch is sent again."""
    command = _script(
        home,
        "import subprocess\n"
        "if not (home / 'child').exists():\n"
        "    child = subprocess.Popen(['sleep', '1000'])\n"
        "    (home / 'child').write_text(str(child.pid))\n"
        "    child.wait()\n" + TAKE,
    )
    server = serve(job("n1:running", job_id=1))
    live = home.start("forward", "--batch-timeout", "1s", "--url", server.url, *QUICK, *command)
    wait_until(lambda: _taken(home))
    err = _stop(live)
    assert "took longer than 1s and was killed" in err
    child = Path("/proc", (home.folder / "child").read_text())
    if Path("/proc/self").exists():
        wait_until(lambda: not child.exists() or "\nState:\tZ" in (child / "status").read_text())
    assert _ids(home) == [("1", 1)]


def test_a_command_that_does_not_read_but_exits_with_0_commits(home: Home, serve: Serve) -> None:
    """Closing standard input early is no failure."""
    command = _script(home, "os.close(0)\n(home / 'done').touch()\n")
    server = serve(big_job(2000, job_id=1))
    live = home.start("forward", "--since", "1", "--batch-events", "5000", "--url", server.url, *QUICK, *command)
    wait_until((home.folder / "done").exists)
    wait_until(lambda: unfinished(home) == {})
    assert _stop(live) == "Interrupted by SIGTERM.\n"


def test_a_command_that_prints_a_lot_is_not_held_up(home: Home, serve: Serve) -> None:
    """Megabytes on standard error block nobody and are not repeated; its standard output is ours."""
    command = _script(home, f"{TAKE}sys.stderr.write('x' * 3_000_000)\nprint('said', flush=True)\n")
    server = serve(job("n1:running", job_id=1))
    live = home.start("forward", "--batch-timeout", "20s", "--url", server.url, *QUICK, *command)
    assert live.line() == "said\n"
    publish(server.orchestrator.jobs[1], "n1:finished", 2)
    assert live.line() == "said\n"
    assert _stop(live) == "Interrupted by SIGTERM.\n"
    assert _ids(home) == [("1", 1), ("1", 2)]


def _resources(live: Live) -> tuple[int, int]:
    """How many threads and descriptors a program has."""
    process = Path("/proc", str(live.process.pid))
    return len(os.listdir(process / "task")), len(os.listdir(process / "fd"))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
@pytest.mark.parametrize("status", [0, 3])
def test_what_the_command_leaves_behind_holds_up_nothing(home: Home, serve: Serve, status: int) -> None:
    """A batch ends with the command itself: its children may keep its standard output and error open for ever."""
    begin = "import subprocess\nsubprocess.Popen(['sleep', '20'])\n"
    command = _script(home, f"{begin}if (home / 'refuse').exists():\n    sys.exit({status})\n{TAKE}")
    (home.folder / "refuse").touch()
    server = serve(job("n1:running", job_id=1))
    live = home.start("forward", "--url", server.url, *QUICK, *command)
    time.sleep(1.5)
    (home.folder / "refuse").unlink()
    before = (0, 0)
    for number in range(2, 12):
        publish(server.orchestrator.jobs[1], "n1:running", number)
        wait_until(partial(_has_id, home, number), limit=20)
        before = before if before[0] else _resources(live)
    assert _resources(live) <= (before[0] + 1, before[1] + 2)
    live.leave()


def test_standard_error_that_nobody_reads_stops_nothing(home: Home, serve: Serve) -> None:
    """Its pipe is full: what would be said is dropped, and every event arrives."""
    command = _script(
        home, f"{TAKE}if not (home / 'failed').exists():\n    (home / 'failed').touch()\n    sys.exit(3)\n"
    )
    server = serve(job("n1:running", job_id=1))
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(65536))
    os.set_blocking(writer, True)
    arguments = [str(PROGRAM), "forward", "--stats", "0.1s", "--url", server.url, *QUICK, *command]
    with subprocess.Popen(arguments, env=home.environment, stdout=subprocess.DEVNULL, stderr=writer) as process:
        for number in range(2, 8):
            wait_until(partial(_has_id, home, number - 1), limit=20)
            publish(server.orchestrator.jobs[1], "n1:running", number)
        process.terminate()
    os.close(reader)
    os.close(writer)
    assert process.returncode == 143


def _has_id(home: Home, number: int) -> bool:
    return number in [found for _, found in _ids(home)]


def test_the_command_does_not_inherit_the_token(home: Home, serve: Serve) -> None:
    """Of the environment, JOBEVENTS_TOKEN alone is missing."""
    server = serve(job("n1:running", job_id=1))
    with_token = home.with_(JOBEVENTS_TOKEN="s3cret-0123456789abcdef", JOBEVENTS_OTHER="x")
    live = with_token.start(
        "forward", "--url", server.url, *QUICK, "--", "sh", "-c", "env > $HOME/e; mv $HOME/e $HOME/env"
    )
    wait_until((home.folder / "env").exists)
    names = {line.split("=")[0] for line in (home.folder / "env").read_text().splitlines()}
    _stop(live)
    assert "JOBEVENTS_TOKEN" not in names
    assert {"JOBEVENTS_OTHER", "HOME"} <= names


def test_a_state_folder_that_is_removed_is_made_again(home: Home, serve: Serve) -> None:
    """With all that was kept in it: after a kill, nothing is lost and nothing comes twice."""
    quiet, running = job("n1:running", job_id=1), job("n1:running", job_id=2, first=10)
    server = serve(quiet, running)
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: len(_taken(home)) == 2)
    wait_until(lambda: (unfinished(home) or {}).keys() == {1, 2})
    shutil.rmtree(database(home).parent)
    publish(running, "n1:finished", 11)
    wait_until(lambda: (unfinished(home) or {}).keys() == {1, 2})
    wait_until(lambda: len(_taken(home)) == 3)
    wait_until(lambda: unfinished(home) == {1: 1, 2: 11})
    live.signal(signal.SIGKILL)
    assert live.finish().err == ""
    publish(quiet, "n1:finished", 20)
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: ("1", 20) in _ids(home))
    _stop(live)
    assert sorted(_ids(home)) == [("1", 1), ("1", 20), ("2", 10), ("2", 11)]


def test_a_request_for_the_status_is_no_danger_at_the_start(home: Home, serve: Serve) -> None:
    """SIGUSR1 that comes while the program is being loaded does not end it."""
    folder = home.folder / "hook"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "class Hook:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'jobevents_cli.forward':\n"
        "            os.kill(os.getpid(), signal.SIGUSR1)\n"
        "sys.meta_path.insert(0, Hook())\n"
    )
    server = serve(job("n1:running", job_id=1))
    live = home.with_(PYTHONPATH=str(folder)).start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: "0 events delivered" in live.errors)
    wait_until(lambda: _taken(home))
    _stop(live)


def _steady(server: TestServer, number: int) -> Callable[[], None]:
    """Let a job have an event every tenth of a second, ids from 1000 on, until the function returned is called."""
    one = server.orchestrator.jobs[number] = job(job_id=number)
    is_over = threading.Event()

    def publish_all() -> None:
        for event_id in count(1000):
            publish(one, "n1:running", event_id)
            if is_over.wait(0.1):
                return

    threading.Thread(target=publish_all, daemon=True).start()
    return is_over.set


BAD_7 = "lines = sys.stdin.read()\nif '\"n7 is' in lines:\n    sys.exit('bad n7')\n" + TAKE.split("\n", 1)[1]


@pytest.mark.slow
def test_the_event_that_is_refused_is_found_and_skipped(home: Home, serve: Serve) -> None:
    """All others arrive; it is named, and printed as JSON when --skip-after is over, for others are accepted."""
    kinds = [f"n{number}:running" for number in range(1, 11)]
    server = serve(job(*kinds, job_id=1))
    live = home.start("forward", "--skip-after", "2s", "--url", server.url, *QUICK, *_script(home, BAD_7))
    stop = _steady(server, 2)
    wait_until(lambda: ("1", 10) in _ids(home))
    stop()
    told = _stop(live).splitlines()
    assert "exited with 1: bad n7" in told[0]
    assert "takes batches again" in told[1]
    assert told[2].endswith("refuses event 7 of job 1, sent alone: bad n7")
    assert "--skip-after" in told[3]
    assert json.loads(told[4])["id"] == "7"
    assert told[5:] == ["Interrupted by SIGTERM."]
    assert [number for name, number in _ids(home) if name == "1"] == [1, 2, 3, 4, 5, 6, 8, 9, 10]


@pytest.mark.slow
def test_nothing_is_skipped_while_one_job_waits_alone(home: Home, serve: Serve) -> None:
    """An outage could be the reason: nothing is blamed either."""
    server = serve(job("n1:running", "n7:running", job_id=1))
    live = home.start("forward", "--skip-after", "0.1s", "--url", server.url, *QUICK, *_script(home, BAD_7))
    wait_until(lambda: _ids(home) == [("1", 1)])
    time.sleep(5)
    told = _stop(live).splitlines()
    assert "exited with 1: bad n7" in told[0]
    assert "takes batches again" in told[1]
    assert told[2:] == ["Interrupted by SIGTERM."]


def test_a_command_that_cannot_be_started_is_a_usage_error(home: Home, serve: Serve) -> None:
    """2 at once, without a request, whatever the reason; COMMAND must be given."""
    url = serve().url
    (home.folder / "plain").write_text("no program\n")
    for command in (["./no-such-program"], ["no-such-program"], [str(home.folder / "plain")], [""], [str(home.folder)]):
        ran = home.run("forward", "--url", url, "--", *command)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith("Error: COMMAND cannot be started: ")
    assert home.run("forward", "--url", url).status == 2
    for option in ("--stats", "--batch-timeout", "--batch-events", "--max-bytes"):
        assert home.run("forward", option, "0", "--url", url, *INTO_FILE).status == 2


def test_a_program_without_a_format_is_a_usage_error(home: Home, serve: Serve) -> None:
    """A file that may be run but is no program: known at the first batch, and 2 as well."""
    plain = home.folder / "plain"
    plain.write_bytes(b"\x7fELF nothing\n")
    plain.chmod(0o755)
    ran = home.run("forward", "--url", serve(job("n1:running", job_id=1)).url, *QUICK, "--", str(plain))
    assert ran.status == 2
    assert "cannot be started" in ran.err


def test_a_second_forward_of_the_same_name_is_refused(home: Home, serve: Serve) -> None:
    """2, while another name has a position of its own; both are private files."""
    server = serve(job("n1:running", job_id=1))
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: _taken(home))
    ran = home.run("forward", "--url", server.url, *INTO_FILE)
    assert ran.status == 2
    assert "name default is running" in ran.err
    other = home.start(
        "forward", "--name", "other", "--url", server.url, *QUICK, "--", "sh", "-c", "cat >> $HOME/other"
    )
    wait_until(lambda: _taken(home, "other"))
    _stop(live)
    _stop(other)
    folder = database(home).parent
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [str(path.relative_to(folder)) for path in files]
    assert names == ["locks/forward-default", "locks/forward-other", "state.db"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    assert home.run("forward", "--name", "../x", "--url", server.url, *INTO_FILE).status == 2


def test_a_position_that_cannot_be_used_is_a_usage_error(home: Home, serve: Serve) -> None:
    """A damaged file, and one of another orchestrator, are refused and left as they are."""
    one, other = serve(), serve()
    live = home.start("forward", "--url", one.url, *QUICK, *INTO_FILE)
    wait_until(lambda: unfinished(home) == {})
    _stop(live)
    ran = home.run("forward", "--url", other.url, *INTO_FILE)
    assert ran.status == 2
    assert f"that of another orchestrator, {one.url}" in ran.err
    database(home).write_bytes(b"no database" * 100)
    ran = home.run("forward", "--url", one.url, *INTO_FILE)
    assert ran.status == 2
    assert "is damaged" in ran.err
    assert database(home).read_bytes() == b"no database" * 100


def test_filters_let_the_end_of_each_job_pass(home: Home, serve: Serve) -> None:
    """`--type failed` and `--failures` select; job_finished and job_aborted come always."""
    kinds = ("n1:running", "n2:running", "n1:failed", "n2:finished", "job:finished")
    server = serve(job(*kinds, job_id=1), job("n3:running", "job:aborted", job_id=2, first=10))
    for name, option in (("a", ("--type", "failed")), ("b", ("--failures",))):
        into = ("--", "sh", "-c", f"cat >> $HOME/{name}")
        live = home.start("forward", "--since", "1", "--name", name, *option, "--url", server.url, *QUICK, *into)
        wait_until(partial(_has, home, name, 3))
        _stop(live)
        assert sorted(_ids(home, name)) == [("1", 3), ("1", 5), ("2", 11)]


def test_jobs_are_chosen(home: Home, serve: Serve) -> None:
    """`--environment`, `--owner` and `--job-type` choose among jobs."""
    one, two = job(*GOOD, job_id=1), job(*GOOD, job_id=2, first=10)
    two.owner, two.environment, two.command = "jane", "test", "task"
    server = serve(one, two)
    for name, option in (("owner", "jane"), ("environment", "test"), ("job-type", "task")):
        into = ("--", "sh", "-c", f"cat >> $HOME/{name}")
        arguments = ("--since", "1", "--name", name, f"--{name}", option, "--url", server.url)
        live = home.start("forward", *arguments, *QUICK, *into)
        wait_until(partial(_has, home, name, 3))
        _stop(live)
        assert {number for number, _ in _ids(home, name)} == {"2"}


def test_long_texts_are_shortened(home: Home, serve: Serve) -> None:
    """With --max-bytes, an event's texts are cut between characters, and "truncated" is its last key."""
    one = job("n1:running", "n1:finished", "job:finished", job_id=1)
    one.timeline[1][1]["message"] = "ß" * 5000
    one.timeline[1][1]["details"]["detail"] = {"_output": "😀" * 5000, "other": "kept"}
    server = serve(one)
    live = home.start("forward", "--since", "1", "--max-bytes", "1000", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: len(_taken(home)) == 3)
    _stop(live)
    lines = (home.folder / "taken").read_bytes().splitlines()
    assert max(map(len, lines)) <= 1000
    first, long, last = map(json.loads, lines)
    assert list(long)[-1] == "truncated"
    assert long["truncated"] is True
    assert "truncated" not in first | last
    assert long["message"] == "ß" * len(long["message"])
    assert set(long["details"]["detail"]["_output"]) == {"😀"}
    assert long["details"]["detail"]["other"] == "kept"


def test_the_status_line(home: Home, serve: Serve) -> None:
    """`--stats` and SIGUSR1 print jobs followed, events delivered, lag and failed batches."""
    server = serve(job("n1:running", job_id=1))
    live = home.start("forward", "--stats", "1s", "--url", server.url, *QUICK, *INTO_FILE)
    status = "jobevents: 1 job followed, 1 event delivered, lag 0s, 0 failed batches\n"
    wait_until(lambda: status in live.errors)
    _stop(live)
    live = home.start("forward", "--stats", "1h", "--url", server.url, *QUICK, *INTO_FILE)
    publish(server.orchestrator.jobs[1], "n1:finished", 2)
    wait_until(lambda: len(_taken(home)) == 2)

    def is_said() -> bool:
        live.signal(signal.SIGUSR1)  # again: what is taken counts as delivered only once the command has ended
        return status in live.errors

    wait_until(is_said)
    _stop(live)


@pytest.mark.slow
def test_a_job_that_is_gone_is_dropped(home: Home, serve: Serve) -> None:
    """404 for longer than a proxy sends it while a server restarts: a notice; the other jobs are followed on."""
    server = serve(job("n1:running", job_id=1), job("n1:running", job_id=2, first=10))
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: len(_taken(home)) == 2)
    del server.orchestrator.jobs[1]
    wait_until(lambda: "job 1 is not followed any more: " in live.errors)
    publish(server.orchestrator.jobs[2], "n1:finished", 11)
    wait_until(lambda: len(_taken(home)) == 3)
    wait_until(lambda: list(unfinished(home) or ()) == [2])
    _stop(live)


@pytest.mark.parametrize("kind", ["x/unknown-job", "x/not-found", None])
def test_a_404_that_passes_loses_nothing(home: Home, serve: Serve, kind: str | None) -> None:
    """A proxy, or an orchestrator that starts, may know no job for a moment: also one that was never read before."""
    running = job("n1:running", job_id=1)
    server = serve(running)
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: _taken(home))
    server.orchestrator.jobs[2] = job("n1:running", job_id=2, first=10)
    server.faults[0] = error(404, kind, "no") if kind else status(404, b"<html>", Content_Type="text/html")
    server.faults[0] = _about_one_job(server.faults[0])
    seen = len(server.paths)
    wait_until(lambda: any("/jobs/2/" in path for path in server.paths[seen:]) and len(server.paths) > seen + 4)
    publish(running, "n1:finished", 2)
    del server.faults[0]
    wait_until(lambda: sorted(_ids(home)) == [("1", 1), ("1", 2), ("2", 10)])
    assert "not followed" not in _stop(live)


def test_an_outage_never_ends_it(home: Home, serve: Serve) -> None:
    """One notice when contact is lost and one when it is back, however many jobs; nothing is lost meanwhile."""
    jobs = {number: job("n1:running", job_id=number, first=number * 10) for number in range(1, 6)}
    server = serve(*jobs.values())
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: len(_taken(home)) == 5)
    server.faults[0] = error(503, "x/unavailable", "starting")
    seen = len(server.paths)
    wait_until(lambda: len(server.paths) > seen + 12)
    for number, one in jobs.items():
        publish(one, "n1:finished", number * 10 + 1)
    del server.faults[0]
    wait_until(lambda: len(_taken(home)) == 10)
    time.sleep(2)
    told = _stop(live).splitlines()
    assert "contact lost" in told[0]
    assert "contact is back" in told[1]
    assert len(told) == 3
    assert Counter(_ids(home)).most_common(1)[0][1] == 1


@pytest.mark.slow
def test_an_orchestrator_that_is_not_there_yet_is_waited_for(home: Home, serve: Serve) -> None:
    """Also at the start, for longer than other commands would."""
    server = serve(job("n1:running", job_id=1))
    server.faults[0] = error(503, "x/unavailable", "starting")
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    time.sleep(6.5)
    assert live.process.poll() is None
    del server.faults[0]
    wait_until(lambda: _taken(home))
    assert "no answer yet" in _stop(live)


def test_a_refused_token_is_waited_for_and_no_permission_ends_it(home: Home, serve: Serve) -> None:
    """401: the token file is read again until a new token is in it. 403: exit 4."""
    server = serve(job("n1:running", job_id=1))
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: _taken(home))
    server.orchestrator.token = "renewed"
    wait_until(lambda: "contact lost" in live.errors)
    publish(server.orchestrator.jobs[1], "n1:finished", 2)
    time.sleep(0.5)
    assert live.process.poll() is None
    assert len(_taken(home)) == 1
    home.write_token("renewed")
    wait_until(lambda: len(_taken(home)) == 2)
    server.faults[0] = error(403, "puppetlabs.rbac/not-permitted", "no")
    ran = live.finish()
    assert ran.status == 4
    assert ran.err.count("contact lost") == 1
    assert "renewed" not in ran.err


def test_jobs_that_become_visible_late_are_forwarded(home: Home, serve: Serve) -> None:
    """Under a lower number than others, and when they are over already."""
    server = serve(job("n1:running", job_id=10, first=100))
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: _taken(home))
    for number in (12, 11):
        server.orchestrator.jobs[number] = job(*GOOD, job_id=number, first=10 * number)
        wait_until(lambda: (str(number), 10 * number + 2) in _ids(home))  # noqa: B023 - called within the loop
    _stop(live)


def test_an_orchestrator_that_was_restored_begins_anew(home: Home, serve: Serve) -> None:
    """It uses numbers again: what was known of them is about other jobs. What is known is said."""
    server = serve(job("n1:running", job_id=20, first=100), job(*GOOD, job_id=21, first=200))
    live = home.start("forward", "--since", "20", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: len(_taken(home)) == 4)
    _stop(live)
    server.orchestrator.jobs.clear()
    server.orchestrator.jobs[20] = job("n1:running", job_id=20, first=50)
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: ("20", 50) in _ids(home))
    publish(server.orchestrator.jobs[20], "n1:finished", 51)
    wait_until(lambda: ("20", 51) in _ids(home))
    assert "restored" in _stop(live)
    assert len(_taken(home)) == 6


def test_since_beside_a_kept_position_is_not_used(home: Home, serve: Serve) -> None:
    """A notice says so, and how to begin anew."""
    server = serve(job(*GOOD, job_id=1))
    arguments = ("forward", "--since", "1", "--url", server.url, *QUICK, *INTO_FILE)
    live = home.start(*arguments)
    wait_until(lambda: unfinished(home) == {})
    assert _stop(live) == "Interrupted by SIGTERM.\n"
    live = home.start(*arguments)
    wait_until(lambda: live.errors.startswith("jobevents: --since 1 is not used: "))
    assert "--name" in _stop(live)


def test_documents_of_jobs_are_forwarded(home: Home, serve: Serve) -> None:
    """When a job is first seen, and when it ends; of the owner the login alone, no parameters, no results."""
    running, over = job("n1:running", job_id=1), job(*GOOD, job_id=2, first=10)
    server = serve(running, over)
    live = home.start("forward", "--since", "1", "--documents", "--failures", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: len(_taken(home)) == 3)
    running.final_state = "failed"
    publish(running, "job:finished", 5)
    wait_until(lambda: len(_taken(home)) == 5)
    _stop(live)
    documents = [line for line in _taken(home) if line["type"] == "job_document"]
    assert [(line["job"], line["document"]["state"]) for line in documents if line["job"] == "2"] == [("2", "finished")]
    first, last = [line["document"] for line in documents if line["job"] == "1"]
    assert (first["state"], last["state"]) == ("running", "failed")
    assert list(last["owner"]) == ["login"]
    assert last["environment"]["name"]
    assert unfinished(home) == {}


def test_metrics_for_prometheus(home: Home, serve: Serve) -> None:
    """The file is there from the start, and holds the figures of the status line, and contact."""
    server = serve(job("n1:running", job_id=1))
    path = home.folder / "jobevents.prom"
    live = home.start("forward", "--metrics", str(path), "--name", "siem", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(path.exists)
    assert 'jobevents_forward_orchestrator_up{name="siem"} 1\n' in path.read_text()
    wait_until(lambda: 'jobevents_forward_events_delivered_total{name="siem"} 1\n' in path.read_text())
    assert 'jobevents_forward_jobs_followed{name="siem"} 1\n' in path.read_text()
    assert _stop(live) == "Interrupted by SIGTERM.\n"
    live = home.start("forward", "--metrics", "/no/such/folder/x", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: len(_taken(home)) == 2)
    assert "the metrics cannot be written to /no/such/folder/x" in _stop(live)


def test_two_hundred_jobs_at_once(home: Home, serve: Serve) -> None:
    """Every event of 200 jobs arrives once, in order."""
    jobs: dict[int, ScriptedJob] = {
        number: job("n1:running", job_id=number, first=number * 10) for number in range(1, 201)
    }
    server = serve(*jobs.values())
    live = home.start("forward", "--url", server.url, "--batch-wait", "0.1", *INTO_FILE)
    wait_until(lambda: len(_taken(home)) == 200)
    for number, one in jobs.items():
        publish(one, "n1:finished", number * 10 + 1)
        publish(one, "job:finished", number * 10 + 2)
    wait_until(lambda: len(_taken(home)) == 600)
    assert _stop(live) == "Interrupted by SIGTERM.\n"
    assert len(set(_ids(home))) == 600


@pytest.mark.slow
def test_a_response_waits_until_it_is_delivered(home: Home, serve: Serve) -> None:
    """While the command fails, the job is not asked for more; then all arrives in order."""
    (home.folder / "refuse").touch()
    command = _script(home, "if (home / 'refuse').exists():\n    sys.exit(3)\n" + TAKE)
    server = serve(big_job(5_000, job_id=1))
    live = home.start("forward", "--since", "1", "--url", server.url, *QUICK, *command)
    time.sleep(5)
    assert sum("/events" in path for path in server.paths) == 1
    (home.folder / "refuse").unlink()
    wait_until(lambda: len(_taken(home)) == 10_001)
    assert "contact" not in _stop(live)
    assert [number for _, number in _ids(home)] == list(range(1, 10_002))


def test_a_request_that_hangs_holds_up_no_signal(home: Home, serve: Serve) -> None:
    """SIGTERM ends it at once while nothing is being sent."""
    until = threading.Event()
    server = serve(job("n1:running", job_id=1), faults={0: hang(until)})
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: server.paths)
    began = time.monotonic()
    _stop(live)
    assert time.monotonic() - began < 5
    until.set()


def test_a_second_signal_ends_it_at_once(home: Home, serve: Serve) -> None:
    """Who does not want to wait for the command presses Ctrl-C twice; the command does not stay behind."""
    command = _script(home, "(home / 'pid').write_text(str(os.getpid()))\ntime.sleep(60)\n")
    live = home.start("forward", "--url", serve(job("n1:running", job_id=1)).url, *QUICK, *command)
    wait_until(lambda: (home.folder / "pid").exists() and (home.folder / "pid").read_text())
    began = time.monotonic()
    live.signal(signal.SIGINT)
    time.sleep(0.5)
    assert live.process.poll() is None
    live.signal(signal.SIGINT)
    assert live.finish().status == 130
    assert time.monotonic() - began < 5
    child = Path("/proc", (home.folder / "pid").read_text())
    if Path("/proc/self").exists():
        wait_until(lambda: not child.exists() or "\nState:\tZ" in (child / "status").read_text())


@pytest.mark.slow
def test_a_command_that_does_not_end_is_given_ten_seconds(home: Home, serve: Serve) -> None:
    """After SIGTERM; then it is killed, and its batch is sent again at the next start."""
    command = _script(home, "lines = sys.stdin.read()\n(home / 'got').write_text(lines)\ntime.sleep(60)\n")
    server = serve(job("n1:running", job_id=1))
    live = home.start("forward", "--url", server.url, *QUICK, *command)
    wait_until((home.folder / "got").exists)
    began = time.monotonic()
    _stop(live)
    assert 9 < time.monotonic() - began < 14
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: _ids(home) == [("1", 1)])
    _stop(live)


def test_events_of_plans_are_forwarded_if_they_are_wanted(home: Home, serve: Serve) -> None:
    """With --plans each line of a plan's own event names the plan; its jobs come as all others."""
    child = job(*GOOD, job_id=5, first=50)
    plan = ScriptedPlan(12, "deploy::rolling", 1_480_000_000.0, (child,))
    plan.add(1, "task_start", **{"job-id": "5"})
    server = serve(child)
    server.orchestrator.plans[12] = plan
    live = home.start("forward", "--plans", "--since", "5", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: len(_taken(home)) == 4)
    plan.end(2)
    wait_until(lambda: len(_taken(home)) == 5)
    _stop(live)
    lines = (home.folder / "taken").read_text().splitlines()
    assert sorted(line[:13] for line in lines) == ['{"job":"5","t'] * 3 + ['{"plan":"12",'] * 2
    server.orchestrator.plans[13] = ScriptedPlan(13, "x", 1_480_000_000.0)
    server.orchestrator.plans[13].end(1)
    live = home.start("forward", "--plans", "--failures", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: len(_taken(home)) == 6)
    _stop(live)
    assert _taken(home)[-1]["plan"] == "13"


@pytest.mark.slow
def test_hundreds_of_jobs_that_ran_while_nothing_ran(home: Home, serve: Serve) -> None:
    """All of them are found, pages back, and forwarded a part at a time."""
    server = serve(job("n1:running", job_id=1))
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: _taken(home))
    _stop(live)
    for number in range(2, 302):
        server.orchestrator.jobs[number] = job(*GOOD, job_id=number, first=number * 10)
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: len(_taken(home)) == 901)
    _stop(live)
    assert len(set(_ids(home))) == 901


def test_jobs_that_were_found_are_kept_before_anything_is_delivered(home: Home, serve: Serve) -> None:
    """Killed before its first commit, forward still knows the jobs that ran at its first start, and those since."""
    server = serve(job("n1:running", job_id=1))
    live = home.start("forward", "--url", server.url, *QUICK, "--", "sh", "-c", "touch $HOME/begun; exit 3")
    wait_until((home.folder / "begun").exists)
    live.signal(signal.SIGKILL)
    live.finish()
    publish(server.orchestrator.jobs[1], "job:finished", 2)
    server.orchestrator.jobs[2] = job(*GOOD, job_id=2, first=10)
    live = home.start("forward", "--url", server.url, *QUICK, *INTO_FILE)
    wait_until(lambda: len(_taken(home)) == 5)
    _stop(live)
    assert sorted(_ids(home)) == [("1", 1), ("1", 2), ("2", 10), ("2", 11), ("2", 12)]
