"""The settings of a terminal while a footer is shown on it."""

import os
import pty
import signal
import subprocess
import termios
import threading
from collections.abc import Iterator

import pytest
from support import misbehaving
from support.misbehaving import TestServer
from support.program import PROGRAM, Home, wait_until


class BareTerminal:
    """A terminal that is nobody's controlling terminal, as in some CI runners: there is no job control on it."""

    def __init__(self) -> None:
        self._ours, self.number = pty.openpty()
        self._shown = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                self._shown += os.read(self._ours, 65536)
            except OSError:
                return

    @property
    def flags(self) -> int:
        """Its local flags: whether it echoes, and how."""
        flags: int = termios.tcgetattr(self.number)[3]
        return flags

    def set_flags(self, flags: int) -> None:
        """Change the local flags."""
        attributes = termios.tcgetattr(self.number)
        attributes[3] = flags
        termios.tcsetattr(self.number, termios.TCSANOW, attributes)

    def tail(self, home: Home, server: TestServer) -> "subprocess.Popen[bytes]":
        """Start a tail on it and wait for the footer."""
        so_far = len(self._shown)
        process = subprocess.Popen(
            [PROGRAM, "tail", "352", "--interval", "0.1", "--url", server.url],
            env={**home.environment, "TERM": "xterm"},
            stdin=subprocess.DEVNULL,
            stdout=self.number,
            stderr=self.number,
        )
        wait_until(lambda: b"running: n1" in self._shown[so_far:])
        return process

    def close(self) -> None:
        """Take it away."""
        os.close(self.number)
        self._reader.join()
        os.close(self._ours)


@pytest.fixture(name="terminal")
def _terminal() -> Iterator[BareTerminal]:
    """A terminal that echoes."""
    terminal = BareTerminal()
    yield terminal
    terminal.close()


@pytest.fixture(name="server")
def _server() -> Iterator[TestServer]:
    """A job that does not end."""
    with TestServer([misbehaving.job("n1:running", "n2:running")]) as server:
        yield server


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 143


def test_a_terminal_without_job_control(home: Home, server: TestServer, terminal: BareTerminal) -> None:
    """There is a footer too: echo is off while it is shown, and on afterwards."""
    before = terminal.flags
    process = terminal.tail(home, server)
    assert before & termios.ECHO
    assert not terminal.flags & termios.ECHO
    _end(process)
    assert terminal.flags == before


def test_echo_that_was_off_stays_off(home: Home, server: TestServer, terminal: BareTerminal) -> None:
    """If another program switched echo off before, it is off afterwards."""
    terminal.set_flags(terminal.flags & ~termios.ECHO)
    before = terminal.flags
    _end(terminal.tail(home, server))
    assert terminal.flags == before


def test_echo_comes_back_after_a_kill(home: Home, server: TestServer, terminal: BareTerminal) -> None:
    """What `kill -9` left behind is known by its mark: the next program on the terminal puts it right."""
    before = terminal.flags
    process = terminal.tail(home, server)
    process.kill()
    process.wait()
    assert not terminal.flags & termios.ECHO
    _end(terminal.tail(home, server))
    assert terminal.flags == before
