"""Run COMMAND with a batch of events on its standard input. A batch ends with COMMAND, whatever it has started."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO, Final, NamedTuple, cast

from jobevents_cli.errors import UsageProblem

_KEPT: Final = 4096
"""Bytes at the end of standard error in which the last line is looked for."""

_PASSING: Final = frozenset(
    getattr(errno, name)
    for name in ("EAGAIN", "ENOMEM", "EMFILE", "ENFILE", "ETXTBSY", "EIO", "ENOSPC", "EDQUOT")
    if hasattr(errno, name)
)
"""Errors of starting a program that may pass."""


class Ended(NamedTuple):
    """How a run of COMMAND ended."""

    status: int
    """Its exit status; negative: the signal that ended it; 127: it could not be started."""
    words: str
    """The last line of its standard error, if it failed."""


class Command:
    """COMMAND, which is run once for each batch. While one thread is in `run`, others may call `kill` and `wait`."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Run the program *arguments*, without a shell. UsageProblem if there is no such program."""
        self.name = arguments[0]
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        if shutil.which(self.name) is None:
            raise UsageProblem(
                f"COMMAND cannot be started: there is no program {self.name!r}",
                hint="shell syntax needs a shell: jobevents forward -- sh -c 'COMMAND'",
            )

    def run(self, lines: bytes) -> Ended:
        """Run COMMAND with *lines* on its standard input, and wait for its end.

        Its standard output is ours. UsageProblem if it can never be started.
        """
        try:
            # Files: a pipe would need a thread, and COMMAND's children may keep the other end open for ever.
            with _file() as batch, _file() as errors:
                batch.write(lines)
                batch.seek(0)
                process = self._process = subprocess.Popen(  # noqa: S603 - the user's own command
                    self._arguments,
                    stdin=batch,
                    stderr=errors,
                    env={name: value for name, value in os.environ.items() if name != "JOBEVENTS_TOKEN"},
                    start_new_session=True,  # a Ctrl-C is for us, and all that it starts can be killed together
                )
                status = process.wait()
                return Ended(status, _last_line(errors) if status else "")
        except OSError as error:
            if error.errno not in _PASSING:
                raise UsageProblem(f"COMMAND cannot be started: {self.name}: {error.strerror}") from None
            return Ended(127, f"it cannot be started: {error.strerror}")

    def kill(self) -> None:
        """Kill COMMAND if it runs, and what it has started. A signal handler may call this."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        if sys.platform == "win32":
            taskkill = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
            subprocess.run(taskkill, capture_output=True, check=False)  # noqa: S603 - Windows's own tool
            process.kill()
        else:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _file() -> BinaryIO:
    """A file without a name."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("jobevents"), "w+b")
    return cast("BinaryIO", tempfile.TemporaryFile())


def _last_line(file: BinaryIO) -> str:
    """The last line of *file* that is not blank."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - _KEPT))
    lines = file.read(_KEPT).decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
