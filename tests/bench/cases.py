"""The cases: what is measured, against what, the goal, and the floor where a program shows it."""

import json
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.measure import PROGRAM, Bench, cpu_of, cpu_of_children, resources_of
from bench.server import (
    BURST,
    ELEMENT,
    FAILED,
    FIRST_RUNNING,
    FORWARD_TOKEN,
    HUGE,
    IDLE,
    LARGE,
    LIVE,
    PRETTY,
    SMALL,
    TRICKLE,
    WHY,
)
from bench.sizes import (
    ELEMENT_BYTES,
    FOLLOW_SECONDS,
    IDLE_SECONDS,
    LARGE_EVENTS,
    LIVE_EVENTS,
    MANY_JOBS,
    PAIRS,
    SOME_JOBS,
    START_PAIRS,
)

BARE: Final = """
import httpx, json, click, os
answer = httpx.Client(verify=False).get(os.environ["JOBEVENTS_URL"] + "/orchestrator/v1/jobs/1/events")
for event in answer.json()["items"]:
    print(json.dumps(event))
"""
PLAIN: Final = """
import json, os, sys, urllib.request
text = urllib.request.urlopen(os.environ["JOBEVENTS_URL"] + "/orchestrator/v1/jobs/%d/events").read().decode()
decode, at, lines = json.JSONDecoder().raw_decode, text.index("[") + 1, []
while text[at] != "]":
    at += 1 if text[at] in ", \\n" else 0
    if text[at] in ", \\n]":
        continue
    value, end = decode(text, at)
    lines.append(%s)
    at = end
sys.stdout.write("\\n".join(lines))
"""
OWN_TEXT: Final = "text[at:end]"
ENCODED: Final = 'json.dumps(value, separators=(",", ":"))'
PARSING: Final = """
import json, time
text = json.dumps({"message": "0123456789 abcdef" * %d})
began = time.perf_counter()
json.loads(text)
print(time.perf_counter() - began)
"""
FAILURES: Final = (
    '.items[] | select(.type | IN("node_failed", "node_errored", "node_skipped", "job_stopping", '
    '"job_aborted", "plan_failed"))'
)


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, whether the goal was reached, and what a bare program needs for the same."""

    measured: str
    is_reached: bool
    floor: str = ""


def _at_most(ratio: float, goal: float, floor: float | None = None) -> Figure:
    return Figure(f"{ratio:.2f}", ratio <= goal, "" if floor is None else f"{floor:.2f}")


def _python(code: str) -> str:
    return f"{sys.executable} -c {shlex.quote(code)}"


def _curl_jq(bench: Bench, job: int, program: str = ".items[]") -> str:
    pipeline = f"curl -s {bench.url}/orchestrator/v1/jobs/{job}/events | jq -c {shlex.quote(program)}"
    return f"sh -c {shlex.quote(pipeline)}"


def start(bench: Bench) -> Figure:
    """Start-up: --help, --version and a Tab press, the worst of them."""
    click = _python("import click")
    tab = f"_JOBEVENTS_COMPLETE=bash_complete 'COMP_WORDS=jobevents tail --' COMP_CWORD=2 {PROGRAM}"
    commands = (f"{PROGRAM} --help", f"{PROGRAM} --version", tab)
    return _at_most(max(bench.ratio(command, click, pairs=START_PAIRS) for command in commands), 1.15, 1.0)


def small(bench: Bench) -> Figure:
    """51 events against a bare script."""
    bare = _python(BARE)
    floor = bench.ratio(_python(PLAIN % (SMALL, OWN_TEXT)), bare, pairs=START_PAIRS)
    return _at_most(bench.ratio(f"{PROGRAM} list {SMALL} --json", bare, pairs=START_PAIRS), 0.90, floor)


def large(bench: Bench) -> Figure:
    """A long compact response as JSON."""
    curl = _curl_jq(bench, LARGE)
    floor = bench.ratio(_python(PLAIN % (LARGE, OWN_TEXT)), curl)
    return _at_most(bench.ratio(f"{PROGRAM} list {LARGE} --json", curl), 0.42, floor)


def pretty(bench: Bench) -> Figure:
    """The same response, pretty-printed."""
    curl = _curl_jq(bench, PRETTY)
    floor = bench.ratio(_python(PLAIN % (PRETTY, ENCODED)), curl)
    return _at_most(bench.ratio(f"{PROGRAM} list {PRETTY} --json", curl), 0.52, floor)


def colored(bench: Bench) -> Figure:
    """The compact response as coloured text."""
    return _at_most(bench.ratio(f"{PROGRAM} list {LARGE} --color always", _curl_jq(bench, LARGE)), 0.60)


def failures(bench: Bench) -> Figure:
    """Only the failures of the compact response."""
    return _at_most(bench.ratio(f"{PROGRAM} list {LARGE} --json --failures", _curl_jq(bench, LARGE, FAILURES)), 0.40)


def memory(bench: Bench) -> Figure:
    """The highest peak of all forms and sizes."""
    commands = [f"list {job} {form}" for job in (LARGE, PRETTY, HUGE) for form in ("--json", "--color always")]
    commands += [f"list {LARGE} --json --failures", f"tail {FAILED}", f"tail {FAILED} --json"]
    peak = max(bench.run(f"{PROGRAM} {command}").peak for command in commands)
    return Figure(f"{peak:.0f} MB", peak <= 60)


def element(bench: Bench) -> Figure:
    """One long element: what it takes more than a small list, against json.loads."""
    # In a process of its own: the peak memory of this one counts as that of every process that it starts later.
    parsing = float(subprocess.check_output([sys.executable, "-c", PARSING % (ELEMENT_BYTES // 17)]))
    runs = [bench.run(f"{PROGRAM} list {ELEMENT} --json").wall for _ in range(3)]
    base = [bench.run(f"{PROGRAM} list {SMALL} --json").wall for _ in range(3)]
    return _at_most((statistics.median(runs) - statistics.median(base)) / parsing, 2.0, 1.0)


def first_line(bench: Bench) -> Figure:
    """How long after the first of many events was sent its line is out."""
    with bench.started(f"list {TRICKLE} --json") as process:
        assert process.stdout is not None
        late = -json.loads(process.stdout.readline())["sent"] + time.time()
    return Figure(f"{late:.2f} s", late <= 0.2)


def latency(bench: Bench) -> Figure:
    """How late an event's line is at the default interval, and how often it is polled for that."""
    lates = []
    began = time.time()
    with bench.started(f"tail {LIVE} --json --no-progress -n 0") as process:
        assert process.stdout is not None
        for _ in range(LIVE_EVENTS):
            happened = json.loads(process.stdout.readline())
            lates.append(time.time() - happened["visible"])
        seconds = time.time() - began
    polls = bench.counted(f"polls/{LIVE}") / seconds
    late = statistics.median(lates)
    return Figure(f"{late:.2f} s, {polls:.2f} polls/s", late <= 0.55 and polls <= 1.1, "0.50 s, 1 poll/s")


def _following(bench: Bench, count: int, cpu_goal: float, late_goal: float) -> Figure:
    command = "tail {} --timeout {} --json -n 0"
    one = bench.run(f"{PROGRAM} {command.format(FIRST_RUNNING, FOLLOW_SECONDS)}").cpu
    jobs = " ".join(str(FIRST_RUNNING + number) for number in range(count))
    before = cpu_of_children()
    with bench.started(command.format(jobs, FOLLOW_SECONDS)) as process:
        assert process.stdout is not None
        latest = max((time.time() - json.loads(line)["visible"] for line in process.stdout), default=0.0)
    found = (cpu_of_children() - before) / one
    return Figure(f"{found:.1f}; {latest:.1f} s", found <= cpu_goal and latest <= late_goal)


def some_jobs(bench: Bench) -> Figure:
    """The processor time of following many jobs against one; how late an event was."""
    return _following(bench, SOME_JOBS, 10, 2)


def many_jobs(bench: Bench) -> Figure:
    """The same for ten times as many."""
    return _following(bench, MANY_JOBS, 60, 20)


def many_resources(bench: Bench) -> Figure:
    """Memory, threads and sockets while many jobs are followed."""
    jobs = " ".join(str(FIRST_RUNNING + number) for number in range(MANY_JOBS))
    highest = (0.0, 0, 0)
    with bench.started(f"tail {jobs} --json -n 0") as process:
        until = time.monotonic() + FOLLOW_SECONDS
        while time.monotonic() < until:
            time.sleep(0.5)
            memory, threads, sockets = resources_of(process.pid)
            highest = (max(highest[0], memory), max(highest[1], threads), max(highest[2], sockets))
    memory, threads, sockets = highest
    return Figure(f"{memory:.0f} MB, {threads}, {sockets}", memory <= 120 and threads <= 40 and sockets <= 40)


def footer(bench: Bench) -> Figure:
    """Many running nodes and many events a second, on a terminal, with the footer and without."""
    with_footer = bench.on_terminal(f"tail {BURST}", "with")
    return _at_most(with_footer / bench.on_terminal(f"tail {BURST} --no-progress", "without"), 1.3, 1.0)


def idle(bench: Bench) -> Figure:
    """The share of a core that a tail takes while nothing happens."""
    base = bench.run(f"{PROGRAM} tail {IDLE} --timeout 5").cpu
    share = (bench.run(f"{PROGRAM} tail {IDLE} --timeout {5 + IDLE_SECONDS}").cpu - base) / IDLE_SECONDS
    return Figure(f"{share:.2%}", share <= 0.002)


def why(bench: Bench) -> Figure:
    """The causes of many failed nodes: requests to PuppetDB, seconds, memory."""
    before = bench.counted("queries")
    run = bench.run(f"{PROGRAM} why {WHY}")
    queries = bench.counted("queries") - before
    return Figure(
        f"{queries}, {run.wall:.1f} s, {run.peak:.0f} MB", queries <= 20 and run.wall <= 2 and run.peak <= 100
    )


def forward(bench: Bench) -> Figure:
    """Events a second through `forward -- cat`; its own processor time against that of `tail --json`."""
    ratios, rates = [], []
    for number in range(min(3, PAIRS)):
        tailed = bench.run(f"{PROGRAM} tail {LARGE} --json").cpu
        position = Path(bench.home) / ".local" / "state" / "jobevents" / "cursors" / f"forward-run{number}.json"
        command = f"forward --since {LARGE} --name run{number} -- sh -c 'cat > /dev/null'"
        began = time.monotonic()
        with bench.started(command, JOBEVENTS_TOKEN=FORWARD_TOKEN) as process:
            while not _is_delivered(position):
                assert process.poll() is None, "forward has ended"
                time.sleep(0.05)
            rates.append(LARGE_EVENTS / (time.monotonic() - began))
            ratios.append(cpu_of(process.pid) / tailed)
    found = statistics.median(ratios)
    return Figure(f"{found:.2f}, {statistics.median(rates):,.0f} events/s", found <= 1.3)


def _is_delivered(position: Path) -> bool:
    """Whether *position* says that every job was delivered to its end."""
    jobs = json.loads(position.read_text(encoding="utf-8"))["jobs"] if position.exists() else {}
    return bool(jobs.get("known")) and not jobs["unfinished"]


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table."""

    what: str
    compared_with: str
    goal: str
    measure: Callable[[Bench], Figure]


CASES: Final = (
    Case("`--help`, `--version`, a Tab press", "`import click`", "at most 1.15", start),
    Case("`list --json`, 51 events", "a script with httpx, json and click", "at most 0.90", small),
    Case("`list --json`, 100,000 events, compact", "`curl -s \\| jq -c '.items[]'`", "at most 0.42", large),
    Case("the same, pretty-printed", "the same", "at most 0.52", pretty),
    Case("coloured text, compact", "the same", "at most 0.60", colored),
    Case("`list --json --failures`, compact", "the same with select", "at most 0.40", failures),
    Case("peak memory: each of these; 1,000,000 events; 50,000 failed nodes", "", "at most 60 MB", memory),
    Case("one element of 32 MB", "`json.loads` of it", "at most 2", element),
    Case("first line, 100,000 events over 10 s", "the event being sent", "at most 0.2 s", first_line),
    Case("an event's line, default interval", "the event being visible", "at most 0.55 s, 1.1 polls/s", latency),
    Case("`tail` of 200 running jobs: CPU; latest event", "`tail` of one; being visible", "at most 10; 2 s", some_jobs),
    Case("the same of 2,000", "the same", "at most 60; 20 s", many_jobs),
    Case("memory, threads, sockets with 2,000 jobs", "", "at most 120 MB, 40, 40", many_resources),
    Case("footer, 50,000 running nodes, 2,000 events/s", "without the footer", "at most 1.3", footer),
    Case("idle tail", "one core", "at most 0.2 %", idle),
    Case("`why`, 1,000 failed nodes: requests, time, memory", "", "at most 20, 2 s, 100 MB", why),
    Case("`forward -- cat`, 100,000 events: its own CPU; rate", "`tail --json`", "at most 1.3", forward),
)
