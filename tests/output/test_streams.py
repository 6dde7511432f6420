"""The two standard streams: what is written is counted, and nobody who does not read holds the program up."""

import errno
import os
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.program import LIMIT, Home

from jobevents_cli.errors import OutputFailed, PipeClosed, TimedOut
from jobevents_cli.output import streams
from jobevents_cli.output.streams import Output, print_text, say

LINES = b"".join(b"line %05d\n" % number for number in range(20_000))


@contextmanager
def descriptor(number: int, other: int) -> Iterator[None]:
    """Let the descriptor *number* (1 or 2) be the open one *other*, which is closed.

    Used in the tests' own bodies: pytest's capture changes both descriptors between a fixture and its test.
    """
    kept = os.dup(number)
    os.dup2(other, number)
    os.close(other)
    try:
        yield
    finally:
        os.dup2(kept, number)
        os.close(kept)


@contextmanager
def piped() -> Iterator[int]:
    """Let standard output be a pipe; gives its reading end."""
    reading, writing = os.pipe()
    with descriptor(1, writing):
        yield reading
    os.close(reading)


def _available(reading: int) -> bytes:
    """What can be read now."""
    os.set_blocking(reading, False)
    found = b""
    with suppress(BlockingIOError):
        while piece := os.read(reading, 1 << 20):
            found += piece
    return found


def _stop_at_once() -> None:
    raise TimedOut("enough")


def test_what_is_written_is_counted() -> None:
    """Each write is out when it returns, and its bytes are counted."""
    with piped() as pipe:
        output = Output()
        output.write(b"one\n")
        output.write(b"")
        output.write(b"two\n")
        assert (output.written, _available(pipe)) == (8, b"one\ntwo\n")


def test_a_slow_reader_gets_everything() -> None:
    """More than a pipe holds is written as fast as it is read."""
    with piped() as pipe:
        found: list[bytes] = []

        def read() -> None:
            while sum(map(len, found)) < len(LINES):
                found.append(os.read(pipe, 5000))

        reader = threading.Thread(target=read)
        reader.start()
        output = Output()
        output.write(LINES)
        reader.join(LIMIT)
        assert (output.written, b"".join(found)) == (len(LINES), LINES)


def test_a_blocked_write_ends_when_it_is_no_longer_wanted() -> None:
    """The wait for a reader ends with what `while_blocked` raises; the count is exact, and in whole lines."""
    with piped() as pipe:
        output = Output(_stop_at_once)
        with pytest.raises(TimedOut):
            output.write(LINES)
        found = _available(pipe)
        assert output.written == len(found)
        assert 0 < len(found) < len(LINES)
        assert found.endswith(b"\n")
        time.sleep(0.3)  # a thread that still wrote would do it now
        assert _available(pipe) == b""
        assert output.written == len(found)


def test_a_line_that_no_pipe_takes_at_once_is_counted_as_far_as_it_went() -> None:
    """The count is exact even in the middle of a line."""
    with piped() as pipe:
        output = Output(_stop_at_once)
        with pytest.raises(TimedOut):
            output.write(b"x" * 1_000_000 + b"\n")
        assert output.written == len(_available(pipe)) > 0


def test_a_write_after_an_interrupted_one_is_written() -> None:
    """What ends a blocked write does not end the output: a terminal is still to be cleared."""
    with piped() as pipe:
        output = Output(_stop_at_once)
        with pytest.raises(TimedOut):
            output.write(LINES)
        _available(pipe)
        output.write(b"last\n")
        assert _available(pipe) == b"last\n"


def test_a_write_with_a_limit_gives_up() -> None:
    """`within`: what nobody reads in time is left."""
    with piped() as pipe:
        output = Output()
        before = time.monotonic()
        output.write(LINES, within=0.2)
        assert time.monotonic() - before < 5
        assert output.written == len(_available(pipe))


def test_a_non_blocking_pipe_loses_nothing() -> None:
    """A pipe that a parent process made non-blocking gets everything."""
    found: list[bytes] = []
    with piped() as pipe:
        os.set_blocking(1, False)

        def read() -> None:
            while sum(map(len, found)) < len(LINES):
                found.append(os.read(pipe, 3000))

        reader = threading.Thread(target=read)
        reader.start()
        Output().write(LINES)
        reader.join(LIMIT)
    assert b"".join(found) == LINES


def test_a_reader_that_has_gone_is_an_error_of_its_own() -> None:
    """PipeClosed, whether it is noticed by writing or by looking."""
    reading, writing = os.pipe()
    with descriptor(1, writing):
        output = Output()
        output.check_reader()
        os.close(reading)
        with pytest.raises(PipeClosed):
            output.check_reader()
        with pytest.raises(PipeClosed):
            output.write(b"x\n")
        with pytest.raises(PipeClosed):
            print_text("x\n")


def test_a_socket_whose_other_end_is_closed_has_no_reader() -> None:
    """POLLHUP is looked for; a reader that only ended its own side still reads."""
    ours, theirs = socket.socketpair()
    with descriptor(1, ours.detach()):
        output = Output()
        theirs.shutdown(socket.SHUT_WR)
        output.check_reader()
        output.write(b"x\n")
        assert theirs.recv(10) == b"x\n"
        theirs.close()
        with pytest.raises(PipeClosed):
            output.check_reader()


def test_a_full_disk_is_named() -> None:
    """OutputFailed with the usual cure."""
    with descriptor(1, os.open("/dev/full", os.O_WRONLY)):
        for write in (Output().write, streams.print_bytes):
            with pytest.raises(OutputFailed) as caught:
                write(b"x\n")
            assert caught.value.hint == "is the disk full?"


def test_what_a_file_took_before_it_was_full_is_counted(tmp_path: Path) -> None:
    """A file that cannot grow further: the bytes that it took count as written."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    output = Output()
    with descriptor(1, os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)):
        resource.setrlimit(resource.RLIMIT_FSIZE, (1005, before[1]))
        try:
            with pytest.raises(OutputFailed, match=os.strerror(errno.EFBIG)):
                output.write(LINES)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert output.written == (tmp_path / "log").stat().st_size == 1005


def test_standard_output_that_was_never_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Descriptor 1 may be another file by then: it is not written."""
    monkeypatch.setattr("sys.stdout", None)
    with pytest.raises(OutputFailed):
        Output().write(b"x\n")
    Output().check_reader()


def test_what_cannot_be_said_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full or closed standard error changes nothing."""
    with open("/dev/full", "w") as full:
        monkeypatch.setattr("sys.stderr", full)
        say("x")
    monkeypatch.setattr("sys.stderr", None)
    say("x")


def test_a_blocked_standard_error_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """`within` ends the wait for its reader, and so does what `while_blocked` raises."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(65536))
    os.set_blocking(writing, True)
    before = time.monotonic()
    with open(writing, "w") as stderr:
        monkeypatch.setattr("sys.stderr", stderr)
        say("x", within=0.2)
        with pytest.raises(TimedOut):
            say("x", while_blocked=_stop_at_once)
    assert time.monotonic() - before < 5
    assert b"x" not in _available(reading)
    os.close(reading)


@pytest.mark.parametrize("command", ["--version", "no-such-command"])
def test_an_unwritable_standard_error_changes_no_exit_status(home: Home, command: str) -> None:
    """Python itself would end with 120 if it could not flush standard error."""
    expected = home.shell(f"jobevents {command}").status
    assert home.shell(f"jobevents {command} 2> /dev/full").status == expected
