"""Runs the installed program as its users do: another process, its own streams."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from support import starter

PROGRAM = Path(sys.executable).parent / "jobevents"
LIMIT = 60.0
TOKEN = "s3cret-0123456789abcdef"


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    status: int
    out: str
    err: str


@dataclass
class Home:
    """A user's home and environment: *folder* holds all that the program may read or write."""

    folder: Path
    environment: dict[str, str]

    def with_(self, **variables: str) -> "Home":
        """The same home with more environment *variables*."""
        return Home(self.folder, {**self.environment, **variables})

    def write_token(self, token: str = TOKEN, *, mode: int = 0o600) -> Path:
        """Write the token file that PE's tools write."""
        path = self.folder / ".puppetlabs" / "token"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{token}\n")
        path.chmod(mode)
        return path

    def run(self, *arguments: str, input: bytes | None = None) -> Ran:  # noqa: A002 - subprocess's name
        """Run the program to its end."""
        command = [str(PROGRAM), *arguments]
        if input is None:
            done = starter.run(command, self.environment, LIMIT)
        else:
            done = subprocess.run(
                command, env=self.environment, input=input, capture_output=True, timeout=LIMIT, check=False
            )
        return Ran(as_shells_say(done.returncode), done.stdout.decode(), done.stderr.decode())

    def shell(self, script: str, *, stdin: bytes | None = None) -> Ran:
        """Run *script* in bash, the program on its PATH."""
        done = subprocess.run(
            ["bash", "-c", script], env=self.environment, input=stdin, capture_output=True, timeout=LIMIT, check=False
        )
        return Ran(as_shells_say(done.returncode), done.stdout.decode(), done.stderr.decode())

    def start(self, *arguments: str) -> "Live":
        """Start the program and leave it running."""
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - finish() closes it
        return Live(
            subprocess.Popen([PROGRAM, *arguments], env=self.environment, stdout=subprocess.PIPE, stderr=errors),
            errors,
        )


class Live:
    """A program that runs."""

    def __init__(self, process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
        self.process = process
        self._errors = errors
        self.lines: list[str] = []

    def line(self) -> str:
        """The next line of its standard output."""
        assert self.process.stdout
        line = self.process.stdout.readline().decode()
        self.lines.append(line)
        return line

    @property
    def errors(self) -> str:
        """What it has written to standard error so far."""
        return os.pread(self._errors.fileno(), 1 << 20, 0).decode()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def leave(self) -> None:
        """Kill it, and do not wait for what it has started, which may have its standard output."""
        assert self.process.stdout
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self._errors.close()

    def finish(self) -> Ran:
        """Wait for its end."""
        assert self.process.stdout
        watchdog = threading.Timer(LIMIT, self.process.kill)
        watchdog.start()
        out = self.process.stdout.read().decode()
        status = as_shells_say(self.process.wait())
        watchdog.cancel()
        self.process.stdout.close()
        self._errors.seek(0)
        err = self._errors.read().decode()
        self._errors.close()
        return Ran(status, "".join(self.lines) + out, err)


def as_shells_say(status: int) -> int:
    """The exit *status* as a shell has it: 128 + N after signal N, which may come before Python runs our handler."""
    return 128 - status if status < 0 else status


def home_in(folder: Path, **variables: str) -> Home:
    """A home in *folder* that nothing of this machine's configuration reaches."""
    path = os.pathsep.join([str(PROGRAM.parent), os.environ.get("PATH", "")])
    environment = {
        "HOME": str(folder),
        "PATH": path,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "COLUMNS": "100",
        **variables,
    }
    return Home(folder, environment)


def wait_until(condition: Callable[[], object], *, limit: float = LIMIT) -> None:
    """Wait until *condition* holds; the test fails where it does not within *limit* seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.01)
