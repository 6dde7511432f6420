"""The logs of CI runs: standard output and standard error in one file, compared whole."""

import json
import random
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from support.events import event_of
from support.misbehaving import TestServer, job
from support.program import Home
from support.samples import readme_job

from jobevents_cli.following.page import Page
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.output.lines import EventLines, LineOptions
from jobevents_cli.output.stdout import Stdout
from jobevents_cli.runtime.loop import Loop
from jobevents_cli.tail.report import Report, ReportOptions
from jobevents_cli.tail.tail import Tail, TailOptions

Serve = Callable[..., TestServer]
Golden = Callable[[str, str], None]
BEGAN = datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()


def test_a_job_that_fails(home: Home, serve: Serve, golden: Golden) -> None:
    """What ran, each event, how it ended, which nodes failed, and how to find out why."""
    url = serve(readme_job()).url
    ran = home.with_(GITHUB_ACTIONS="true", JOBEVENTS_URL=url).shell("jobevents tail 352 2>&1")
    assert ran.status == 3
    golden("log-failed.txt", ran.out)


def test_a_job_that_is_stopped(home: Home, serve: Serve, golden: Golden) -> None:
    """It is called stopped, and the nodes that never started are counted."""
    stopped = job("n1:running", "n2:running", "job:stopping", "n1:finished", "n2:finished", "job:aborted")
    stopped.nodes = (*stopped.nodes, "n3", "n4", "n5", "n6")
    stopped.final_state = "stopped"
    url = serve(stopped).url
    ran = home.with_(TF_BUILD="True", JOBEVENTS_URL=url).shell("jobevents tail 352 --time none 2>&1")
    assert ran.status == 5
    golden("log-stopped.txt", ran.out)


@pytest.mark.parametrize("variable", ["GITHUB_ACTIONS", "TF_BUILD"])
@pytest.mark.parametrize("command", ["list", "why", "show --node n1", "show"])
def test_a_node_commands_no_ci_system(home: Home, command: str, variable: str) -> None:
    """What a task prints does not reach the log as a command; without such a system it stays as it is."""
    output = "Error: no ::profile::web ##[group]c\n::add-mask::e\n  ::error::x\n##vso[task.setvariable variable=a]b"
    detail = {"_output": output, "_error": {"msg": output, "kind": "x", "details": {"exit_code": 1}}}
    event = {"id": 1, "type": "node_failed", "details": {"node": "n1", "detail": detail}, "message": output}
    saved = home.folder / "saved"
    saved.write_text(json.dumps(event) + "\n")
    words = [*command.split(), "--from", str(saved)]
    assert "##[group]c" in home.run(*words).out
    text = home.with_(**{variable: "true"}).run(*words).out
    assert "Error: no ::profile::web" in text
    assert not [row for row in text.splitlines() if row.strip().startswith("::") or "##[" in row or "##vso[" in row]


class _Clock:
    """A clock that shows the next moment at which something is due once nothing is left to do before."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class _Inbox(SimpleQueue[Any]):
    """A loop's inbox. Waiting in vain moves the clock, not the world."""

    clock: _Clock
    awaits: Callable[[], object]

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: FBT001, FBT002 - as in the library
        """Take what comes of the requests under way, or let *timeout* pass."""
        if self.awaits():
            return super().get(timeout=10)
        assert block
        self.clock.now += timeout or 0.0
        raise Empty


class _Server:
    """A job whose first node ends at once, and whose second ends after three minutes without a word."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock

    def server_time(self) -> float:
        """The time of day."""
        return BEGAN + self._clock.now

    def job(self, _ref: JobRef) -> Job:
        """The job itself."""
        state = "running" if self._clock.now < 200 else "finished"
        created = datetime.fromtimestamp(BEGAN, UTC).isoformat()
        return Job({"state": state, "type": "deploy", "node_count": 2, "created_timestamp": created})

    def events(self, _ref: JobRef, start: int | None) -> Page:
        """The events so far."""
        told = [(0, "node_running", "n1"), (0, "node_running", "n2"), (2, "node_failed", "n1")]
        told += [(200, "node_finished", "n2"), (200, "job_finished", "")]
        events = [
            event_of(
                {
                    "id": number,
                    "type": kind,
                    "timestamp": datetime.fromtimestamp(BEGAN + at, UTC).isoformat(),
                    "details": {"node": node} if node else {},
                    "message": f"{node} is done" if node else "",
                }
            )
            for number, (at, kind, node) in enumerate(told, 1)
            if at <= self._clock.now and number >= (start or 0)
        ]
        return Page(events, self.server_time())


@pytest.mark.parametrize("quiet", [False, True])
def test_a_job_that_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Golden, *, quiet: bool) -> None:
    """After each minute without a line one says how far the job is: CI systems end jobs that say nothing."""
    monkeypatch.setattr(random, "random", lambda: 0.5)
    clock = _Clock()
    with (tmp_path / "log").open("w", encoding="utf-8") as log, closing(Loop(clock=clock, signals=False)) as loop:
        monkeypatch.setattr(sys, "stderr", log)
        inbox = loop._inbox = _Inbox()  # noqa: SLF001 - nothing else tells that nothing is under way
        inbox.clock, inbox.awaits = clock, lambda: loop._under_way  # noqa: SLF001
        options = ReportOptions(header=not quiet, summary=not quiet, life_signs=not quiet)
        server: Any = _Server(clock)
        report = Report(options, _Log(log), server.server_time)
        tail = Tail(loop, server, EventLines(LineOptions(quiet=quiet)), report, TailOptions(job_first=True))
        assert tail.run([JobRef.job(352)]) == 3
    assert clock.now < 220
    text = (tmp_path / "log").read_text(encoding="utf-8")
    golden("log-silent.txt", text) if not quiet else None
    assert quiet is (text == "")


class _Log(Stdout):
    """Standard output that is the same file as standard error."""

    def __init__(self, log: TextIOWrapper) -> None:
        super().__init__()
        self._log = log

    def write(self, lines: Any) -> int:
        """Write all of *lines*."""
        self._log.buffer.write(b"".join(lines))
        self._log.flush()
        self.written = len(lines)
        return self.written

    def check_reader(self) -> None:
        """A file needs no reader."""
