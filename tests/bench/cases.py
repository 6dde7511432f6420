"""The cases: what is measured, against what, the goal, and the floor where a program shows it."""

import json
import shlex
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support.program import Home
from support.state import unfinished

from bench.measure import PROGRAM, Bench, cpu_of, cpu_of_children, resources_of
from bench.server import (
    BURST,
    CHANGES,
    FAILED,
    FIRST_RUNNING,
    FORWARD_TOKEN,
    IDLE,
    LARGE,
    LARGE_ID_FIRST,
    LIVE,
    PLAN,
    PRETTY,
    PRETTY_ID_FIRST,
    SMALL,
    WHY,
)
from bench.sizes import FOLLOW_SECONDS, IDLE_SECONDS, LARGE_EVENTS, LIVE_EVENTS, PAIRS, SOME_JOBS, START_PAIRS

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
    return _at_most(bench.ratio(f"{PROGRAM} list {SMALL} --json", bare, pairs=START_PAIRS), 0.95, floor)


def _worse(
    bench: Bench, jobs: tuple[int, int], form: str, goal: float, *, jq: str = ".items[]", text: str = ""
) -> Figure:
    """The worse ratio of the *jobs*, with the id last and first: servers send both.

    *form* is how they are listed, *jq* what does the same; *text* is what a bare program prints of an event.
    """
    floor = bench.ratio(_python(PLAIN % (jobs[0], text)), _curl_jq(bench, jobs[0], jq)) if text else None
    return _at_most(
        max(bench.ratio(f"{PROGRAM} list {job} {form}", _curl_jq(bench, job, jq)) for job in jobs), goal, floor
    )


def large(bench: Bench) -> Figure:
    """A long compact response as JSON."""
    return _worse(bench, (LARGE, LARGE_ID_FIRST), "--json", 0.30, text=OWN_TEXT)


def pretty(bench: Bench) -> Figure:
    """The same response, pretty-printed."""
    return _worse(bench, (PRETTY, PRETTY_ID_FIRST), "--json", 0.40, text=ENCODED)


def text(bench: Bench) -> Figure:
    """The compact response as text."""
    return _worse(bench, (LARGE, LARGE_ID_FIRST), "", 0.60)


def colored(bench: Bench) -> Figure:
    """The compact response as coloured text."""
    return _worse(bench, (LARGE, LARGE_ID_FIRST), "--color always", 0.80)


def failures(bench: Bench) -> Figure:
    """Only the failures of the compact response."""
    return _worse(bench, (LARGE, LARGE_ID_FIRST), "--json --failures", 0.35, jq=FAILURES)


def memory(bench: Bench) -> Figure:
    """The highest peak of all forms, against the size of the response."""
    runs = [(job, f"list {job} {form}") for job in (LARGE, PRETTY) for form in ("--json", "--color always")]
    runs += [(LARGE, f"list {LARGE} --json --failures"), (FAILED, f"tail {FAILED}"), (FAILED, f"tail {FAILED} --json")]
    peaks = [(bench.run(f"{PROGRAM} {command}").peak, bench.counted(f"sizes/{job}") / 1e6) for job, command in runs]
    peak, size = max(peaks, key=lambda found: found[0] - 3 * found[1])
    return Figure(f"{peak:.0f} MB for {size:.0f} MB", peak <= 3 * size + 50)


def result(bench: Bench) -> Figure:
    """A plan with a large result, as text and as JSON."""
    runs = [bench.run(f"{PROGRAM} tail plan/{PLAN} {form}") for form in ("", "--json")]
    wall, peak = max(run.wall for run in runs), max(run.peak for run in runs)
    return Figure(f"{wall:.1f} s, {peak:.0f} MB", wall <= 2 and peak <= 250)


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


def some_jobs(bench: Bench) -> Figure:
    """The processor time of following many jobs against one; how late an event was."""
    command = "tail {} --timeout {} --json -n 0"
    one = bench.run(f"{PROGRAM} {command.format(FIRST_RUNNING, FOLLOW_SECONDS)}").cpu
    jobs = " ".join(str(FIRST_RUNNING + number) for number in range(SOME_JOBS))
    before = cpu_of_children()
    with bench.started(command.format(jobs, FOLLOW_SECONDS)) as process:
        assert process.stdout is not None
        latest = max((time.time() - json.loads(line)["visible"] for line in process.stdout), default=0.0)
    found = (cpu_of_children() - before) / one
    return Figure(f"{found:.1f}; {latest:.1f} s", found <= 10 and latest <= 2)


def some_resources(bench: Bench) -> Figure:
    """Memory, threads and sockets while many jobs are followed."""
    jobs = " ".join(str(FIRST_RUNNING + number) for number in range(SOME_JOBS))
    highest = (0.0, 0, 0)
    with bench.started(f"tail {jobs} --json -n 0") as process:
        until = time.monotonic() + FOLLOW_SECONDS
        while time.monotonic() < until:
            time.sleep(0.5)
            memory, threads, sockets = resources_of(process.pid)
            highest = (max(highest[0], memory), max(highest[1], threads), max(highest[2], sockets))
    memory, threads, sockets = highest
    return Figure(f"{memory:.0f} MB, {threads}, {sockets}", memory <= 60 and threads <= 20 and sockets <= 16)


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
        f"{queries}, {run.wall:.1f} s, {run.peak:.0f} MB", queries <= 20 and run.wall <= 2 and run.peak <= 120
    )


def changes(bench: Bench) -> Figure:
    """What many nodes changed: requests to PuppetDB, memory."""
    before = bench.counted("queries")
    run = bench.run(f"{PROGRAM} changes {CHANGES}")
    queries = bench.counted("queries") - before
    return Figure(f"{queries}, {run.peak:.0f} MB", queries <= 20 and run.peak <= 150)


def forward(bench: Bench) -> Figure:
    """Events a second through `forward -- cat`; its own processor time against that of `tail --json`."""
    ratios, rates = [], []
    for number in range(min(3, PAIRS)):
        tailed = bench.run(f"{PROGRAM} tail {LARGE} --json").cpu
        command = f"forward --since {LARGE} --name run{number} -- sh -c 'cat > /dev/null'"
        began = time.monotonic()
        with bench.started(command, JOBEVENTS_TOKEN=FORWARD_TOKEN) as process:
            while unfinished(Home(Path(bench.home), {}), f"run{number}") != {}:
                assert process.poll() is None, "forward has ended"
                time.sleep(0.05)
            rates.append(LARGE_EVENTS / (time.monotonic() - began))
            ratios.append(cpu_of(process.pid) / tailed)
    found = statistics.median(ratios)
    return Figure(f"{found:.2f}, {statistics.median(rates):,.0f} events/s", found <= 1.3)


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table."""

    what: str
    compared_with: str
    goal: str
    measure: Callable[[Bench], Figure]


CASES: Final = (
    Case("`--help`, `--version`, a Tab press", "`import click`", "at most 1.15", start),
    Case("`list --json`, 51 events", "a script with httpx, json and click", "at most 0.95", small),
    Case("`list --json`, 100,000 events, compact", "`curl -s \\| jq -c '.items[]'`", "at most 0.30", large),
    Case("the same, pretty-printed", "the same", "at most 0.40", pretty),
    Case("text, compact", "the same", "at most 0.60", text),
    Case("coloured text, compact", "the same", "at most 0.80", colored),
    Case("`list --json --failures`, compact", "the same with select", "at most 0.35", failures),
    Case("peak memory: each of these; 50,000 failed nodes", "the response", "at most 3 times and 50 MB", memory),
    Case("a plan result of 20 MB: time, memory", "", "at most 2 s, 250 MB", result),
    Case("an event's line, default interval", "the event being visible", "at most 0.55 s, 1.1 polls/s", latency),
    Case("`tail` of 200 running jobs: CPU; latest event", "`tail` of one; being visible", "at most 10; 2 s", some_jobs),
    Case("memory, threads, sockets with 200 jobs", "", "at most 60 MB, 20, 16", some_resources),
    Case("footer, 50,000 running nodes, 2,000 events/s", "without the footer", "at most 1.3", footer),
    Case("idle tail", "one core", "at most 0.2 %", idle),
    Case("`why`, 1,000 failed nodes: requests, time, memory", "", "at most 20, 2 s, 120 MB", why),
    Case("`changes`, 300 nodes with 500 changes each: requests, memory", "", "at most 20, 150 MB", changes),
    Case("`forward -- cat`, 100,000 events: its own CPU; rate", "`tail --json`", "at most 1.3", forward),
)
