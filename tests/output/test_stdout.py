"""Standard output: whole lines, a count that is exact, and nobody who does not read holds up the program."""

import fcntl
import os
import pty
import select
import signal
import socket
import sys
import termios
import threading
import time
from pathlib import Path

import pytest
from support.program import LIMIT, wait_until
from support.script import Script

LINES = b"".join(b"line %06d\n" % number for number in range(100_000))

WRITER = """
    import sys
    from jobevents_cli.errors import JobEventsError
    from jobevents_cli.output.stdout import Stdout
    from jobevents_cli.runtime.loop import Loop
    {first}
    loop = Loop(deadline={deadline})
    stdout = Stdout(loop.must_stop)
    print("begun", file=sys.stderr, flush=True)
    try:
        count = stdout.write({lines})
        assert count == stdout.written
        loop.check()
    except JobEventsError as error:
        print(type(error).__name__, stdout.written, file=sys.stderr)
    else:
        print("all", count, file=sys.stderr)
"""


def _code(
    lines: str = "[b'line %06d\\n' % number for number in range(100_000)]",
    *,
    first: str = "",
    deadline: float | None = None,
) -> str:
    """A script that writes *lines*, then says how that went and how many were out."""
    return WRITER.format(lines=lines, first=first, deadline=deadline)


def _read(reading: int, *, at_once: int = 1 << 20, pause: float = 0) -> bytes:
    """Everything that comes until the other end is closed."""
    found = b""
    while piece := os.read(reading, at_once):
        found += piece
        time.sleep(pause)
    return found


def _wait_until_blocked(reading: int) -> None:
    """Wait until the pipe, socket or terminal that nobody reads takes nothing more."""
    seen = [-1, -2]

    def is_full() -> bool:
        unread = fcntl.ioctl(reading, termios.FIONREAD, bytes(4))
        seen.append(int.from_bytes(unread, sys.byteorder))
        time.sleep(0.1)
        return seen[-1] > 0 and seen[-3:] == [seen[-1]] * 3

    wait_until(is_full)


def test_a_file_gets_everything(tmp_path: Path) -> None:
    """Every line is out when `write` returns."""
    path = tmp_path / "lines"
    with path.open("wb") as file:
        assert Script(_code(), file).finish().err == "begun\nall 100000\n"
    assert path.read_bytes() == LINES


@pytest.mark.parametrize("is_blocking", [True, False])
@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_a_slow_reader_gets_everything(kind: str, *, is_blocking: bool) -> None:
    """As fast as it reads; also if a parent has made the pipe or socket non-blocking."""
    reading, writing = os.pipe() if kind == "pipe" else (end.detach() for end in socket.socketpair())
    os.set_blocking(writing, is_blocking)
    script = Script(_code(), writing)
    os.close(writing)
    assert _read(reading, at_once=10_000, pause=0.001) == LINES
    assert script.finish().err == "begun\nall 100000\n"
    os.close(reading)


@pytest.mark.parametrize("kind", ["pipe", "socket"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_blocked_write_between_two_lines(kind: str, number: signal.Signals) -> None:
    """Within half a second, though nobody reads; as many lines are out as the reader finds afterwards."""
    reading, writing = os.pipe() if kind == "pipe" else (end.detach() for end in socket.socketpair())
    script = Script(_code(), writing)
    os.close(writing)
    script.said()
    _wait_until_blocked(reading)
    before = time.monotonic()
    script.signal(number)
    word, count = script.said().split()
    assert time.monotonic() - before < 0.5
    assert word == "Interrupted"
    script.finish()
    found = _read(reading)
    assert 0 < int(count) < 100_000
    assert found == LINES[: 12 * int(count)]
    os.close(reading)


def test_the_count_is_exact_whenever_a_signal_comes() -> None:
    """While a reader takes lines as fast as it can, too."""
    for take in range(200_000, 1_000_000, 150_000):
        reading, writing = os.pipe()
        script = Script(_code(), writing)
        os.close(writing)
        found = b""
        while len(found) < take:
            found += os.read(reading, 4000)
        script.signal(signal.SIGTERM)
        found += _read(reading)
        word, count = script.finish().err.split()[1:]
        assert word == "Interrupted"
        assert found == LINES[: 12 * int(count)]
        os.close(reading)


def test_the_deadline_ends_a_blocked_write() -> None:
    """As a signal does."""
    ran = Script(_code(deadline=0.5)).finish()
    word, count = ran.err.split()[1:]
    assert word == "TimedOut"
    assert ran.out == LINES[: 12 * int(count)]


def test_a_line_that_was_begun_is_finished_if_its_reader_goes_on() -> None:
    """A line longer than a pipe takes at once, a signal in its middle: the count includes it."""
    reading, writing = os.pipe()
    script = Script(_code("[b'x' * 1_000_000 + b'\\n', b'y\\n']"), writing)
    os.close(writing)
    script.said()
    _wait_until_blocked(reading)
    script.signal(signal.SIGINT)
    time.sleep(0.2)
    assert _read(reading) == b"x" * 1_000_000 + b"\n"
    assert script.finish().err == "Interrupted 1\n"
    os.close(reading)


def test_a_line_that_was_begun_is_broken_off_if_nobody_reads() -> None:
    """After half a second; it does not count."""
    script = Script(_code("[b'y\\n', b'x' * 1_000_000 + b'\\n']"))
    script.said()
    assert script.process.stdout
    _wait_until_blocked(script.process.stdout.fileno())
    before = time.monotonic()
    script.signal(signal.SIGINT)
    assert script.said() == "Interrupted 1"
    assert 0.4 < time.monotonic() - before < 1.5
    assert script.finish().out.startswith(b"y\nxxx")


def test_a_reader_that_leaves_is_an_error_of_its_own() -> None:
    """PipeClosed, while the write waits for it, too."""
    script = Script(_code())
    script.said()
    assert script.process.stdout
    _wait_until_blocked(script.process.stdout.fileno())
    script.process.stdout.close()
    assert script.said().split()[0] == "PipeClosed"
    script.finish()


def test_a_full_disk_is_named() -> None:
    """OutputFailed with the usual cure; nothing is out."""
    code = _code().replace("type(error).__name__", "type(error).__name__, error.hint")
    with open("/dev/full", "wb") as full:
        assert Script(code, full).finish().err == "begun\nOutputFailed is the disk full? 0\n"


def test_what_a_file_took_before_it_was_full_is_counted(tmp_path: Path) -> None:
    """A file that cannot grow further: whole lines in it count."""
    path = tmp_path / "lines"
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (600_006, 600_006))"
    with path.open("wb") as file:
        assert Script(_code(first=limit), file).finish().err == "begun\nOutputFailed 50000\n"
    assert path.read_bytes() == LINES[:600_006]


def test_standard_output_that_was_closed_from_the_start(tmp_path: Path) -> None:
    """Another file may have its number by then: it is not written."""
    path = tmp_path / "other"
    code = _code(first=f"other = open({str(path)!r}, 'w'); assert other.fileno() == 1")
    assert Script(code, within=["sh", "-c", 'exec "$@" >&-', "sh"]).finish().err == "begun\nOutputFailed 0\n"
    assert path.read_bytes() == b""


CHECKER = """
    import sys
    from jobevents_cli.errors import PipeClosed
    from jobevents_cli.output.stdout import Stdout
    stdout = Stdout()
    for line in sys.stdin:
        try:
            stdout.check_reader()
            print("reads", file=sys.stderr, flush=True)
        except PipeClosed:
            print("gone", file=sys.stderr, flush=True)
"""


def _checked(script: Script) -> str:
    """Whether the reader of *script*'s standard output is there, as the script sees it."""
    assert script.process.stdin
    script.process.stdin.write(b"\n")
    script.process.stdin.flush()
    return script.said()


def test_a_reader_that_has_gone_is_noticed_without_writing() -> None:
    """A pipe that was closed."""
    script = Script(CHECKER, stdin=-1)
    assert _checked(script) == "reads"
    assert script.process.stdout
    script.process.stdout.close()
    assert _checked(script) == "gone"
    script.finish()


@pytest.mark.parametrize("how", ["close", "stop reading"])
def test_a_socket_whose_other_end_does_not_read_has_no_reader(how: str) -> None:
    """One that only sends nothing more, as `nc -N` does, still has one."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        script = Script(CHECKER, theirs.detach(), stdin=-1)
        ours.shutdown(socket.SHUT_WR)
        assert _checked(script) == "reads"
        if how == "close":
            ours.close()
        else:
            ours.shutdown(socket.SHUT_RD)
        assert _checked(script) == "gone"
        script.finish()


def test_a_terminal_that_is_stopped_waits_for_its_user() -> None:
    """Ctrl-S holds the lines up, and Ctrl-Q lets all of them through."""
    ours, number = pty.openpty()
    termios.tcflow(number, termios.TCOOFF)
    script = Script(_code(), number)
    script.said()
    assert not select.select([ours], [], [], 0.3)[0]
    found: list[bytes] = []

    def read() -> None:
        while sum(map(len, found)) < len(LINES) + 100_000:
            found.append(os.read(ours, 65536))

    reader = threading.Thread(target=read)
    reader.start()
    termios.tcflow(number, termios.TCOON)
    reader.join(LIMIT)
    assert b"".join(found).replace(b"\r\n", b"\n") == LINES
    assert script.finish().err == "all 100000\n"
    os.close(number)
    os.close(ours)


@pytest.mark.parametrize("how", ["stopped", "not read"])
def test_a_signal_ends_a_write_to_a_terminal_that_takes_nothing(how: str) -> None:
    """Whether its user stopped it, or its emulator hangs."""
    ours, number = pty.openpty()
    if how == "stopped":
        termios.tcflow(number, termios.TCOOFF)
    script = Script(_code(), number)
    script.said()
    if how == "not read":
        _wait_until_blocked(ours)
    before = time.monotonic()
    script.signal(signal.SIGTERM)
    assert script.said().split()[0] == "Interrupted"
    assert time.monotonic() - before < 1
    script.finish()
    os.close(number)
    os.close(ours)


def test_the_token_is_redacted() -> None:
    """Lines that contain it are counted as they were given."""
    hide = "from jobevents_cli.config.redaction import hide; hide('s3cret-token')"
    ran = Script(_code("[b'a s3cret-token\\n', b'b\\n']", first=hide)).finish()
    assert ran.err == "begun\nall 2\n"
    assert b"s3cret" not in ran.out
    assert ran.out.endswith(b"\nb\n")


@pytest.mark.parametrize(("before", "after"), [("half a li", "half a li\n"), ("whole\n", "whole\n"), ("", "")])
def test_a_line_that_an_earlier_run_broke_off_is_ended(tmp_path: Path, before: str, after: str) -> None:
    """What is appended begins on a line of its own."""
    path = tmp_path / "log"
    path.write_text(before)
    code = _code("[b'x\\n']").replace("Stdout(loop.must_stop)", "Stdout(loop.must_stop, begins_line=True)")
    with path.open("ab") as file:
        assert Script(code, file).finish().err == "begun\nall 1\n"
    assert path.read_text() == f"{after}x\n"


def test_a_text_is_printed_as_it_is() -> None:
    """In the encoding of standard output, with escapes for what that does not have."""
    code = "from jobevents_cli.output.stdout import print_text; print_text('✔ é'); print_text('')"
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    assert Script(code, env=environment).finish().out == b"\\u2714 \xe9"
