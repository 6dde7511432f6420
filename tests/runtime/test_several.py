"""Several jobs at once, all jobs, the latest one, one that is yet to come."""

import json
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import misbehaving
from support.misbehaving import TestServer, job, publish
from support.program import Home, wait_until
from support.state import kept, knows_jobs

from jobevents_cli.demo.scripted_jobs import ScriptedJob
from jobevents_cli.demo.server import Answer

Serve = Callable[..., TestServer]
GOOD = ("n1:running", "n1:finished", "job:finished")


def _printed(out: str) -> set[tuple[str, str]]:
    return {(event["job"], event["id"]) for event in map(json.loads, out.splitlines())}


def test_lines_carry_their_jobs_id(home: Home, serve: Serve) -> None:
    """Each line of several jobs names its job behind the status; each JSON object begins with the key "job"."""
    url = serve(job(*GOOD, job_id=7), job(*GOOD, job_id=8, first=10)).url
    text = home.run("tail", "7", "8", "--time", "none", "--url", url)
    assert text.status == 0
    named = [line.split("  ")[1] for line in text.out.splitlines()]
    assert sorted(named) == ["7", "7", "7", "8", "8", "8"]
    lines = home.run("tail", "7", "8", "--json", "--url", url).out.splitlines()
    assert all(line.startswith(('{"job":"7",', '{"job":"8",')) for line in lines)
    assert _printed("\n".join(lines)) == {("7", "1"), ("7", "2"), ("7", "3"), ("8", "10"), ("8", "11"), ("8", "12")}


def test_the_worst_status_counts(home: Home, serve: Serve) -> None:
    """5 over 3 over 0; a job given twice is one."""
    failed = job("n1:failed", "job:finished", job_id=8, final_state="failed")
    aborted = job("job:aborted", job_id=9, final_state="stopped")
    url = serve(job(*GOOD, job_id=7), failed, aborted).url
    assert home.run("tail", "7", "8", "--url", url).status == 3
    assert home.run("tail", "8", "9", "7", "--url", url).status == 5
    assert home.run("tail", "7", "7", "--url", url).status == 0


def test_a_failing_job_holds_up_no_other(home: Home, serve: Serve) -> None:
    """A job that does not exist is an error of its own: the other is followed to its end, and 6 is the status."""
    running = job(*GOOD[:2], job_id=7)
    server = serve(running)
    live = home.start("tail", "7", "8", "--json", "--interval", "0.1", "--url", server.url)
    live.line(), live.line()
    publish(running, GOOD[2], 3)
    ran = live.finish()
    assert ran.status == 6
    assert _printed(ran.out) == {("7", "1"), ("7", "2"), ("7", "3")}
    assert "Error: job 8: " in ran.err


def test_slow_jobs_hold_up_no_other(home: Home, serve: Serve) -> None:
    """Requests that hang, however many, keep the events of other jobs from nobody."""
    until = threading.Event()
    slow, quick = range(1, 13), range(21, 33)
    running = {number: job(*GOOD[:2], job_id=number) for number in (*slow, *quick)}
    server = serve(*running.values())

    def answer_late(handler: misbehaving.RecordingHandler, answer: Answer) -> None:
        if int(handler.path.split("/jobs/")[1].split("/")[0]) in slow:
            until.wait(60)
        handler.send(answer)

    server.faults[0] = answer_late
    live = home.start("tail", *map(str, running), "--json", "--interval", "0.1", "--url", server.url)
    assert {json.loads(live.line())["job"] for _ in range(2 * len(quick))} == set(map(str, quick))
    for number in quick:
        publish(running[number], "n2:running", 3)
    assert {json.loads(live.line())["job"] for _ in quick} == set(map(str, quick))
    until.set()
    assert {json.loads(live.line())["job"] for _ in range(2 * len(slow))} == set(map(str, slow))
    live.signal(signal.SIGINT)
    ran = live.finish()
    assert ran.status == 130
    interrupted, *told = ran.err.splitlines()
    assert interrupted == "Interrupted."
    assert [line.split(": ", 1)[-1] for line in told] == [
        *(f"jobevents tail {number} --start 3 --json --url {server.url}" for number in slow),
        *(f"jobevents tail {number} --start 4 --json --url {server.url}" for number in quick),
    ]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_many_jobs_take_few_threads_and_connections(home: Home, serve: Serve) -> None:
    """A hundred jobs that run are followed by a handful of threads, over a handful of connections."""
    running = [job("n1:running", job_id=number) for number in range(1, 101)]
    server = serve(*running)
    live = home.start("tail", *(str(one.job_id) for one in running), "--json", "--url", server.url)
    for _ in running:
        live.line()
    process = Path(f"/proc/{live.process.pid}")
    wait_until(lambda: len(list((process / "task").iterdir())) < 30)
    for one in running:
        publish(one, "n1:finished", 2)
    assert {json.loads(live.line())["job"] for _ in running} == {str(one.job_id) for one in running}
    wait_until(lambda: len(list((process / "task").iterdir())) < 30)
    live.signal(signal.SIGTERM)
    assert live.finish().status == 143
    assert server.connections < len(running)


def _at(job_id: int, *kinds: str, owner: str = "admin", created: float = 0.0, first: int = 1) -> ScriptedJob:
    one = job(*kinds, job_id=job_id, first=first)
    one.owner, one.created = owner, created
    return one


def test_all_follows_those_that_run_and_those_that_start(home: Home, serve: Serve) -> None:
    """`--all`: no job that is over, every one that runs, and those that start meanwhile, even if they are brief."""
    over, running = _at(1, *GOOD), _at(2, "n1:running", first=5)
    server = serve(over, running)
    live = home.start("tail", "--all", "--json", "--interval", "0.2", "--url", server.url)
    assert json.loads(live.line())["job"] == "2"
    server.orchestrator.jobs[3] = _at(3, *GOOD, first=10)
    assert [json.loads(live.line())["job"] for _ in range(3)] == ["3", "3", "3"]
    live.signal(signal.SIGTERM)
    ran = live.finish()
    assert ran.status == 143
    assert "jobevents tail --all" in ran.err


def test_all_resumes_what_happened_meanwhile(home: Home, serve: Serve) -> None:
    """`--all --resume` prints later what jobs did while nobody watched, each event once, over all runs."""
    running = _at(2, "n1:running", first=5)
    server = serve(_at(1, *GOOD), running)
    arguments = ["tail", "--all", "--resume", "--json", "--interval", "0.2", "--url", server.url]
    live = home.start(*arguments)
    assert json.loads(live.line())["job"] == "2"
    server.orchestrator.jobs[3] = _at(3, *GOOD, first=10)
    for _ in range(3):
        live.line()
    wait_until(lambda: knows_jobs(home, "tail --all"))
    live.signal(signal.SIGTERM)
    first = live.finish()
    assert "jobevents tail --all --resume" in first.err
    publish(running, "n1:finished", 20)
    publish(running, "job:finished", 21)
    server.orchestrator.jobs[4] = _at(4, *GOOD, first=30)
    live = home.start(*arguments)
    for _ in range(5):
        live.line()
    time.sleep(0.5)
    live.signal(signal.SIGTERM)
    second = live.finish()
    assert _printed(second.out) == {("2", "20"), ("2", "21"), ("4", "30"), ("4", "31"), ("4", "32")}
    assert len(second.out.splitlines()) == 5


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_all_resumes_although_no_job_ended_in_the_first_run(home: Home, serve: Serve, end: signal.Signals) -> None:
    """Jobs that end or run between two runs are printed by the second; those that were over before the first never."""
    running = _at(2, "n1:running", first=5)
    server = serve(_at(1, *GOOD), running, _at(3, *GOOD, first=10))
    arguments = ["tail", "--all", "--resume", "--json", "--interval", "0.2", "--url", server.url]
    live = home.start(*arguments)
    live.line()
    live.signal(end)
    live.finish()
    publish(running, "n1:finished", 20)
    publish(running, "job:finished", 21)
    server.orchestrator.jobs[4] = _at(4, *GOOD, first=30)
    live = home.start(*arguments)
    printed = {(event["job"], event["id"]) for event in (json.loads(live.line()) for _ in range(5))}
    live.signal(signal.SIGTERM)
    rest = live.finish().out.splitlines()
    # What was printed last before a kill can come again; every other event comes once.
    expected = {("2", "20"), ("2", "21"), ("4", "30"), ("4", "31"), ("4", "32")}
    assert printed | _printed("\n".join(rest)) - {("2", "5")} >= expected
    assert {job for job, _ in printed} == {"2", "4"}


def test_all_resumes_although_nothing_ran_in_the_first_run(home: Home, serve: Serve) -> None:
    """Then everything since counts."""
    server = serve(_at(1, *GOOD))
    arguments = ["tail", "--all", "--resume", "--json", "--interval", "0.2", "--url", server.url]
    live = home.start(*arguments)
    wait_until(lambda: knows_jobs(home, "tail --all"))
    live.signal(signal.SIGTERM)
    live.finish()
    server.orchestrator.jobs[2] = _at(2, *GOOD, first=10)
    live = home.start(*arguments)
    assert [json.loads(live.line())["id"] for _ in range(3)] == ["10", "11", "12"]
    live.signal(signal.SIGTERM)
    assert live.finish().out.count("\n") == 3


def test_all_begins_anew_with_an_orchestrator_that_was_restored(home: Home, serve: Serve) -> None:
    """It uses numbers again: what is known of them is about other jobs, between two runs and amid one."""
    server = serve(_at(20, "n1:running", first=100), _at(21, "n1:running", first=200))
    arguments = ["tail", "--all", "--resume", "--json", "--interval", "0.2", "--url", server.url]
    live = home.start(*arguments)
    live.line(), live.line()
    wait_until(lambda: set(kept(home, "tail --all").values()) == {100, 200})
    live.signal(signal.SIGTERM)
    live.finish()
    server.orchestrator.jobs.clear()
    server.orchestrator.jobs[20] = _at(20, "n1:running", first=50)
    live = home.start(*arguments)
    assert _printed(live.line()) == {("20", "50")}
    publish(server.orchestrator.jobs[20], "n1:finished", 51)
    assert _printed(live.line()) == {("20", "51")}
    server.orchestrator.jobs.clear()
    server.orchestrator.jobs[19] = _at(19, "n1:running", first=10)
    assert _printed(live.line()) == {("19", "10")}
    wait_until(lambda: set(kept(home, "tail --all")) == {("job", 19)})
    live.signal(signal.SIGTERM)
    ran = live.finish()
    assert ran.err.count("PE was restored; following begins anew") == 2


def test_latest_is_the_newest_that_is_wanted(home: Home, serve: Serve) -> None:
    """`latest` is the newest job, `--owner` chooses among them; none at all is 6."""
    url = serve(_at(7, *GOOD, owner="jane"), _at(8, *GOOD, first=10), _at(10, *GOOD, first=20)).url
    assert '"20"' in home.run("tail", "latest", "--json", "--url", url).out
    assert '"1"' in home.run("tail", "latest", "--owner", "jane", "--json", "--url", url).out
    several = home.run("tail", "7", " latest ", "--json", "--url", url).out
    assert {event["job"] for event in map(json.loads, several.splitlines())} == {"7", "10"}
    ran = home.run("tail", "latest", "--owner", "nobody", "--url", url)
    assert ran.status == 6
    assert "there is no such job" in ran.err


def test_the_look_for_the_latest_job_has_limits(home: Home, serve: Serve) -> None:
    """`--timeout` ends it though the server says nothing; with `--retry-for 0` a fault does."""
    gap = threading.Event()
    server = serve(_at(1, *GOOD), faults={0: misbehaving.drip_head(gap, 0.5, b"HTTP/1.1 200 OK")})
    began = time.monotonic()
    ran = home.run("tail", "latest", "--timeout", "1", "--url", server.url)
    gap.set()
    assert (ran.status, time.monotonic() - began < 8) == (124, True)
    assert "did not say which job is meant before --timeout" in ran.err
    server.faults[0] = misbehaving.status(503)
    requests = len(server.seen)
    assert home.run("tail", "latest", "--retry-for", "0", "--url", server.url).status == 7
    assert len(server.seen) == requests + 1
    assert home.run("tail", "latest", "--wait", "5", "--url", server.url).status == 2


def test_wait_for_a_job_that_does_not_exist_yet(home: Home, serve: Serve) -> None:
    """`--wait` waits for the job to appear and follows it then; past it, 6."""
    server = serve()
    live = home.start("tail", "352", "--wait", "30", "--json", "--interval", "0.1", "--url", server.url)
    wait_until(lambda: len(server.seen) > 2)
    server.orchestrator.jobs[352] = job(*GOOD)
    ran = live.finish()
    assert ran.status == 0
    assert len(ran.out.splitlines()) == 3
    assert "does not exist yet; waiting for it for up to 30s" in ran.err
    assert home.run("tail", "353", "--wait", "1", "--url", server.url).status == 6


def test_following_many_jobs_one_after_another_keeps_nothing_open(home: Home, serve: Serve) -> None:
    """A job that has ended leaves neither a connection nor a file behind in a tail that goes on for ever."""
    server = serve(_at(1, "n1:running"))
    live = home.start("tail", "--all", "--resume", "--json", "--interval", "0.2", "--url", server.url)
    live.line()
    for number in range(2, 42):
        server.orchestrator.jobs[number] = _at(number, *GOOD, first=10 * number)
    for _ in range(3 * 40):
        live.line()
    # Only the first job goes on: nothing is kept of the others.
    wait_until(lambda: set(kept(home, "tail --all")) == {("job", 1)})
    wait_until(lambda: len(list(Path(f"/proc/{live.process.pid}/fd").iterdir())) < 20)
    live.signal(signal.SIGTERM)
    assert live.finish().status == 143
