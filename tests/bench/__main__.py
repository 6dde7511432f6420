"""Runs the benchmark and prints its table: `python -m bench [WORD]`, in the folder `tests`; WORD picks rows."""

import json
import os
import pty
import resource
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.server import (
    BURST,
    FIRST_RUNNING,
    FORWARDED,
    HUGE,
    IDLE,
    LARGE,
    LARGE_EVENTS,
    LIVE,
    RUNNING,
    SMALL,
    TRICKLE,
)

PROGRAM = str(Path(sys.executable).parent / "jobevents")
PAIRS = 7
BARE = """
import httpx, json, os
answer = httpx.Client().get(os.environ["JOBEVENTS_URL"] + "/orchestrator/v1/jobs/1/events")
for event in answer.json()["items"]:
    print(json.dumps(event))
"""


@dataclass(frozen=True)
class Run:
    """What one run of a command took."""

    wall: float
    cpu: float
    peak: float


class Bench:
    """The cases, each giving a figure and whether it reaches its goal."""

    def __init__(self, url: str, home: str) -> None:
        self.url = url
        self.environment = {
            "HOME": home,
            "PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "JOBEVENTS_URL": url,
            "JOBEVENTS_TOKEN": "bench",
        }

    def run(self, command: str) -> Run:
        """Run *command* once, its output thrown away."""
        before = _cpu_of_children()
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
        return Run(wall, _cpu_of_children() - before, used.ru_maxrss / 1024)

    def ratio(self, command: str, other: str, *, pairs: int = PAIRS) -> float:
        """The median of the walls of *command* over those of the *other*, run in turn."""
        self.run(command), self.run(other)
        runs = [(self.run(command).wall, self.run(other).wall) for _ in range(pairs)]
        return statistics.median(a for a, _ in runs) / statistics.median(b for _, b in runs)

    def curl_jq(self, job: int) -> str:
        """What the large lists are measured against."""
        return f"sh -c \"curl -s {self.url}/orchestrator/v1/jobs/{job}/events | jq -c '.items[]'\""

    def help(self) -> tuple[str, bool]:
        """Start-up: --help, --version and a Tab, the worst of them."""
        click = f"{sys.executable} -c 'import click'"
        tab = f"_JOBEVENTS_COMPLETE=bash_complete 'COMP_WORDS=jobevents tail --' COMP_CWORD=2 {PROGRAM}"
        worst = max(self.ratio(f"{PROGRAM} {option}", click, pairs=15) for option in ("--help", "--version"))
        worst = max(worst, self.ratio(tab, click, pairs=15))
        return f"{worst:.2f}", worst <= 1.25

    def small(self) -> tuple[str, bool]:
        """51 events against a bare script."""
        found = self.ratio(f"{PROGRAM} list {SMALL} --json", f"{sys.executable} -c {shlex.quote(BARE)}", pairs=15)
        return f"{found:.2f}", found <= 1.1

    def large_json(self) -> tuple[str, bool]:
        """100,000 events as JSON."""
        found = self.ratio(f"{PROGRAM} list {LARGE} --json", self.curl_jq(LARGE))
        return f"{found:.2f}", found <= 0.8

    def large_text(self) -> tuple[str, bool]:
        """100,000 events as coloured text."""
        found = self.ratio(f"{PROGRAM} list {LARGE} --color always", self.curl_jq(LARGE))
        return f"{found:.2f}", found <= 0.8

    def memory(self) -> tuple[str, bool]:
        """Peak memory for 60 MB and for 600 MB, as JSON or as coloured text, whichever takes more."""
        forms = ("--json", "--color always")
        peaks = [max(self.run(f"{PROGRAM} list {job} {form}").peak for form in forms) for job in (LARGE, HUGE)]
        return f"{peaks[0]:.0f} and {peaks[1]:.0f} MB", max(peaks) <= 60

    def first_line(self) -> tuple[str, bool]:
        """How long after the first of 100,000 events was sent its line is out."""
        with self._started(f"list {TRICKLE} --json") as process:
            assert process.stdout is not None
            event = json.loads(process.stdout.readline())
            late = time.time() - event["sent"]
        return f"{late:.2f} s", late <= 0.2

    def latency(self) -> tuple[str, bool]:
        """How late an event's line is at the default interval, and how often it is polled for that."""
        lates = []
        began = time.time()
        with self._started(f"tail {LIVE} --json --no-progress -n 0") as process:
            assert process.stdout is not None
            for _ in range(99):
                event = json.loads(process.stdout.readline())
                lates.append(time.time() - event["visible"])
            seconds = time.time() - began
        polls = self._polls(LIVE) / seconds
        late = statistics.median(lates)
        return f"{late:.2f} s, {polls:.2f} polls/s", late <= 0.6 and polls <= 1.3

    def idle(self) -> tuple[str, bool]:
        """The share of a core that a tail takes while nothing happens for a minute."""
        base = self._cpu_of(f"tail {IDLE} --timeout 5")
        used = self._cpu_of(f"tail {IDLE} --timeout 65") - base
        share = used / 60
        return f"{share:.2%}", share <= 0.005

    def many(self) -> tuple[str, bool]:
        """The CPU of following 200 running jobs for half a minute, against following one; how late an event was."""
        command = "tail {} --timeout 30 --json -n 0"
        one = self._cpu_of(command.format(FIRST_RUNNING))
        jobs = " ".join(str(FIRST_RUNNING + number) for number in range(RUNNING))
        before = _cpu_of_children()
        with self._started(command.format(jobs)) as process:
            assert process.stdout is not None
            latest = max(time.time() - json.loads(line)["visible"] for line in process.stdout)
        found = (_cpu_of_children() - before) / one
        return f"{found:.1f}, {latest:.1f} s", found <= 15 and latest <= 2

    def footer(self) -> tuple[str, bool]:
        """A job of 5,000 nodes with 2,000 events a second, on a terminal, with the footer and without."""
        with_footer = self._on_terminal(f"tail {BURST}", "with")
        without = self._on_terminal(f"tail {BURST} --no-progress", "without")
        found = with_footer / without
        return f"{found:.2f}", found <= 1.3

    def forward(self) -> tuple[str, bool]:
        """100,000 events through `forward -- cat`: the CPU of jobevents itself, and events a second."""
        ratios, rates = [], []
        for number in range(3):
            tailed = self._cpu_of(f"tail {FORWARDED} --json")
            began = time.perf_counter()
            with self._started(f"forward --since 1 --name run{number} -- cat", stdout=subprocess.DEVNULL) as process:
                name = f".local/state/jobevents/cursors/forward-run{number}.json"
                _wait_until_forwarded(Path(self.environment["HOME"], name))
                rates.append(LARGE_EVENTS / (time.perf_counter() - began))
                ratios.append(_own_cpu_of(process.pid) / tailed)
        found = statistics.median(ratios)
        return f"{found:.2f}, {statistics.median(rates):.0f} events/s", found <= 1.3

    def _polls(self, job: int) -> int:
        import urllib.request

        with urllib.request.urlopen(f"{self.url}/polls/{job}") as answer:
            return int(answer.read())

    def _cpu_of(self, arguments: str) -> float:
        return self.run(f"{PROGRAM} {arguments}").cpu

    @contextmanager
    def _started(self, arguments: str, *, stdout: int = subprocess.PIPE) -> "Iterator[subprocess.Popen[bytes]]":
        process = subprocess.Popen(
            [PROGRAM, *shlex.split(arguments)],
            env=self.environment,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _on_terminal(self, arguments: str, run: str) -> float:
        """Seconds of CPU and waiting until *arguments* ended on a pseudo-terminal that is read at once."""
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


def _wait_until_forwarded(position: Path) -> None:
    """Wait until *position* says that every job was delivered to its end."""
    while True:
        time.sleep(0.02)
        jobs = json.loads(position.read_text())["jobs"] if position.exists() else {}
        if jobs.get("known") and not jobs["unfinished"]:
            return


def _own_cpu_of(process: int) -> float:
    """Seconds of the processor that *process* used, its children not counted."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


ROWS: tuple[tuple[str, str, str, Callable[[Bench], tuple[str, bool]]], ...] = (
    ("`--help`, `--version`, a Tab press", "`python -c 'import click'`", "at most 1.25", Bench.help),
    ("`list --json`, 51 events", "httpx.Client().get, json, print", "at most 1.1", Bench.small),
    ("`list --json`, 100,000 events, 60 MB", "`curl -s \\| jq -c '.items[]'`", "at most 0.8", Bench.large_json),
    ("the same as coloured text", "the same curl and jq", "at most 0.8", Bench.large_text),
    ("peak memory of both, answers of 60 and 600 MB", "", "at most 60 MB", Bench.memory),
    ("first line, 100,000 events over 10 s", "first event sent", "at most 0.2 s", Bench.first_line),
    ("an event's line, default interval", "the event visible", "at most 0.6 s, 1.3 polls/s", Bench.latency),
    ("CPU while a tail idles", "one core", "at most 0.5 %", Bench.idle),
    (
        "`tail` of 200 running jobs: CPU; the latest event",
        "`tail` of one; the event visible",
        "at most 15; 2 s",
        Bench.many,
    ),
    ("footer, 5,000 nodes, 2,000 events/s", "without footer", "at most 1.3", Bench.footer),
    (
        "`forward -- cat`, 100,000 events: CPU of jobevents itself; rate",
        "`tail --json`",
        "at most 1.3",
        Bench.forward,
    ),
)


def main() -> None:
    """Print the table."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    missing = [tool for tool in ("curl", "jq") if not shutil.which(tool)]
    if missing:
        raise SystemExit(f"the benchmark needs {' and '.join(missing)}")
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
    sys.stdout.write("| what | against | goal | measured |\n| --- | --- | --- | --- |\n")
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(url, home)
        for what, against, goal, measure in ROWS:
            if word in what:
                figure, is_reached = measure(bench)
                sys.stdout.write(f"| {what} | {against} | {goal} | {figure}{'' if is_reached else ' (missed)'} |\n")
                sys.stdout.flush()
    server.kill()
    jq = subprocess.run(["jq", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    curl = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    python = ".".join(map(str, sys.version_info[:3]))
    libraries = ", ".join(f"{name} {version(name)}" for name in ("click", "httpx", "rich"))
    sys.stdout.write(f"\nMeasured with Python {python}, {libraries}, {jq}, curl {curl}.\n")


if __name__ == "__main__":
    main()
