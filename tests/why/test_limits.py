"""Time and memory grow with what comes, and what comes may be a lot; the rest is never held up."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from support.case_server import CaseServer
from support.program import PROGRAM, Home
from support.steps import worked

from jobevents_cli.why.causes import Source, group
from jobevents_cli.why.failures import EndedNode, failures_of
from jobevents_cli.why.report import LogLine, Report, ResourceFailure
from jobevents_cli.why.report_findings import findings_of

EXEC = "/Stage[main]/App/Exec[migrate]"
EVENT = {
    "resource_type": "Exec",
    "resource_title": "migrate",
    "message": "change failed: returned 2 instead of one of [0]",
}
RUN = {"hash": "0" * 40, "status": "failed", "metrics": {"total": 9, "failed": 1}, "environment": "production"}
MANY = 200_000

MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
"""
"""Runs a program from a small process: the peak of a fork of a large one would be that one's."""


def _line(level: str, source: str, message: str) -> dict[str, Any]:
    return {
        "file": None,
        "line": None,
        "level": level,
        "source": source,
        "message": message,
        "tags": [level],
        "time": "x",
    }


KINDS = {
    "errors": [_line("err", "Puppet", f"error {number} of its own") for number in range(MANY)],
    "resources": [_line("err", f"/Stage[main]/File[/{number}]/ensure", f"no {number}") for number in range(MANY)],
    "output": [_line("notice", f"{EXEC}/returns", f"applying step {number}") for number in range(MANY)],
    "notes": [_line("info", "Puppet", f"applying {number}") for number in range(MANY)],
    "one text": [_line("err", "Puppet", "x error 1234 " * 2_300_000)],
    "equal lines": [_line("err", "Puppet", "the same line again\n" * 150_000)],
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_large_report(home: Home, kind: str) -> None:
    """200,000 lines, one text of 30 MB or 3 MB of equal lines take at most 5 s of work and 200 MB."""
    report = {"certname": "a", "hash": "0" * 40, "job_id": "352", "events": [EVENT], "logs": KINDS[kind]}
    node = {"name": "a", "state": "failed", "result": RUN}
    with CaseServer({"jobs": {"352": {"nodes": [node]}}, "reports": [report]}) as server:
        home = home.with_(JOBEVENTS_URL=server.url, JOBEVENTS_PUPPETDB_URL=server.url)
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, PROGRAM, "why", "352"],
            env=home.environment,
            capture_output=True,
            check=True,
        )
    seconds, kilobytes = map(float, done.stderr.split())
    assert b"Exec[migrate]" in done.stdout
    assert len(done.stdout) < 1_000_000
    assert seconds < 5
    assert kilobytes < 205_000


@pytest.mark.parametrize("kind", ["errors", "resources", "output"])
def test_time_grows_with_the_log_alone(kind: str) -> None:
    """30,000 lines take less than a few seconds."""
    failed = (ResourceFailure("Exec[migrate]", EXEC, EVENT["message"]),)
    report = Report(failed, tuple(LogLine.read(line) for line in KINDS[kind][:30_000]))
    started = time.process_time()
    failures = worked(failures_of(EndedNode("a", "failed", RUN, job_type="deploy"), report, puppetdb_answers=True))
    assert group(failures)
    assert time.process_time() - started < 4


def test_work_is_done_in_small_pieces() -> None:
    """So that signals and deadlines hold at any moment."""
    log = tuple(LogLine.read(line) for line in KINDS["errors"][:10_000])
    assert sum(1 for _ in findings_of(Report((), log), Source.PUPPETDB)) >= 20_000


@pytest.mark.slow
def test_a_signal_ends_it_at_once(home: Home) -> None:
    """While a large report is read, Ctrl-C ends the program within a second."""
    report = {"certname": "a", "hash": "0" * 40, "job_id": "352", "events": [], "logs": KINDS["resources"]}
    node = {"name": "a", "state": "failed", "result": RUN}
    with CaseServer({"jobs": {"352": {"nodes": [node]}}, "reports": [report]}) as server:
        environment = {**home.environment, "JOBEVENTS_URL": server.url, "JOBEVENTS_PUPPETDB_URL": server.url}
        process = subprocess.Popen(
            [PROGRAM, "why", "352"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        while len(server.queries) < 3:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGINT)
        since = time.monotonic()
        process.communicate(timeout=60)
    assert (process.returncode, time.monotonic() - since < 2) == (130, True)


@pytest.mark.slow
def test_what_is_waited_for_is_said(home: Home) -> None:
    """After 5 s a line says which server does not respond."""
    node = {"name": "a", "state": "failed", "result": RUN}
    with CaseServer({"jobs": {"352": {"nodes": [node]}}}, delay=6.0) as server:
        home = home.with_(JOBEVENTS_URL=server.url, JOBEVENTS_PUPPETDB_URL=server.url)
        ran = home.run("why", "352")
    assert ran.err.startswith("jobevents: waiting for PuppetDB\n")
    assert ran.status == 0


def test_settings_of_puppetdb_that_cannot_be_used(home: Home) -> None:
    """A certificate without its key, or a key that is not there, costs only what PuppetDB knows."""
    node = {"name": "a", "state": "failed", "result": RUN}
    certificate = home.folder / "cert.pem"
    certificate.write_text("")
    with CaseServer({"jobs": {"352": {"nodes": [node]}}}) as server:
        home = home.with_(JOBEVENTS_URL=server.url, JOBEVENTS_PUPPETDB_URL="https://localhost:1")
        home = home.with_(JOBEVENTS_PUPPETDB_CERT=str(certificate))
        for more, said in (({}, "no key"), ({"JOBEVENTS_PUPPETDB_KEY": "/missing.pem"}, "/missing.pem")):
            for command in (("why", "352"), ("show", "352", "--why"), ("tail", "352", "--why")):
                ran = home.with_(**more).run(*command)
                assert ran.status == (3 if command[0] == "tail" else 0)
                assert "1 of 9 resources failed" in ran.out + ran.err
                assert ran.err.count("Notice: PuppetDB could not be queried") == 1
                assert said in ran.err


def test_json_is_one_object_for_each_cause(home: Home) -> None:
    """With --logs each has the whole log of its run."""
    logs = [_line("err", "Puppet", "one"), _line("err", "Puppet", "two"), _line("warning", "Puppet", "careful")]
    report = {"certname": "a", "hash": "0" * 40, "job_id": "352", "logs": logs}
    node = {"name": "a", "state": "failed", "result": RUN}
    with CaseServer({"jobs": {"352": {"nodes": [node]}}, "reports": [report]}) as server:
        home = home.with_(JOBEVENTS_URL=server.url, JOBEVENTS_PUPPETDB_URL=server.url)
        causes = [json.loads(line) for line in home.run("why", "352", "--json", "--logs").out.splitlines()]
        text = home.run("why", "352", "--logs").out
    assert [sorted(line["message"] for line in cause["log"]) for cause in causes] == [["careful", "one", "two"]] * 2
    assert text.count("warning: Puppet: careful") == 1
