"""`tail --why`: each job's causes follow its end, and hold up nothing."""

import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from support import misbehaving
from support.misbehaving import TestServer, job, publish
from support.program import Home
from support.puppetdb import connected

from jobevents_cli.demo.server import Answer
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.runtime.explanations import Explained, Explanations
from jobevents_cli.runtime.workers import Ended

Serve = Callable[..., TestServer]
BAD = ("n1:running", "n1:errored", "job:finished")
JOB = JobRef.job(352)


def test_the_causes_follow_the_summary(home: Home, serve: Serve) -> None:
    """Instead of the failed nodes and of the proposal, the causes; the exit status is the job's."""
    url = serve(job(*BAD, final_state="failed")).url
    ran = home.run("tail", "352", "--why", "--url", url)
    assert ran.status == 3
    lines = ran.err.splitlines()
    assert lines[0] == "✘ failed  job 352  3s  1 errored"
    assert "n1 is errored" in ran.err
    assert "Again:" in ran.err
    assert "Why: " not in ran.err
    with_json = home.run("tail", "352", "--why", "--json", "--url", url)
    assert "n1 is errored" in with_json.err
    assert not with_json.err.startswith("✘")
    assert [json.loads(line)["id"] for line in with_json.out.splitlines()] == ["1", "2", "3"]


def test_a_job_that_cannot_be_explained_holds_up_no_other(home: Home, serve: Serve) -> None:
    """The nodes of one job hang: the other job is followed and explained all the same."""
    until = threading.Event()
    first, second = job(*BAD, job_id=1, final_state="failed"), job("n1:running", job_id=2, first=20)
    server = serve(first, second)

    def hang_on_nodes(handler: misbehaving.RecordingHandler, answer: Answer) -> None:
        if "/jobs/1/nodes" in handler.path:
            until.wait(30)
        handler.send(answer)

    server.faults[0] = hang_on_nodes
    live = home.start("tail", "1", "2", "--why", "--json", "--interval", "0.1", "--url", server.url)
    for _ in range(4):
        live.line()
    publish(second, "n1:errored", 21)
    publish(second, "job:finished", 22)
    live.line(), live.line()
    ran = live.finish()
    until.set()
    assert ran.status == 3
    assert "Job 2" in ran.err
    assert "jobevents: the causes of job 1 are not known: no whole response came within 9 s" in ran.err


@pytest.mark.parametrize(
    ("arguments", "status", "first"),
    [
        (["--fail-fast"], 3, "jobevents: n1 errored, so following ends here (--fail-fast)"),
        (["--timeout", "2"], 124, "Job 352  running  deploy in production  1 of 2 nodes failed: 1 cause so far, "),
    ],
)
def test_a_tail_that_ends_before_its_job_explains_what_went_wrong_so_far(
    home: Home, serve: Serve, arguments: list[str], status: int, first: str
) -> None:
    """The causes come before how to resume, which is the last line; a run in which nothing failed has none."""
    server = serve(job("n1:running", "n2:running", "n1:errored"), job("n1:running", job_id=2))
    ran = home.run("tail", "352", "--why", *arguments, "--url", server.url)
    lines = ran.err.splitlines()
    assert (ran.status, lines[0].startswith(first)) == (status, True)
    assert "1 node  n1 is errored" in lines
    assert lines[-1].startswith("Job 352 was running when last checked. Resume with: jobevents tail 352 --start 4")
    if status == 124:
        assert "cause" not in home.run("tail", "2", "--why", *arguments, "--url", server.url).err


def test_a_puppetdb_that_is_silent_does_not_hide_the_causes(home: Home, serve: Serve) -> None:
    """What the orchestrator knows is printed in time, even if `--timeout` expires meanwhile; the status stays."""
    url = serve(job("n1:running", "n1:failed", "job:finished", final_state="failed")).url
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ran = connected(home, url, silent_url).run("tail", "352", "--why", "--timeout", "4")
    assert ran.status == 3
    assert f"PuppetDB at {silent_url.removeprefix('http://')} did not respond in time" in ran.err
    assert "1 node  " in ran.err
    assert "Again:" in ran.err


class _Tasks:
    """Takes the tasks instead of workers."""

    def __init__(self) -> None:
        self.started: list[tuple[object, Iterator[Explained]]] = []

    def start(self, name: object, work: Iterator[Explained]) -> None:
        self.started.append((name, work))


def test_an_explanation_that_takes_too_long_is_given_up() -> None:
    """After 10 s the run ends without it; what comes later is dropped."""
    tasks = _Tasks()
    explanations = Explanations(lambda ref: [f"causes of {ref}"], tasks)
    explanations.start(JOB, 100)
    assert explanations.overdue(109.9) == []
    assert explanations.are_awaited
    assert explanations.overdue(110) == ["jobevents: the causes of job 352 were not found within 10 s"]
    assert not explanations.are_awaited
    ((_, work),) = tasks.started
    assert explanations.take(next(work)) == ()


def test_an_explanation_that_fails_is_said() -> None:
    """The error is shown, safe to print, and the run goes on."""
    tasks = _Tasks()
    explanations = Explanations(lambda ref: [f"causes of {ref}"], tasks)
    explanations.start(JOB, 100)
    ((name, work),) = tasks.started
    assert explanations.failed(Ended(name, ValueError("no \x1b"))) == (
        "jobevents: the causes of job 352 are not known: no \\x1b",
    )
    explanations.start(JOB, 100)
    assert explanations.take(next(work)) == ("causes of 352",)


def test_without_why_nothing_is_explained() -> None:
    """No task is started."""
    tasks = _Tasks()
    Explanations(None, tasks).start(JOB, 0)
    assert tasks.started == []
