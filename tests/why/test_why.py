"""`jobevents why`, the installed program: what it prints, what it asks for, and what it does without PuppetDB."""

import json
import os
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pexpect
import pytest
import trustme
from support import misbehaving
from support.misbehaving import LONG_AGO, RecordingHandler, TestServer, job, publish
from support.program import PROGRAM, TOKEN, Home, Ran, wait_until
from support.puppet_reports import wire_report
from support.puppetdb import FakePuppetdb, connected, failed_job, failed_run, node, refuse
from support.samples import broken
from support.state import seen_jobs

from jobevents_cli.demo.puppetdb import Puppetdb
from jobevents_cli.demo.scripted_jobs import Document, ScriptedJob, ScriptedPlan, number_events
from jobevents_cli.demo.server import Answer

BROKER = "Error running puppet on app07.example.com: app07.example.com is not connected to the PCP broker"
KEYS = ["cause", "count", "nodes", "resource", "file", "line", "message", "log", "source", "complete"]

Serve = Callable[..., TestServer]
ServeDb = Callable[..., FakePuppetdb]


@pytest.fixture(name="serve_db")
def _serve_db() -> Iterator[ServeDb]:
    """Starts small PuppetDBs that end with the test."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(FakePuppetdb(*arguments, **options))


def _objects(ran: Ran) -> list[dict[str, Any]]:
    assert ran.status == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def _three_causes(puppetdb: Puppetdb, nodes: int = 300) -> ScriptedJob:
    """A job of many nodes of which 12 failed for three causes, and one was skipped."""
    locked = [f"db{number:02}.example.com" for number in range(1, 9)]
    broken = [f"web{number:02}.example.com" for number in range(1, 4)]
    documents = [failed_run(name, puppetdb.store(wire_report("locked", name))) for name in locked]
    documents += [failed_run(name, puppetdb.store(wire_report("catalog", name))) for name in broken]
    documents += [
        node("app07.example.com", "errored", message=BROKER + " "),
        node("app08.example.com", "skipped"),
        *(node(f"ok{number}", "finished", {"status": "unchanged", "hash": "x"}) for number in range(nodes - 13)),
    ]
    return failed_job(*documents)


def test_three_causes(home: Home, serve: Serve, serve_db: ServeDb, golden: Callable[[str, str], None]) -> None:
    """The causes of a failed job are grouped, the largest first, with what each node has in common."""
    puppetdb = Puppetdb()
    server, database = serve(_three_causes(puppetdb)), serve_db(puppetdb)
    ran = connected(home, server.url, database.url).run("why", "352")
    assert (ran.status, ran.err) == (0, "")
    golden("why.txt", ran.out)
    assert len(ran.out.splitlines()) <= 24
    assert database.requests == 4
    assert server.paths == ["/orchestrator/v1/jobs/352", "/orchestrator/v1/jobs/352/nodes"]


def test_it_fits_on_one_screen(home: Home, serve: Serve, serve_db: ServeDb) -> None:
    """On a terminal of 24 rows and 80 columns the causes of 12 failed nodes fit, each of the three is named."""
    puppetdb = Puppetdb()
    server, database = serve(_three_causes(puppetdb)), serve_db(puppetdb)
    environment = {**connected(home, server.url, database.url).environment, "TERM": "xterm", "NO_COLOR": "1"}
    environment.pop("COLUMNS")
    child = pexpect.spawn(
        str(PROGRAM), ["why", "352"], env=environment, dimensions=(24, 80), encoding="utf-8", timeout=30
    )
    child.expect(pexpect.EOF)
    rows = [
        row
        for line in child.before.splitlines()
        for row in (line[at : at + 80] for at in range(0, max(1, len(line)), 80))
    ]
    assert len(rows) < 24
    text = " ".join(child.before.split())
    for cause in ("Exec[migrate]", "no catalog", "is not connected"):
        assert cause in text


def test_json(home: Home, serve: Serve, serve_db: ServeDb) -> None:
    """--json prints one object for each cause, with whole texts and exactly the documented keys."""
    puppetdb = Puppetdb()
    server, database = serve(_three_causes(puppetdb)), serve_db(puppetdb)
    causes = _objects(connected(home, server.url, database.url).run("why", "352", "--json"))
    assert [list(cause) for cause in causes] == [KEYS] * 3
    assert [(cause["cause"], cause["count"], cause["source"]) for cause in causes] == [
        ("resource", 8, "puppetdb"),
        ("catalog", 3, "puppetdb"),
        ("errored", 1, "orchestrator"),
    ]
    resource, catalog, errored = causes
    assert resource["resource"] == "Exec[migrate]"
    assert (resource["file"].endswith("/locked.pp"), resource["line"]) == (True, 1)
    assert [line["message"] for line in resource["log"]] == ["schema is locked by pid 13500"]
    assert list(resource["log"][0]) == ["level", "source", "message"]
    assert catalog["message"].startswith("Could not retrieve catalog from remote server: ")
    assert errored["message"] == BROKER
    assert all(cause["complete"] and cause["nodes"] == sorted(cause["nodes"]) for cause in causes)


def test_one_node_with_all_its_log(home: Home, serve: Serve, serve_db: ServeDb) -> None:
    """--node limits the nodes, --logs prints every log line from warning up, --all-nodes every name."""
    puppetdb = Puppetdb()
    server, database = serve(_three_causes(puppetdb)), serve_db(puppetdb)
    mine = connected(home, server.url, database.url)
    ran = mine.run("why", "352", "--node", "db0[12]*", "--logs")
    assert "2 of 300 nodes failed: 1 cause" in ran.out
    assert "warning: /Stage[main]/Main/Notify[after]: Skipping because of failed dependencies" in ran.out
    assert "web01" not in ran.out
    assert "--nodes db01.example.com,db02.example.com --environment production" in ran.out
    (cause,) = _objects(mine.run("why", "352", "--node", "db01*", "--logs", "--json"))
    assert [line["level"] for line in cause["log"]] == ["notice", "err", "err", "warning"]
    many = serve(failed_job(*(node(f"n{number:03}", "errored", message="no") for number in range(300))))
    mine = connected(home, many.url)
    short = mine.run("why", "352").out.split("Again:")[0]
    assert "more" in short
    assert "n299" not in short
    assert len(short.splitlines()) == 5
    assert all(f"n{number:03}" in mine.run("why", "352", "--all-nodes").out.split("Again:")[0] for number in (0, 299))


def test_nothing_went_wrong(home: Home, serve: Serve) -> None:
    """One line says that nothing went wrong; in JSON there is none."""
    server = serve(failed_job(node("a", "finished", {"status": "changed"}), state="finished"))
    mine = connected(home, server.url)
    assert mine.run("why", "352") == Ran(0, "Job 352: nothing went wrong\n", "")
    assert mine.run("why", "352", "--json") == Ran(0, "", "")


def test_a_failed_job_without_failed_nodes(home: Home, serve: Serve) -> None:
    """The orchestrator calls a job without nodes failed: why does not say that nothing went wrong."""
    mine = connected(home, serve(failed_job()).url)
    assert mine.run("why", "352") == Ran(0, "Job 352: failed, but no node of it did\n", "")


def test_node_that_matches_no_failed_node(home: Home, serve: Serve) -> None:
    """If --node leaves out every node that failed, the line does not say that the whole job went well."""
    server = serve(failed_job(node("a", "errored", message="no"), node("b", "finished", {"status": "changed"})))
    ran = connected(home, server.url).run("why", "352", "--node", "b*")
    assert ran == Ran(0, "Job 352: nothing went wrong on nodes that match\n", "")


class WithoutNodes(ScriptedJob):
    """A job whose list of nodes is empty."""

    def node_documents(self, now: float) -> list[Document]:  # noqa: ARG002 - always the same
        """No node."""
        return []


def test_an_empty_list_of_nodes(home: Home, serve: Serve) -> None:
    """If the orchestrator lists no node, the events say which nodes failed."""
    job = WithoutNodes(352, ("a", "b"), LONG_AGO, "failed", command="task")
    details = {"node": "a", "detail": {"_error": {"msg": "no space left"}}}
    event = {"type": "node_failed", "timestamp": "2026-11-01T10:00:00Z", "details": details, "message": "", "id": "7"}
    job.timeline = [(LONG_AGO, event), (LONG_AGO, {**event, "type": "job_finished", "details": {}, "id": "8"})]
    out = connected(home, serve(job).url).run("why", "352").out
    assert "1 of 2 nodes failed: 1 cause\n" in out
    assert "1 node  no space left\n" in out


def test_a_running_job(home: Home, serve: Serve) -> None:
    """For a running job the causes so far are printed, and that it is running."""
    server = serve(failed_job(node("a", "errored", message="no"), node("b", "running"), state="running"))
    out = connected(home, server.url).run("why", "352").out
    assert out.startswith(
        "Job 352  running  deploy in production  1 of 2 nodes failed: 1 cause so far, the job is running"
    )
    server = serve(failed_job(node("b", "running"), state="running"))
    out = connected(home, server.url).run("why", "352").out
    assert out == "Job 352: nothing went wrong so far; the job is running\n"


ANSWERS: list[tuple[Any, str]] = [
    (refuse(401, {"msg": "Route requires authentication"}), "puppet-access login"),
    (refuse(403, "Permission denied"), '"View node data from PuppetDB"'),
    (refuse(404, {"error": "not here"}), "is this PuppetDB?"),
    (refuse(400, "'job_id' is not a queryable object for reports"), "PuppetDB 5.2 or later"),
    (refuse(503, "starting"), "jobevents config set puppetdb-url"),
    (refuse(200, {"not": "a list"}), "is not a list"),
    (refuse(200, "not JSON"), "is not a list in JSON"),
    (refuse(302, "elsewhere"), "redirect"),
]


@pytest.mark.parametrize(("answer", "hint"), ANSWERS)
def test_puppetdb_that_cannot_be_used(home: Home, serve: Serve, serve_db: ServeDb, answer: Any, hint: str) -> None:
    """Whatever PuppetDB answers, one notice says what is missing, and all that the orchestrator knows is printed."""
    server = serve(failed_job(failed_run("a", "abc"), node("b", "errored", message="no")))
    database = serve_db(Puppetdb(), plan=[answer])
    ran = connected(home, server.url, database.url).run("why", "352", "--json")
    causes = _objects(ran)
    assert [(cause["cause"], cause["message"], cause["complete"]) for cause in causes] == [
        ("run", "2 of 171 resources failed", False),
        ("errored", "no", True),
    ]
    assert ran.err.startswith("Notice: PuppetDB could not be queried")
    assert ran.err.count("\n") == 1
    assert hint in ran.err
    assert TOKEN not in ran.err


def test_no_address_and_nobody_there(home: Home, serve: Serve) -> None:
    """Without an address, and with one where nobody answers, the notice says so and how to set one."""
    server = serve(failed_job(failed_run("a", "abc")))
    for url, why in ((None, "no address of PuppetDB is known"), ("http://127.0.0.1:1", "Connection refused")):
        ran = connected(home, server.url, url).run("why", "352")
        assert ran.status == 0
        assert "2 of 171 resources failed" in ran.out
        assert why in ran.err
        assert "JOBEVENTS_PUPPETDB_URL" in ran.err


def test_puppetdb_is_not_asked_in_vain(home: Home, serve: Serve, serve_db: ServeDb) -> None:
    """Tasks, errored nodes and the agent's own errors leave no reports: PuppetDB is not asked."""
    database = serve_db(Puppetdb())
    server = serve(
        failed_job(
            node("a", "failed", {"_error": {"msg": "Puppet agent is disabled"}, "error_type": "agent_disabled"}),
            node("b", "errored", message="no"),
        )
    )
    ran = connected(home, server.url, database.url).run("why", "352")
    assert "Puppet agent is disabled" in ran.out
    assert (ran.err, database.requests) == ("", 0)


def test_a_task(home: Home, serve: Serve) -> None:
    """A task's cause has its error, the exit code and its last output; Again names the task and its parameters."""
    result = {"_error": {"msg": "no space left", "details": {"exit_code": 28}}, "_output": "one\ntwo\n"}
    server = serve(
        failed_job(
            node("b", "failed", result), node("a", "failed", result), command="task", task="facts", params={"x": 1}
        )
    )
    mine = connected(home, server.url)
    out = mine.run("why", "352").out
    assert "2 nodes  exit 28\n         no space left\n         one\n         two\n         a b\n" in out
    assert "Again:   puppet task run facts --nodes a,b # add the task's parameters\n" in out
    (cause,) = _objects(mine.run("why", "352", "--json"))
    assert (cause["cause"], cause["message"]) == ("task", "no space left")
    assert [line["source"] for line in cause["log"]] == ["stdout", "stdout"]


def test_a_finished_command_with_an_error(home: Home, serve: Serve) -> None:
    """A finished node with an error is included and marked; a command is not offered again."""
    result = {"stderr": "bye", "_error": {"details": {"exit_code": 23}}}
    server = serve(failed_job(node("a", "finished", result), command="command", state="finished"))
    out = connected(home, server.url).run("why", "352").out
    assert "1 finished with an error: 1 cause" in out
    assert "1 node  exit 23  finished with an error\n" in out
    assert "Again" not in out


def test_names_made_to_do_harm(home: Home, serve: Serve, tmp_path: Path) -> None:
    """Again can be pasted into a shell whatever nodes are called: nothing but puppet is run, with every name whole."""
    names = [
        "a;touch hacked",
        "$(touch hacked)",
        "it's",
        "`touch hacked`",
        "-x",
        "a b",
        "!x",
        "é",
        "a,b",
        "c\nd",
        "\x1b[31m",
    ]
    server = serve(failed_job(*(node(name, "errored", message="no") for name in names)))
    out = connected(home, server.url).run("why", "352").out
    assert "\x1b" not in out
    (again,) = [line for line in out.splitlines() if line.startswith("Again:")]
    (tmp_path / "puppet").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > arguments\n')
    (tmp_path / "puppet").chmod(0o755)
    script = f"cd '{tmp_path}'; PATH='{tmp_path}':$PATH\n{again.removeprefix('Again:')}\n"
    assert home.shell(script).status == 0
    assert not (tmp_path / "hacked").exists()
    taken = sorted(set(names) - {"a,b", "c\nd", "\x1b[31m", "-x"})
    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert arguments[:2] == ["job", "run"]
    assert arguments[2:] == ["--nodes", ",".join(taken), "--environment", "production"]
    assert again.endswith("# without 4 nodes whose name puppet cannot take")


def test_hostile_texts(home: Home, serve: Serve, serve_db: ServeDb) -> None:
    """Escape sequences and markup are text, and a long line is shortened in text but whole in JSON up to a megabyte."""
    report = wire_report("locked", "a")
    report["logs"][0]["message"] = "\x1b[2J[bold]x[/bold] " + "y" * 300_000
    report["logs"][1]["message"] = "z" * 3_000_000
    puppetdb = Puppetdb([])
    server, database = serve(failed_job(failed_run("a", puppetdb.store(report)))), serve_db(puppetdb)
    mine = connected(home, server.url, database.url)
    out = mine.run("why", "352").out
    assert "\\x1b[2J[bold]x[/bold] yyy" in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) < 4100
    resource, own = _objects(mine.run("why", "352", "--json", "--logs"))
    assert len(resource["log"][0]["message"]) > 300_000
    assert own["message"][1024 * 1024 :] == "… (cut: 3000000 bytes in all)"


def test_late_reports_are_waited_for(home: Home, serve: Serve, serve_db: ServeDb) -> None:
    """The report of a run that has just ended is asked for again; that of an older run is not."""
    report = wire_report("locked", "a")
    puppetdb = Puppetdb()
    report_hash = puppetdb.store(report)
    for ended, requests in ((time.time(), 5), (time.time() - 200, 2)):
        server = serve(failed_job(failed_run("a", report_hash, ended=ended)))
        database = serve_db(puppetdb, plan=[*[refuse(200, [])] * 2, None])
        ran = connected(home, server.url, database.url).run("why", "352")
        assert ("schema is locked" in ran.out) == (requests == 5)
        assert ("PuppetDB has no report of 1 failed run" in ran.err) == (requests == 2)
        assert database.requests == requests


def test_the_report_is_matched_in_three_ways(home: Home, serve: Serve, serve_db: ServeDb) -> None:
    """A report is found by its hash, or else by the transaction, or else by the job."""
    puppetdb = Puppetdb()
    puppetdb.store(wire_report("locked", "node-b", uuid="11111111-2222-4333-8444-555555555555"))
    puppetdb.store(wire_report("locked", "node-c", job_id="352"))
    puppetdb.store(wire_report("catalog", "node-d", job_id="351"))
    by_hash = puppetdb.store(wire_report("locked", "node-a"))
    server = serve(
        failed_job(
            failed_run("node-a", by_hash),
            failed_run("node-b", uuid="11111111-2222-4333-8444-555555555555"),
            failed_run("node-c"),
            failed_run("node-d"),
        )
    )
    database = serve_db(puppetdb)
    causes = _objects(connected(home, server.url, database.url).run("why", "352", "--json"))
    assert [(cause["cause"], cause["nodes"]) for cause in causes] == [
        ("resource", ["node-a", "node-b", "node-c"]),
        ("run", ["node-d"]),
    ]


def test_the_next_address_is_tried(home: Home, serve: Serve, serve_db: ServeDb) -> None:
    """Of several addresses the next one is asked if one refuses the connection or answers 5xx."""
    puppetdb = Puppetdb()
    server = serve(failed_job(failed_run("a", puppetdb.store(wire_report("locked", "a")))))
    failing, good = serve_db(puppetdb, plan=[refuse(500, "no")]), serve_db(puppetdb)
    folder = home.folder / ".puppetlabs" / "client-tools"
    folder.mkdir(parents=True)
    urls = ["http://127.0.0.1:1", failing.url, good.url]
    (folder / "puppetdb.conf").write_text(json.dumps({"puppetdb": {"server_urls": urls}}))
    ran = connected(home, server.url).run("why", "352")
    assert "schema is locked" in ran.out
    assert (ran.err, failing.requests, good.requests) == ("", 1, 4)


def test_token_or_certificate(home: Home, serve: Serve, serve_db: ServeDb, tmp_path: Path) -> None:
    """PuppetDB gets the orchestrator's token, or a client certificate and no token."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    mine_pem = authority.issue_cert("jobevents.example.com")
    mine_pem.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    mine_pem.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    puppetdb = Puppetdb()
    server = serve(failed_job(failed_run("a", puppetdb.store(wire_report("locked", "a")))))
    with_token, with_certificate = serve_db(puppetdb, token=TOKEN), serve_db(puppetdb, tls=tls)
    assert "schema is locked" in connected(home, server.url, with_token.url).run("why", "352").out
    assert {headers["X-Authentication"] for headers, _ in with_token.seen} == {TOKEN}
    mine = connected(home, server.url, with_certificate.url).with_(JOBEVENTS_CACERT=str(tmp_path / "ca.pem"))
    ran = mine.run("why", "352")
    assert "2 of 171 resources failed" in ran.out
    assert "certificate" in ran.err
    mine = mine.with_(
        JOBEVENTS_PUPPETDB_CERT=str(tmp_path / "cert.pem"), JOBEVENTS_PUPPETDB_KEY=str(tmp_path / "key.pem")
    )
    ran = mine.run("why", "352")
    assert "schema is locked" in ran.out
    assert all("X-Authentication" not in headers for headers, _ in with_certificate.seen)


def test_an_unknown_job_and_no_job(home: Home, serve: Serve) -> None:
    """An unknown job is an error of its own; without a job the newest failed ones that are remembered are named."""
    server = serve(failed_job(node("a", "errored", message="no")))
    mine = connected(home, server.url)
    assert mine.run("why", "353").status == 6
    assert mine.run("jobs").status == 0
    ran = mine.run("why")
    assert ran.status == 2
    assert "failed lately: 352" in ran.err
    assert mine.run("why", "latest").out.startswith("Job 352  failed")


def test_a_job_that_failed_while_it_was_followed_is_remembered_so(home: Home, serve: Serve) -> None:
    """`why` without a job names it."""
    running = job("a:running", final_state="failed")
    mine = connected(home, serve(running).url)
    live = mine.start("tail", "352", "--interval", "0.1")
    live.line()
    wait_until(lambda: seen_jobs(mine) == {352: "running"})
    publish(running, "a:failed", 2)
    publish(running, "job:finished", 3)
    assert live.finish().status == 3
    assert "failed lately: 352" in mine.run("why").err


def test_a_plan(home: Home, serve: Serve) -> None:
    """A plan is explained by its own error and by what went wrong in its jobs."""
    plan = broken(12, created=LONG_AGO, first_job=357)
    server = serve(*plan.jobs, plans=[plan])
    mine = connected(home, server.url)
    out = mine.run("why", "plan/12").out
    assert out.splitlines()[0] == "Plan 12  failure  app::backup in production  1 of 2 nodes failed: 1 cause"
    assert "1 node  exit 1\n        backup: no space left on device\n        app02.example.com\n" in out
    assert "Plan aborted" not in out
    assert "Again:  puppet plan run 'app::backup'\n" in out
    (cause,) = _objects(mine.run("why", "plan/latest", "--json"))
    assert (cause["cause"], cause["nodes"]) == ("task", ["app02.example.com"])


def test_a_plan_whose_events_fail_once(home: Home, serve: Serve) -> None:
    """They are requested again, as all else is. If that fails, a notice says so, and the jobs are explained."""
    plan = broken(12, created=LONG_AGO, first_job=357)
    server = serve(*plan.jobs, plans=[plan])
    mine = connected(home, server.url)
    whole = mine.run("why", "plan/12").out
    faults = [misbehaving.status(503)]

    def fail_once(handler: RecordingHandler, answer: Answer) -> None:
        is_good = "/plan_jobs/12/events" not in handler.path or not faults
        (RecordingHandler.send if is_good else faults.pop())(handler, answer)

    server.faults[0] = fail_once
    ran = mine.run("why", "plan/12")
    assert (ran.status, ran.out, ran.err, faults) == (0, whole, "", [])
    faults.append(misbehaving.error(403, "puppetlabs.orchestrator/not-permitted", "no"))
    ran = mine.run("why", "plan/12")
    assert (ran.status, "backup: no space left on device" in ran.out) == (0, True)
    assert ran.err.startswith("Notice: the events of plan 12 could not be read: ")


def test_a_plan_with_an_error_of_its_own(home: Home, serve: Serve) -> None:
    """A plan that fails on no node has a cause without nodes; a job that cannot be read does not hide the others."""
    plan = ScriptedPlan(12, "site::check", LONG_AGO, final_state="failure")
    plan.result = {"kind": "bolt/plan-failure", "msg": "the certificate has expired", "details": {}}
    plan.add(1, "task_start", **{"job-id": 999})
    plan.end(2)
    server = serve(plans=[plan])
    ran = connected(home, server.url).run("why", "plan/12")
    assert ran.status == 0
    assert "\nplan    the certificate has expired\n" in ran.out
    assert "Notice: job 999 could not be read" in ran.err
    (cause,) = _objects(connected(home, server.url).run("why", "plan/12", "--json"))
    assert (cause["cause"], cause["count"], cause["nodes"]) == ("plan", 0, [])


def test_a_saved_plan(home: Home) -> None:
    """A saved plan is explained together with its jobs, which are then not explained again."""
    plan = broken(12, created=LONG_AGO, first_job=357)
    number_events(*plan.jobs)
    saved = _saved(
        *({"plan": "12", **event} for _, event in plan.timeline),
        *({"job": "357", **event} for _, event in plan.jobs[0].timeline),
    )
    for arguments in ((), ("plan/12",)):
        causes = _objects(home.run("why", *arguments, "--from", "-", "--json", input=saved))
        assert [cause["cause"] for cause in causes] == ["task"]
    run = _saved(_event(99, "node_failed", "r", {"status": "failed", "metrics": {"total": 9, "failed": 1}}, job="357"))
    out = home.run("why", "plan/12", "--from", "-", input=saved + run).out
    assert "1 of 9 resources failed" in out
    assert "Again:" not in out
    (cause,) = _objects(home.run("why", "357", "--from", "-", "--json", input=saved))
    assert cause["cause"] == "task"


def test_saved_events_without_a_token(home: Home) -> None:
    """Without a token a configured PuppetDB cannot be asked: a notice says so, and the events are explained."""
    (home.folder / ".puppetlabs" / "token").unlink()
    saved = _saved(
        _event(1, "node_failed", "a", {"status": "failed", "hash": "x", "metrics": {"total": 9, "failed": 1}})
    )
    ran = home.with_(JOBEVENTS_PUPPETDB_URL="http://127.0.0.1:1").run("why", "--from", "-", input=saved)
    assert ran.status == 0
    assert "1 of 9 resources failed" in ran.out
    assert "there is no token" in ran.err


def _saved(*documents: Document) -> bytes:
    return "".join(json.dumps(document) + "\n" for document in documents).encode()


def _event(number: int, kind: str, name: str, detail: Any, message: str = "", **more: Any) -> Document:
    details = {"node": name, "detail": detail}
    return {**more, "id": str(number), "type": kind, "details": details, "message": message}


def test_saved_events(home: Home, serve_db: ServeDb) -> None:
    """--from explains each saved job, asks no orchestrator, and PuppetDB only if its address is configured."""
    puppetdb = Puppetdb()
    run = {"status": "failed", "hash": puppetdb.store(wire_report("locked", "a")), "metrics": {"total": 9, "failed": 1}}
    saved = _saved(
        _event(1, "node_failed", "a", {**run, "environment": "production"}, job="352"),
        _event(2, "node_errored", "b", {}, "b is gone", job="352"),
        {"job": "352", "id": "3", "type": "job_finished", "details": {}, "message": ""},
        _event(4, "node_failed", "c", {"_error": {"msg": "no"}}, job="353"),
    )
    ran = home.run("why", "--from", "-", input=saved)
    assert ran.status == 0
    assert "Job 352  2 of 2 nodes failed: 2 causes" in ran.out
    assert "1 of 9 resources failed" in ran.out
    assert "puppet job run --nodes a,b --environment production" in ran.out
    assert "Job 353  1 of 1 node failed: 1 cause so far" in ran.out
    database = serve_db(puppetdb)
    ran = home.with_(JOBEVENTS_PUPPETDB_URL=database.url).run("why", "352", "--from", "-", "--json", input=saved)
    assert [cause["cause"] for cause in _objects(ran)] == ["resource", "errored"]
    assert home.run("why", "354", "--from", "-", input=saved).status == 6


def test_what_is_wrong_with_puppetdb_is_said_once(home: Home, serve: Serve) -> None:
    """Several jobs of one run need PuppetDB: one notice says why it could not be queried."""
    run = {"status": "failed", "metrics": {"total": 9, "failed": 1}}
    saved = _saved(*(_event(number, "node_failed", "a", run, job=str(number)) for number in (1, 2, 3)))
    for command in ("why", "show"):
        arguments = ("--why",) if command == "show" else ()
        ran = home.run(command, "--from", "-", *arguments, input=saved)
        assert ran.out.count("1 of 9 resources failed") == 3
        assert ran.err.count("Notice: PuppetDB could not be queried") == 1
    jobs = [job("n1:running", "n1:failed", "job:finished", job_id=number, first=10 * number) for number in (1, 2, 3)]
    ran = connected(home, serve(*jobs).url).run("tail", "1", "2", "3", "--why")
    assert ran.err.count("Again: ") == 3
    assert ran.err.count("Notice: PuppetDB could not be queried") == 1


def test_the_output_ends_quietly_with_its_reader(home: Home, serve: Serve) -> None:
    """A reader that goes away ends the program silently."""
    server = serve(
        failed_job(*(node(f"n{number}", "errored", message="x" * 1000 + str(number % 97)) for number in range(500)))
    )
    mine = connected(home, server.url)
    ran = mine.shell(f"{os.fspath(PROGRAM)} why 352 --json | head -1 >/dev/null; exit ${{PIPESTATUS[0]}}")
    assert (ran.status, ran.err) in ((141, ""), (0, ""))


def test_nothing_saved_is_said(home: Home) -> None:
    """An empty file holds no job that could be explained."""
    ran = home.run("why", "--from", "/dev/null")
    assert (ran.status, ran.out, ran.err) == (0, "", "jobevents: --from /dev/null: no events\n")
