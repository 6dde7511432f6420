"""Plans: followed together with the jobs they start, live, through outages, killed and resumed."""

import json
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from support import misbehaving
from support.marks import slow_but
from support.misbehaving import TestServer, job, publish
from support.plans import answering
from support.program import Home, wait_until
from support.scripted_plans import PLAN, plan, publish_plan
from support.state import kept

from jobevents_cli.demo.scripted_jobs import ScriptedJob
from jobevents_cli.demo.server import Answer

Serve = Callable[..., TestServer]
GOOD = ("n1:running", "n1:finished", "job:finished")
BAD = ("n1:running", "n1:failed", "job:finished")


def _good(job_id: int, first: int) -> ScriptedJob:
    return job(*GOOD, job_id=job_id, first=first)


def _bad(job_id: int, first: int) -> ScriptedJob:
    return job(*BAD, job_id=job_id, first=first, final_state="failed")


def _printed(out: str) -> list[tuple[str, str]]:
    """The events of *out*: `plan` or a job's number, and the event's id."""
    events = [json.loads(line) for line in out.splitlines()]
    return [(event.get("job", "plan"), event["id"]) for event in events]


def _events(who: str, *ids: int) -> set[tuple[str, str]]:
    return {(who, str(number)) for number in ids}


ALL = _events("plan", 1, 2, 3, 4) | _events("13", 2, 3, 4) | _events("14", 12, 13, 14)


def _deploy(serve: Serve, **more: object) -> TestServer:
    """A plan that started a job which failed and one which did not, and succeeded."""
    first, second = _bad(13, 2), _good(14, 12)
    words = ("task:13", "task:14", "say:all is well", "plan:finished")
    return serve(plans=[plan(*words, jobs=(first, second))], **more)


def test_a_plan_and_its_jobs_are_one_stream(home: Home, serve: Serve) -> None:
    """Lines are tagged; the exit status is the plan's alone; the summary names the jobs that failed."""
    url = _deploy(serve).url
    text = home.run("tail", "plan/12", "--time", "none", "--url", url)
    assert text.status == 0
    assert [line.split("  ")[1] for line in text.out.splitlines()].count("13") == 3
    assert {"✔ finished  plan/12", "■ ended  13", "■ ended  14"} <= set(text.out.splitlines())
    assert text.err.splitlines() == [
        "Plan 12 · app::deploy in production by admin",
        "✔ finished  plan 12  4s  2 jobs, 1 failed",
        "  ✘ failed  job 13  4s  1 failed",
        "    ✘ failed   n1  n1 is failed",
        f"Why: jobevents why plan/12 --url {url}",
    ]
    for command in ("tail", "list"):
        ran = home.run(command, "plan/12", "--json", "--url", url)
        assert (ran.status, len(_printed(ran.out)), set(_printed(ran.out))) == (0, len(ALL), ALL)
        assert all(line.startswith(('{"plan":"12",', '{"job":"1')) for line in ran.out.splitlines())
    assert home.run("tail", "plan/latest", "-q", "--url", url).status == 0


@pytest.mark.parametrize("order", [("plan/12", "13"), ("13", "plan/12")])
@pytest.mark.parametrize("quiet", [False, True])
def test_a_job_of_a_plan_can_be_named_too(home: Home, serve: Serve, order: tuple[str, str], *, quiet: bool) -> None:
    """It is followed once, as a job of its own: it counts for the exit status, and the plan waits for it."""
    url = _deploy(serve).url
    options = ("-q",) if quiet else ("--json",)
    ran = home.run("tail", *order, *options, "--timeout", "30", "--url", url)
    assert ran.status == 3
    assert quiet or (len(_printed(ran.out)), set(_printed(ran.out))) == (len(ALL), ALL)


def test_a_job_that_had_ended_is_not_followed_again_for_its_plan(home: Home, serve: Serve) -> None:
    """The plan names it later; its summary has it all the same."""
    late = plan("say:wait")
    server = serve(_bad(13, 2), plans=[late])
    live = home.start("tail", "13", "plan/12", "--interval", "0.1", "--time", "none", "--url", server.url)
    for _ in range(4):
        live.line()
    wait_until(lambda: "✘ failed  job 13" in live.errors)
    publish_plan(late, "task:13")
    publish_plan(late, "plan:finished")
    ran = live.finish()
    assert ran.status == 3
    assert ran.out.count("  13  ") == 2
    assert ran.err.count("job 13") == 2


def test_only_the_plans_own_events(home: Home, serve: Serve) -> None:
    """`--no-jobs` follows the plan like a job: no key is added, --start is possible."""
    server = _deploy(serve)
    for command in ("tail", "list"):
        ran = home.run(command, "plan/12", "--no-jobs", "--json", "--start", "2", "--url", server.url)
        assert [json.loads(line)["id"] for line in ran.out.splitlines()] == ["2", "3", "4"]
        assert '"plan":' not in ran.out
    assert not any("/jobs/13" in path for path in server.paths)


def test_jobs_join_live_and_are_followed_beyond_the_end(home: Home, serve: Serve) -> None:
    """A job joins when an event names it; one that outlives the plan is followed to its end."""
    deploy = plan("say:go")
    server = serve(plans=[deploy])
    live = home.start("tail", "plan/12", "--json", "--interval", "0.1", "--url", server.url)
    assert _printed(live.line()) == [("plan", "1")]
    child = job("n1:running", job_id=14, first=20)
    server.orchestrator.jobs[14] = child
    publish_plan(deploy, "task:14")
    assert {_printed(live.line())[0] for _ in range(2)} == {("plan", "2"), ("14", "20")}
    publish_plan(deploy, "plan:failed")
    deploy.final_state = "failure"
    assert _printed(live.line()) == [("plan", "3")]
    time.sleep(0.5)
    assert live.process.poll() is None
    publish(child, "n1:finished", 21)
    publish(child, "job:finished", 22)
    ran = live.finish()
    assert ran.status == 3
    assert _printed(ran.out)[-2:] == [("14", "21"), ("14", "22")]
    assert ran.err == ""


def test_a_job_that_only_the_status_names_joins_too(home: Home, serve: Serve) -> None:
    """Servers may name a job in the plan's status alone."""
    server = serve(plans=[plan("say:go", "plan:finished", jobs=(_good(14, 20),))])
    ran = home.run("tail", "plan/12", "--json", "--url", server.url)
    assert set(_printed(ran.out)) == _events("plan", 1, 2) | _events("14", 20, 21, 22)


@pytest.mark.parametrize("command", ["tail", "list"])
def test_n_counts_the_plan_and_its_jobs_together(home: Home, serve: Serve, command: str) -> None:
    """The last events by time, whoever's they are."""
    server = _deploy(serve)
    ran = home.run(command, "plan/12", "-n", "3", "--json", "--url", server.url)
    assert _printed(ran.out) == [("14", "12"), ("14", "13"), ("14", "14")]


def test_n_0_prints_later_jobs_from_their_first_event(home: Home, serve: Serve) -> None:
    """What exists is hidden; a job that starts later is new as a whole."""
    old, deploy = _good(13, 1), plan("task:13")
    deploy.jobs = (old,)
    server = serve(plans=[deploy])
    live = home.start("tail", "plan/12", "-n", "0", "--json", "--interval", "0.1", "--url", server.url)
    wait_until(lambda: sum("/plan_jobs/12/events" in path for path in server.paths) >= 2)
    server.orchestrator.jobs[14] = _good(14, 20)
    publish_plan(deploy, "task:14")
    lines = {_printed(live.line())[0] for _ in range(4)}
    assert lines == _events("plan", 2) | _events("14", 20, 21, 22)
    publish_plan(deploy, "plan:finished")
    assert live.finish().status == 0


def test_filters_and_fail_fast_apply_to_the_jobs(home: Home, serve: Serve) -> None:
    """--failures and --node choose among the jobs' events; the first failed node of any job ends --fail-fast."""
    url = _deploy(serve).url
    failures = home.run("tail", "plan/12", "--failures", "--json", "--url", url)
    assert (failures.status, _printed(failures.out)) == (0, [("13", "3")])
    assert _printed(home.run("list", "plan/12", "--grep", "all is", "--json", "--url", url).out) == [("plan", "3")]
    fast = home.run("tail", "plan/12", "--fail-fast", "--json", "--url", url)
    assert fast.status == 3
    assert f"Resume with: jobevents tail plan/12 --json --url {url}" in fast.err


@pytest.mark.parametrize(("code", "said"), [(404, "Job 14 not found"), (403, "says 403")])
def test_a_job_that_cannot_be_read_is_reported_once(home: Home, serve: Serve, code: int, said: str) -> None:
    """The plan and its other jobs go on, and the exit status is the plan's."""
    server = serve(plans=[plan("task:13", "task:14", "plan:finished", jobs=(_good(13, 2),))])

    def refuse(handler: misbehaving.RecordingHandler, answer: Answer) -> None:
        handler.send(Answer(403, b"") if code == 403 and "/jobs/14" in handler.path else answer)

    server.faults[0] = refuse
    ran = home.run("tail", "plan/12", "--json", "--url", server.url)
    assert ran.status == 0
    assert set(_printed(ran.out)) == _events("plan", 1, 2, 3) | _events("13", 2, 3, 4)
    assert ran.err.count("Error: job 14: ") == 1
    assert said in ran.err


@pytest.mark.parametrize(
    ("state", "end", "status"), [("success", True, 0), ("failure", True, 3), ("stopped", False, 5)]
)
def test_the_verdict_is_the_plans(home: Home, serve: Serve, state: str, status: int, *, end: bool) -> None:
    """By its last event and its state, whatever became of its jobs."""
    word = "plan:finished" if state == "success" else "plan:failed"
    deploy = plan("task:13", *([word] if end else []), jobs=(_good(13, 2),), state=state)
    server = serve(plans=[deploy])
    if not end:
        server.faults[0] = _with_state(state)
    assert home.run("tail", "plan/12", "-q", "--url", server.url).status == status


def _with_state(state: str) -> misbehaving.Fault:
    """The plan's own document says *state*."""

    def fault(handler: misbehaving.RecordingHandler, _answer: Answer) -> None:
        plain = handler.orchestrator.answer(handler.path, {"X-Authentication": handler.orchestrator.token})
        if handler.path.endswith(f"/plan_jobs/{PLAN}"):
            document = {**json.loads(plain.body), "state": state}
            plain = Answer(200, json.dumps(document).encode(), {"Content-Type": "application/json"})
        handler.send(plain)

    return fault


def test_an_unknown_plan_is_named(home: Home, serve: Serve) -> None:
    """404 says which plan; a job of the same number is another thing."""
    ran = home.run("tail", "plan/352", "--url", serve(job(*GOOD)).url)
    assert ran.status == 6
    assert ran.err.startswith("Error: plan 352: ")


def test_a_plan_that_is_pending_is_waited_for(home: Home, serve: Serve) -> None:
    """The reader is told that it has not started yet."""
    server = serve(plans=[plan()], faults={0: _with_state("pending")})
    live = home.start("tail", "plan/12", "--url", server.url)
    wait_until(lambda: "plan 12: the plan has not started yet" in live.errors)
    live.signal(signal.SIGINT)
    ran = live.finish()
    assert ran.err.splitlines()[-1].endswith(f"Resume with: jobevents tail plan/12 --url {server.url}")


def test_a_long_message_is_printed_in_full(home: Home, serve: Serve) -> None:
    """The list of events cuts it after 1,024 bytes: the event itself is read. JSON is what the list says."""
    long = "first line\n" + "é" * 2000
    server = serve(plans=[plan(f"say:{long}", "plan:finished")])
    text = home.run("tail", "plan/12", "--time", "none", "--url", server.url)
    assert text.out.splitlines()[0] == "◆ message  plan/12      first line\\n" + "é" * 2000
    listed = home.run("list", "plan/12", "--no-jobs", "--json", "--url", server.url)
    assert len(json.loads(listed.out.splitlines()[0])["details"]["message"].encode()) <= 1024


@pytest.mark.parametrize("fault", ["503", "401"])
def test_an_outage_in_the_middle(home: Home, serve: Serve, fault: str) -> None:
    """Of the plan and its jobs it is one outage, said once; nothing is lost or repeated."""
    child, deploy = job("n1:running", job_id=14, first=20), plan("task:14")
    deploy.jobs = (child,)
    server = serve(plans=[deploy])
    live = home.start("tail", "plan/12", "--json", "--interval", "0.1", "--url", server.url)
    live.line(), live.line()
    if fault == "401":
        server.orchestrator.token = "an0ther-t0ken"
    else:
        server.faults[0] = misbehaving.status(503)
    wait_until(lambda: "contact lost" in live.errors)
    publish(child, "n1:finished", 21)
    publish(child, "job:finished", 22)
    publish_plan(deploy, "plan:finished")
    time.sleep(0.5)
    server.faults.clear()
    home.write_token(server.orchestrator.token)
    ran = live.finish()
    assert ran.status == 0
    assert sorted(_printed(ran.out)) == sorted(_events("plan", 1, 2) | _events("14", 20, 21, 22))
    lost, back = ran.err.splitlines()
    assert lost.startswith("jobevents: contact lost: ")
    assert back.startswith("jobevents: contact is back after ")


def test_50_jobs_of_a_plan(home: Home, serve: Serve) -> None:
    """Many jobs cost what as many jobs cost: few connections, each event once."""
    jobs = tuple(_good(number, 10 * number) for number in range(100, 150))
    server = serve(plans=[plan(*(f"task:{one.job_id}" for one in jobs), "plan:finished", jobs=jobs)])
    ran = home.run("tail", "plan/12", "--json", "--url", server.url)
    printed = _printed(ran.out)
    assert (ran.status, len(printed), len(set(printed))) == (0, 51 + 150, 51 + 150)
    assert server.connections < 30


# Resuming.


def test_resume_covers_the_plan_and_its_jobs(home: Home, serve: Serve) -> None:
    """Interrupted anywhere, the next run prints the rest, also of jobs that the events named before."""
    child, deploy = job("n1:running", job_id=14, first=20), plan("task:14")
    deploy.jobs = (child,)
    server = serve(plans=[deploy])
    arguments = ["tail", "plan/12", "--resume", "--json", "--interval", "0.1", "--url", server.url]
    live = home.start(*arguments)
    live.line(), live.line()
    wait_until(lambda: set(kept(home, "tail plan/12").values()) == {1, 20})
    live.signal(signal.SIGTERM)
    first = live.finish()
    assert f"Resume with: jobevents tail plan/12 --resume --json --url {server.url}" in first.err
    publish(child, "n1:failed", 21)
    publish(child, "job:finished", 22)
    server.orchestrator.jobs[15] = _good(15, 30)
    publish_plan(deploy, "task:15")
    publish_plan(deploy, "plan:finished")
    second = home.run(*arguments)
    assert second.status == 0
    assert set(_printed(second.out)) == _events("plan", 2, 3) | _events("14", 21, 22) | _events("15", 30, 31, 32)
    assert len(_printed(second.out)) == 7
    third = home.run(*arguments[:-2], "--url", server.url)
    assert (third.status, third.out) == (0, "")
    text = home.run("tail", "plan/12", "--resume", "--url", server.url)
    assert "job 14" in text.err
    assert "job 15" not in text.err


def test_a_second_process_is_told(home: Home, serve: Serve) -> None:
    """One run at a time keeps the positions of a plan and its jobs."""
    child, deploy = job("n1:running", job_id=14, first=20), plan("task:14")
    deploy.jobs = (child,)
    server = serve(plans=[deploy])
    live = home.start("tail", "plan/12", "--resume", "--json", "--url", server.url)
    live.line()
    second = home.run("tail", "plan/12", "--resume", "--url", server.url)
    assert second.status == 2
    assert "another `jobevents tail plan/12 --resume` is running" in second.err
    live.signal(signal.SIGTERM)
    live.finish()
    assert set(kept(home, "tail plan/12")) == {("plan", 12), ("job", 14)}
    assert not kept(home, "tail 14")


@pytest.mark.parametrize("after", slow_but([40], [1, 40, 160]))
def test_kill_9_repeats_at_most_one_write(home: Home, serve: Serve, after: int) -> None:
    """Killed at any moment: nothing is lost, and what comes again is the end of what was printed."""
    chance = random.Random(after)
    jobs = tuple(_good(number, 10 * number) for number in range(100, 140))
    words = [f"task:{one.job_id}" for one in jobs]
    deploy = plan(*words[:20], jobs=jobs[:20])
    server = serve(plans=[deploy])
    arguments = ["tail", "plan/12", "--resume", "--json", "--interval", "0.1", "--url", server.url]
    live = home.start(*arguments)
    for number in range(after):
        live.line()
        if number == 20:
            server.orchestrator.jobs.update({one.job_id: one for one in jobs[20:]})
            for word in words[20:]:
                publish_plan(deploy, word)
    time.sleep(chance.random() / 10)
    live.signal(signal.SIGKILL)
    out = live.finish().out
    server.orchestrator.jobs.update({one.job_id: one for one in jobs[20:]})
    for word in words[len(deploy.timeline) :]:
        publish_plan(deploy, word)
    publish_plan(deploy, "plan:finished")
    second = home.run(*arguments)
    before, rest = _printed(out[: out.rfind("\n") + 1]), _printed(second.out)
    assert second.status == 0
    assert len(set(rest)) == len(rest)
    assert len(set(before) | set(rest)) == 41 + 120
    repeated = [entry for entry in before if entry in set(rest)]
    assert repeated == before[len(before) - len(repeated) :]


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--json"], ["--no-jobs", "--json"]])
def test_a_result_of_20_megabytes_takes_little_memory(home: Home, serve: Serve, options: list[str]) -> None:
    """Results are never shown in text, and JSON Lines print them without parsing them."""
    result = json.dumps([{"name": f"node{number}", "ok": True, "values": [1, 2, 3]} for number in range(353_000)])
    assert len(result) > 20_000_000
    last = f'{{"type":"plan_finished","timestamp":"2026-11-23T10:00:01Z","details":{{"result":{result}}},"id":"2"}}'
    documents = {
        "/plan_jobs/12/events": f'{{"items":[{json.dumps(_message())},{last}]}}'.encode(),
        "/plan_jobs/12": f'{{"name":"12","state":"success","status":{{}},"result":{result}}}'.encode(),
    }
    server = serve(faults={0: answering(documents)})
    out = home.folder / "out"
    ran = home.shell(
        f"/usr/bin/time -f '%M %x' jobevents tail plan/12 {' '.join(options)} --url {server.url} 2>&1 > {out} | tail -1"
    )
    memory, status = map(int, ran.out.split())
    assert status == 0
    assert memory < 250_000
    if options:
        assert json.loads(out.read_text().splitlines()[1])["details"]["result"][-1]["name"] == "node352999"


def _message() -> dict[str, Any]:
    """The first event of a plan."""
    return {"type": "out_message", "timestamp": "2026-11-23T10:00:00Z", "details": {"message": "go"}, "id": "1"}
