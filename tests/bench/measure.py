"""Runs commands and measures what they take."""

import os
import pty
import resource
import shlex
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.sizes import PAIRS

PROGRAM: Final = str(Path(sys.executable).parent / "jobevents")


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a command took: seconds, seconds of processor time, MB."""

    wall: float
    cpu: float
    peak: float


class Bench:
    """The server and the environment of the cases."""

    def __init__(self, url: str, puppetdb: str, home: str) -> None:
        self.url = url
        self.home = home
        self.environment = {
            "HOME": home,
            "PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "JOBEVENTS_URL": url,
            "JOBEVENTS_TOKEN": "bench",
            "JOBEVENTS_PUPPETDB_URL": puppetdb,
        }

    def run(self, command: str) -> Run:
        """Run *command* once, its output thrown away."""
        before = cpu_of_children()
        began = time.perf_counter()
        process = subprocess.Popen(
            ["/usr/bin/env", *shlex.split(command)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, _, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = 0
        return Run(wall, cpu_of_children() - before, used.ru_maxrss / 1024)

    def ratio(self, command: str, other: str, *, pairs: int = PAIRS) -> float:
        """The median of the walls of *command* over that of the *other*, run in turn."""
        self.run(command), self.run(other)
        runs = [(self.run(command).wall, self.run(other).wall) for _ in range(pairs)]
        return statistics.median(a for a, _ in runs) / statistics.median(b for _, b in runs)

    @contextmanager
    def started(self, arguments: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
        """The program, running; killed at the end."""
        process = subprocess.Popen(
            [PROGRAM, *shlex.split(arguments)],
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()

    def on_terminal(self, arguments: str, run: str) -> float:
        """Seconds until *arguments* ended on a pseudo-terminal that is read at once; *run* names the run."""
        began = time.perf_counter()
        child, terminal = pty.fork()
        if child == 0:
            os.execve(PROGRAM, [PROGRAM, *shlex.split(arguments)], {**self.environment, "JOBEVENTS_TOKEN": run})
        while True:
            try:
                if not os.read(terminal, 1 << 16):
                    break
            except OSError:
                break
        os.waitpid(child, 0)
        os.close(terminal)
        return time.perf_counter() - began

    def counted(self, what: str) -> int:
        """A number that the server counts: `polls/5`, `queries`."""
        with urllib.request.urlopen(f"{self.url}/{what}") as response:
            return int(response.read())


def cpu_of_children() -> float:
    """Seconds of processor time that all children that ended took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_of(pid: int) -> float:
    """Seconds of processor time that the process *pid* took itself."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def resources_of(pid: int) -> tuple[float, int, int]:
    """The peak memory in MB, the threads and the sockets of the process *pid*."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    facts = dict(line.split(":", 1) for line in lines)
    links = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.is_symlink()]
    sockets = sum(link.startswith("socket:") for link in links)
    return int(facts["VmHWM"].split()[0]) / 1024, int(facts["Threads"]), sockets
