"""Runs the program in a fork of this process, for tests that need thousands of runs: nothing is loaded anew."""

import faulthandler
import os
import select
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NoReturn

from jobevents_cli.cli import main
from support.program import Ran, as_shells_say

_END_WITHIN = 8.0
"""Seconds in which a run must end after SIGTERM."""


def run_forked(arguments: list[str], environment: Mapping[str, str], *, stop_after: float, stdin: bytes = b"") -> Ran:
    """Run the program with these *arguments* and no other *environment*; SIGTERM comes after *stop_after* seconds.

    AssertionError, with the traceback of every thread, if it does not end even then.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python 3.12 warns of threads: those here hold nothing that the run needs
            process = os.fork()
        if process == 0:
            _become_the_program(arguments, environment, (given, out, err))
        status = _waited_for(process, stop_after)
        out.seek(0)
        err.seek(0)
        ran = Ran(status, out.read().decode(errors="replace"), err.read().decode(errors="replace"))
        assert status != 128 + signal.SIGKILL, f"it did not end:\n{ran.err}"
        return ran


def _become_the_program(
    arguments: list[str], environment: Mapping[str, str], streams: tuple[IO[bytes], ...]
) -> NoReturn:
    status = 99
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream.fileno(), number)
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
            for number, mode in enumerate("rww")
        )
        faulthandler.register(signal.SIGUSR1, file=2, all_threads=True)
        main(arguments)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 98
    finally:
        os._exit(status)


def _waited_for(process: int, stop_after: float) -> int:
    """The exit status of *process*; it is told to stop, then to say where it is, then killed."""
    handle = os.pidfd_open(process)  # type: ignore[attr-defined,unused-ignore] # Linux alone has it
    try:
        for seconds, number in ((stop_after, signal.SIGTERM), (_END_WITHIN, signal.SIGUSR1), (0.5, signal.SIGKILL)):
            if select.select([handle], [], [], seconds)[0]:
                break
            os.kill(process, number)
        return as_shells_say(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
    finally:
        os.close(handle)


def files_with(text: str, folder: Path, *, besides: Path) -> list[Path]:
    """The files below *folder*, *besides* one, that contain *text*."""
    files = (path for path in folder.rglob("*") if path.is_file() and path != besides)
    return [path for path in files if text.encode() in path.read_bytes()]
