"""Signals and streams: prompt and clean in every phase."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import misbehaving
from support.marks import slow_but
from support.misbehaving import TestServer, big_job, job
from support.program import PROGRAM, Home, wait_until

Serve = Callable[..., TestServer]
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


@pytest.fixture(name="gap")
def _gap() -> Iterator[threading.Event]:
    """Set at the end of the test, so that servers that dawdle let go."""
    event = threading.Event()
    yield event
    event.set()


def _ends(home: Home, arguments: list[str], ready: Callable[[], object], number: signal.Signals) -> tuple[int, str]:
    live = home.start(*arguments)
    wait_until(ready)
    before = time.monotonic()
    live.signal(number)
    ran = live.finish()
    assert time.monotonic() - before < 5
    assert "Traceback" not in ran.err
    return ran.status, ran.err


def _is_connecting(port: int) -> bool:
    """Whether a connection to *port* of this machine is requested and not yet accepted."""
    connections = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(words[2].endswith(f":{port:04X}") and words[3] == "02" for words in connections)


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_while_connecting(home: Home, number: signal.Signals, status: int) -> None:
    """A server that accepts nobody keeps no one from leaving."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            arguments = ["tail", "352", "--url", f"http://127.0.0.1:{port}"]
            code, said = _ends(home, arguments, lambda: _is_connecting(port), number)
    assert code == status
    assert "jobevents tail 352" in said


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_while_waiting_for_an_answer(
    home: Home, serve: Serve, gap: threading.Event, number: signal.Signals, status: int
) -> None:
    """A slow answer keeps no one from leaving."""
    server = serve(job("n1:running"), faults={0: misbehaving.hang(gap)})
    code, _ = _ends(home, ["tail", "352", "--url", server.url], lambda: server.seen, number)
    assert code == status


@pytest.mark.parametrize(("number", "status"), slow_but(SIGNALS[:1], SIGNALS))
def test_while_sleeping_after_a_fault(home: Home, serve: Serve, number: signal.Signals, status: int) -> None:
    """The wait before another try keeps no one from leaving."""
    fault = misbehaving.status(503, b"", Retry_After="4")
    server = serve(job("n1:running"), faults={0: fault})
    code, _ = _ends(home, ["tail", "352", "--url", server.url], lambda: server.seen, number)
    assert code == status


@pytest.mark.parametrize(("number", "status"), slow_but(SIGNALS[1:2], SIGNALS))
def test_while_printing_into_a_full_pipe(home: Home, serve: Serve, number: signal.Signals, status: int) -> None:
    """A reader that does not read keeps no one from leaving."""
    server = serve(big_job(3000))
    live = home.start("list", "352", "--url", server.url)
    wait_until(lambda: server.seen)
    time.sleep(1)  # nothing tells from outside that a pipe is full; too short a time tests less, not wrongly
    live.signal(number)
    assert live.process.wait(timeout=5) == status
    live.finish()


@pytest.mark.parametrize("arguments", [["why", "352"], ["show", "352", "--why"]])
def test_while_puppetdb_does_not_answer(home: Home, serve: Serve, arguments: list[str]) -> None:
    """A signal ends the wait for PuppetDB: it is not taken for a PuppetDB that cannot be used."""
    server = serve(job("n1:failed", "job:finished", final_state="failed"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        asked = threading.Event()

        def accept() -> None:
            connection, _ = silent.accept()
            connection.recv(100)
            asked.set()
            while connection.recv(1000):
                pass
            connection.close()

        threading.Thread(target=accept, daemon=True).start()
        here = home.with_(JOBEVENTS_URL=server.url, JOBEVENTS_PUPPETDB_URL=url)
        code, said = _ends(here, arguments, asked.is_set, signal.SIGTERM)
    assert code == 143
    assert "PuppetDB could not" not in said


INTERRUPTED_AT_THE_VERY_END = """
import atexit, os, signal, sys
sys.argv = ["jobevents", "--version"]
atexit.register(os.write, 2, b"survived")
atexit.register(os.kill, os.getpid(), signal.SIGTERM)
"""


@pytest.mark.parametrize("way", ["__main__ import start as end", "cli import main as end"])
def test_when_all_is_done(home: Home, way: str) -> None:
    """A signal that comes while the process ends changes neither the status nor what was printed."""
    script = [sys.executable, "-c", f"{INTERRUPTED_AT_THE_VERY_END}\nfrom jobevents_cli.{way}\nend()"]
    done = subprocess.run(script, env=home.environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"survived")
    assert done.stdout.startswith(b"jobevents ")


INTERRUPTED_WHILE_LOADED = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path, target=None):
        if name == "click":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
from jobevents_cli.__main__ import start
start()
"""


def test_while_the_program_is_loaded(home: Home) -> None:
    """Ctrl-C while the program is being loaded ends it by that signal, without a word."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WHILE_LOADED], env=home.environment, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")


def test_python_m_is_the_program(home: Home) -> None:
    """`python -m jobevents_cli` is `jobevents`."""
    ran = home.shell(f"{sys.executable} -m jobevents_cli --version")
    assert (ran.status, ran.out) == (0, home.run("--version").out)


def test_what_the_starter_ignores_is_ignored(home: Home, serve: Serve) -> None:
    """Under nohup, SIGHUP does not end the tail."""
    server = serve(job("n1:running"))
    ran = home.shell(
        f"trap '' HUP; jobevents tail 352 --timeout 2 --url {server.url} & sleep 1; kill -HUP $!; wait $!; echo $?"
    )
    assert ran.out.splitlines()[-1] == "124"


def test_closed_standard_error(home: Home, serve: Serve) -> None:
    """Without a standard error the exit status still tells."""
    server = serve(job("n1:running"))
    ran = home.shell(f"jobevents tail 353 --url {server.url} 2>&-; echo $?")
    assert ran.out == "6\n"


def test_closed_standard_output(home: Home, serve: Serve) -> None:
    """A standard output that was never open is an error that is said, and no defect."""
    ran = home.shell(f"jobevents list 352 --url {serve(job('n1:running')).url} >&-; echo $? >&2")
    assert ran.err.splitlines()[-1] == "7"
    assert "standard output cannot be written" in ran.err


def test_a_pipe_that_was_made_non_blocking(home: Home, serve: Serve) -> None:
    """A pipe in non-blocking mode, as some parents leave it, loses nothing."""
    server = serve(big_job(3000))
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    process = subprocess.Popen(
        [PROGRAM, "list", "352", "--json", "--url", server.url], env=home.environment, stdout=writing
    )
    os.close(writing)
    with open(reading, "rb") as pipe:
        lines = pipe.read().splitlines()
    assert process.wait(timeout=30) == 0
    assert len(lines) == 6001


def test_a_reader_that_has_gone_is_noticed_behind_a_filter(home: Home, serve: Serve) -> None:
    """Events that a filter hides do not keep a tail alive whose reader has gone."""
    server = serve(job("n1:failed", "n2:running"))
    command = f"jobevents tail 352 --failures --interval 0.1 --url {server.url}"
    process = subprocess.Popen(
        ["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"], env=home.environment, stdout=subprocess.PIPE
    )
    number = 3
    while process.poll() is None:
        misbehaving.publish(server.orchestrator.jobs[misbehaving.JOB], f"n{number}:running", number)
        number += 1
        assert number < 3000
        time.sleep(0.01)
    assert process.stdout is not None
    process.stdout.close()
    assert process.returncode == 141
