"""Runs the user's command with a batch of events on its standard input."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from jobevents_cli.config.redaction import redact
from jobevents_cli.config.sources import TOKEN_VARIABLE
from jobevents_cli.errors import UsageProblem

_KEPT: Final = 4096
"""Bytes of the end of the command's standard error that are kept."""

_READ_WITHIN: Final = 0.5
"""Seconds that the end of standard error may come later than that of the command: its children may keep it open."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a run of the command ended: its exit status (negative: the signal) and the last line of its errors."""

    status: int
    last_words: str
    is_late: bool = False
    """It was killed because it took too long."""


class Receiver:
    """A command that is run once for each batch. While one thread is in `run`, another may call `kill`."""

    def __init__(self, command: Sequence[str]) -> None:
        """Run *command*, a program and its arguments, without a shell. UsageProblem if there is no such program."""
        self.command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_late = False
        if shutil.which(command[0]) is None:
            raise UsageProblem(
                f"COMMAND cannot be started: there is no program {command[0]!r}",
                hint="shell syntax needs a shell: jobevents forward -- sh -c 'COMMAND'",
            )

    def run(self, lines: Sequence[bytes]) -> CommandResult:
        """Run the command with *lines* on its standard input, and wait for its end.

        Its standard output is ours. UsageProblem if it cannot be started; OSError if the system lacks resources.
        """
        with _as_file(lines) as batch:
            process = self._start(batch)
        errors = _LastLine(process)
        _wait(process)
        with self._lock:  # not to be killed from here on: another process may soon have its id
            self._process = None
        status = process.wait()
        return CommandResult(status, errors.read() if status else "", is_late=self._is_late and status != 0)

    def kill(self, *, is_late: bool = False) -> None:
        """Kill the command if it runs, and what it has started. *is_late*: because it took too long."""
        with self._lock:
            if self._process is not None:
                self._is_late = is_late
                _kill_group(self._process)

    def _start(self, batch: BinaryIO) -> "subprocess.Popen[bytes]":
        with self._lock:
            self._is_late = False
            try:
                self._process = subprocess.Popen(  # noqa: S603 - the user's own command
                    self.command,
                    stdin=batch,
                    stderr=subprocess.PIPE,
                    env={name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE},
                    start_new_session=True,  # a Ctrl-C is for us, and all that it starts can be killed together
                )
            except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
                raise self._cannot_start(error) from None
            except OSError as error:
                if error.errno in _PASSING:
                    raise
                raise self._cannot_start(error) from None
            return self._process

    def _cannot_start(self, error: OSError) -> UsageProblem:
        return UsageProblem(f"COMMAND cannot be started: {self.command[0]}: {error.strerror}")


def _passing() -> frozenset[int]:
    import errno

    names = ("EAGAIN", "ENOMEM", "EMFILE", "ENFILE", "ETXTBSY", "EIO")
    return frozenset(getattr(errno, name) for name in names if hasattr(errno, name))


_PASSING: Final = _passing()
"""Errors of starting a program that may pass."""


class _LastLine:
    """Reads the standard error of *process* in a thread, so that it never blocks, and keeps the end of it."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._stream = cast("BinaryIO", process.stderr)
        self._end = b""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._stream, suppress(OSError):
            while piece := os.read(self._stream.fileno(), 1 << 16):
                self._end = (self._end + piece)[-_KEPT:]

    def read(self) -> str:
        """The last line that is not blank, as far as it has come by now."""
        self._thread.join(_READ_WITHIN)
        lines = self._end.decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _as_file(lines: Sequence[bytes]) -> BinaryIO:
    """A file without a name that holds *lines*.

    A pipe would need a writer, which a command that does not read would block.
    """
    file: BinaryIO
    if sys.platform == "linux":
        file = os.fdopen(os.memfd_create("batch"), "w+b")
    else:
        file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    file.write(redact(b"".join(lines)))
    file.seek(0)
    return file


def _wait(process: "subprocess.Popen[bytes]") -> None:
    """Wait until *process* has ended, and keep its process id reserved, if the system allows that."""
    if sys.platform != "win32" and hasattr(os, "waitid"):
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    else:
        process.wait()


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    if sys.platform == "win32":
        command = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - Windows's own tool
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
