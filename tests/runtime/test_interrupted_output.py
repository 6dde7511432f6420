"""Only what was written counts: whatever ends a write, the hint to resume loses nothing and repeats nothing."""

import fcntl
import json
import shlex
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable

import pytest
from support import misbehaving
from support.marks import slow_but
from support.misbehaving import TestServer, big_job, job, publish
from support.program import PROGRAM, Home, Live, wait_until

Serve = Callable[..., TestServer]
IDS = [str(number) for number in range(1, 6002)]


def _ids(out: str) -> list[str]:
    return [json.loads(line)["id"] for line in out.splitlines()]


def _wait_until_blocked(live: Live) -> None:
    """Wait until the standard output of the program, which nobody reads, is full."""
    seen = [0, 0]

    def is_full() -> bool:
        assert live.process.stdout
        unread = fcntl.ioctl(live.process.stdout, termios.FIONREAD, bytes(4))
        seen.append(int.from_bytes(unread, sys.byteorder))
        time.sleep(0.2)
        return seen[-1] > 0 and seen[-3:] == [seen[-1]] * 3

    wait_until(is_full)


def _hint(err: str) -> list[str]:
    """The arguments of the command that *err* proposes."""
    (line,) = [line for line in err.splitlines() if "Resume with: jobevents " in line]
    return shlex.split(line.partition("Resume with: jobevents ")[2])


@pytest.mark.parametrize(
    ("how", "resume"),
    slow_but(
        ((signal.SIGTERM, False), ("--timeout", True)),
        [(how, resume) for how in (signal.SIGINT, signal.SIGTERM, "--timeout") for resume in (False, True)],
    ),
)
def test_the_hint_continues_after_the_last_whole_line(home: Home, serve: Serve, how: object, *, resume: bool) -> None:
    """A reader that does not read, then a signal or the end of `--timeout`: the rest is exactly what was not read."""
    server = serve(big_job(3000))
    options = ["--resume"] if resume else []
    live = home.start(
        "tail", "352", "--json", *options, "--url", server.url, *(["--timeout", "4"] if how == "--timeout" else [])
    )
    if isinstance(how, signal.Signals):
        _wait_until_blocked(live)
        live.signal(how)
    live.process.wait(timeout=20)
    ran = live.finish()
    assert "Traceback" not in ran.err
    assert ran.status == {signal.SIGINT: 130, signal.SIGTERM: 143}.get(how, 124)  # type: ignore[call-overload]
    printed = _ids(ran.out)
    assert 0 < len(printed) < len(IDS)
    rest = home.run(*_hint(ran.err))
    assert (rest.status, printed + _ids(rest.out)) == (0, IDS)


def test_a_full_disk_skips_nothing(home: Home, serve: Serve) -> None:
    """What a file could not take is what the hint continues with; half a line is not."""
    server = serve(big_job(600))
    log = home.folder / "log"
    command = f"jobevents tail 352 --json --url {server.url}"
    ran = home.shell(f"trap '' XFSZ; ulimit -f 100; {command} > {log}")
    assert ran.status == 7
    text = log.read_text()
    whole = text[: text.rfind("\n") + 1]
    rest = home.shell(f"jobevents {shlex.join(_hint(ran.err))}")
    assert 0 < len(whole) <= len(text) < 102_401
    assert _ids(whole) + _ids(rest.out) == IDS[:1201]
    # The next run that appends begins on a line of its own.
    home.shell(f"jobevents {shlex.join(_hint(ran.err))} >> {log}")
    lines = log.read_text().splitlines()
    broken = [] if whole == text else [text[len(whole) :]]
    assert [line for line in lines if line not in broken] == [*whole.splitlines(), *rest.out.splitlines()]


def test_half_a_line_is_finished_if_there_is_room(home: Home, serve: Serve) -> None:
    """A line longer than a pipe takes at once, a signal in its middle: a reader that reads on gets all of it."""
    one = job("n1:running", "job:finished")
    one.timeline[0][1]["message"] = "x" * 400_000
    server = serve(one)
    live = home.start("tail", "352", "--json", "--url", server.url)
    _wait_until_blocked(live)
    assert live.process.stdout
    live.signal(signal.SIGINT)
    ran = live.finish()
    assert ran.status == 130
    printed = [line for line in ran.out.splitlines(keepends=True) if line.endswith("\n")]
    rest = home.run(*_hint(ran.err))
    assert _ids("".join(printed)) + _ids(rest.out) == ["1", "2"]


@pytest.mark.parametrize("options", [["-q"], ["--type", "aborted"]])
def test_a_closed_socket_is_noticed_without_writing(home: Home, serve: Serve, options: list[str]) -> None:
    """Nothing is written, standard output is a socket: its other end is looked for."""
    server = serve(job("n1:running"))
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        [str(PROGRAM), "tail", "352", *options, "--interval", "0.1", "--url", server.url],
        env=home.environment,
        stdout=theirs.fileno(),
    )
    theirs.close()
    wait_until(lambda: len(server.seen) > 2)
    assert process.poll() is None
    ours.close()
    assert process.wait(timeout=10) == 141


def test_ctrl_c_before_any_contact_says_nothing_about_the_job(home: Home, serve: Serve) -> None:
    """What is not known of the job is not said."""
    server = serve()
    url = server.url
    server.__exit__(None, None, None)
    live = home.start("tail", "352", "--start", "5000", "--failures", "--url", url)
    wait_until(lambda: "no answer yet" in live.errors)
    live.signal(signal.SIGINT)
    ran = live.finish()
    assert ran.status == 130
    assert ran.err.splitlines()[-2:] == [
        "Interrupted.",
        f"Resume with: jobevents tail 352 --start 5000 --failures --url {url}",
    ]


def test_the_hint_repeats_what_chooses_events_and_server(home: Home, serve: Serve) -> None:
    """Filters, format and connection are repeated, quoted for the shell; what was seen last decides on --start."""
    running = job("n1:running", "n2:running", first=100)
    server = serve(running)
    token = home.folder / "my token"
    token.write_text((home.folder / ".puppetlabs" / "token").read_text())
    token.chmod(0o600)
    filters = ["--type", "failed", "--node", "web*", "--grep", "it's", "--exclude", "a b", "--json"]
    ran = home.run("tail", "352", *filters, "--timeout", "1", "--url", server.url, "--token-file", str(token))
    assert ran.status == 124
    expected = ["tail", "352", "--start", "102", *filters, "--url", server.url, "--token-file", str(token)]
    assert _hint(ran.err) == expected
    publish(running, "n2:failed", 102)


def test_the_hint_of_a_run_with_n(home: Home, serve: Serve) -> None:
    """`-n 0` hides what existed: the hint continues after it, and with what came since."""
    running = job("n1:running", "n2:running")
    server = serve(running)
    ran = home.run("tail", "352", "-n", "0", "--timeout", "1", "--url", server.url)
    assert (ran.status, ran.out) == (124, "")
    assert _hint(ran.err)[:4] == ["tail", "352", "--start", "3"]


def test_a_job_that_ended_is_not_said_to_run(home: Home, serve: Serve) -> None:
    """After the end the job's own state is requested; Ctrl-C in that time says that the job has ended."""
    gap = threading.Event()
    server = serve(job("n1:running", "job:finished"), faults={2: misbehaving.hang(gap)})
    live = home.start("tail", "352", "--json", "--url", server.url)
    live.line(), live.line()
    wait_until(lambda: len(server.seen) >= 2)
    live.signal(signal.SIGINT)
    ran = live.finish()
    gap.set()
    assert ran.status == 130
    assert "Job 352 has ended. Resume with: jobevents tail 352 --start 3" in ran.err
    assert len(ran.out.splitlines()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("how", ["a reader that leaves", "Ctrl-C"])
def test_the_end_amid_a_long_list_is_clean(home: Home, serve: Serve, how: str) -> None:
    """Wherever it comes: while a thread is within SQLite, too, which must not be closed under it."""
    command = ("list", "352", "--json", "--url", serve(big_job(20_000)).url)
    for count in range(20_000, 500_001, 20_000):
        if how == "Ctrl-C":
            live = home.start(*command)
            assert live.process.stdout
            live.process.stdout.read(count)
            live.signal(signal.SIGINT)
            assert live.finish().status == 130
        else:
            ran = home.shell(f"set -o pipefail; jobevents {shlex.join(command)} | head -c {count} > /dev/null")
            assert ran.status == 141
