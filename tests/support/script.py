"""Runs a few lines of Python in a process of their own, for what a test cannot do to its own process."""

import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from typing import IO, Any, NamedTuple

from support.program import LIMIT, as_shells_say


class Ended(NamedTuple):
    """How a script ended, and what it printed that was not read before."""

    status: int
    out: bytes
    err: str


class Script:
    """A process that runs Python code. It says on standard error what the test has to know."""

    def __init__(
        self, code: str, stdout: int | IO[Any] = subprocess.PIPE, *, within: Sequence[str] = (), **options: Any
    ) -> None:
        """Start *code* with *stdout*, *within* another program. Other *options* are those of Popen."""
        command = [*within, sys.executable, "-c", textwrap.dedent(code)]
        self.process = subprocess.Popen(command, stdout=stdout, **{"stderr": subprocess.PIPE, **options})

    def said(self) -> str:
        """The next line that it prints on standard error."""
        assert self.process.stderr
        line: bytes = self.process.stderr.readline()
        return line.decode().rstrip("\n")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def finish(self) -> Ended:
        """Close its standard input and wait for its end. Standard output is read only then."""
        assert self.process.stderr
        with self.process:
            if self.process.stdin:
                self.process.stdin.close()
            err = self.process.stderr.read().decode()
            status = as_shells_say(self.process.wait(LIMIT))
            stdout = self.process.stdout
            return Ended(status, stdout.read() if stdout and not stdout.closed else b"", err)
