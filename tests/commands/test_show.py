"""`show`: a job, a plan, one node; its options; saved events; screens."""

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from support.misbehaving import TestServer, big_job
from support.plans import API, answering, bolt_error, plan, with_plans
from support.program import TOKEN, Home
from support.samples import readme_job
from support.terminal import Terminal

from jobevents_cli.demo.scripted_jobs import Script, ScriptedJob, number_events
from jobevents_cli.demo.stories import stopped

Serve = Callable[..., TestServer]
Golden = Callable[[str, str], None]
MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()


def _task(job_id: int = 901) -> ScriptedJob:
    names = tuple(f"{name}.example.com" for name in ("a1", "a2", "b1"))
    job = ScriptedJob(job_id, names, MORNING, final_state="failed", command="task")
    script = Script(job)
    for name in names:
        script.add(1, "node_running", f"Started on {name}", node=name, detail={})
    script.add(3, "node_finished", "Finished on a1", node=names[0], detail={"_output": "one\n\ttwo\x1b[2J\n\n"})
    error = {"kind": "puppetlabs.tasks/task-error", "msg": "The task failed", "details": {"exit_code": 126}}
    result = {"_output": "out", "stderr": "e1\ne2\n", "_error": error, "extra": {"a": [1]}}
    script.add(4, "node_failed", "Failed on a2", node=names[1], detail=result)
    command = {"stderr": "bye", "exit_code": 23, "_error": {"details": {"exit_code": 23}}}
    script.add(5, "node_finished", "Finished on b1", node=names[2], detail=command)
    script.add(6, "job_finished", "over", detail={"state": "failed"})
    number_events(job)
    return job


def _fleet() -> ScriptedJob:
    """300 nodes in waves of 50, of which 12 failed or errored, and 3 were skipped."""
    random = Random(3)
    kinds = ("web", "app", "cache", "db", "queue")
    names = tuple(f"{kind}{number:02d}.example.com" for number in range(1, 61) for kind in kinds)
    job = ScriptedJob(900, names, MORNING, final_state="failed")
    script = Script(job)
    bad = random.sample(names, 15)
    free = [0.0] * 50
    for name in names:
        slot = free.index(min(free))
        begin = free[slot]
        end = free[slot] = begin + random.uniform(8, 40)
        if name in bad[:9]:
            script.run(name, begin, end, changed=1, failed=2)
        elif name in bad[9:12]:
            script.errored(name, begin)
        elif name in bad:
            script.skipped(name, begin, bad[0])
        else:
            script.run(name, begin, end, changed=random.choice((0, 0, 4, 12)))
    script.add(max(free), "job_finished", "over", detail={"state": "failed"})
    number_events(job)
    return job


def _running() -> ScriptedJob:
    job = ScriptedJob(950, ("n1", "n2", "n3"), MORNING)
    script = Script(job)
    script.run("n1", 1, 4)
    script.add(2, "node_running", "Started n2", node="n2", detail={})
    number_events(job)
    return job


def _events(job: ScriptedJob, *, tag: bool = False) -> str:
    lines = [event for _, event in sorted(job.timeline, key=lambda entry: int(entry[1]["id"]))]
    return "".join(json.dumps({"job": str(job.job_id), **event} if tag else event) + "\n" for event in lines)


def _plan_server(serve: Serve, state: str = "failure") -> TestServer:
    jobs = {352: "failed", 901: "failed", 77: "finished"}
    failed = plan(12, state, jobs, result=bolt_error("Plan aborted: run_task 'x' failed", "a2.example.com"))
    return serve(readme_job(), _task(), faults={0: with_plans(failed)})


def test_a_job_is_compared_whole(home: Home, serve: Serve, golden: Golden) -> None:
    """Not on a terminal: header, counts, and a row for each node, whole, failures first, then by start time."""
    ran = home.run("show", "352", "--url", serve(readme_job()).url)
    assert (ran.status, ran.err) == (0, "")
    golden("show.txt", ran.out)


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_300_nodes_on_a_terminal(home: Home, serve: Serve, golden: Golden, columns: int) -> None:
    """The 12 failures come first; at every width the rows keep within the screen."""
    command = ["jobevents", "show", "900", "--time", "utc", "--url", serve(_fleet()).url]
    with Terminal(command, columns=columns, rows=60, environment=home.environment) as terminal:
        terminal.wait_for_end()
        lines = [*terminal.scrolled, *terminal.lines]
        assert max(map(len, lines)) <= columns
        golden(f"show-fleet-{columns}.txt", "\n".join(lines).rstrip() + "\n")


def test_rows_begin_with_the_node(home: Home, serve: Serve) -> None:
    """Below the header each row begins with a node's name, and two spaces separate its columns."""
    out = home.run("show", "900", "--url", serve(_fleet()).url).out
    rows = out.split("\n\n")[1].splitlines()
    assert rows[0].split()[0] == "NODE"
    names = [row.partition("  ")[0].strip() for row in rows[1:]]
    assert sorted(names) == sorted(_fleet().nodes)
    states = [row[len("queue60.example.com") :].split()[0] for row in rows[1:]]
    assert states == ["failed"] * 9 + ["errored"] * 3 + ["skipped"] * 3 + ["finished"] * 285 or (
        set(states[:12]) == {"failed", "errored"} and states[12:15] == ["skipped"] * 3
    )


def test_long_names_stay_different(home: Home, serve: Serve) -> None:
    """At 40 columns names that differ at their ends are not cut to the same text."""
    names = tuple(f"a-very-long-name-of-a-node-number-{number}.example.com" for number in range(3))
    job = ScriptedJob(1, names, MORNING)
    script = Script(job)
    for name in names:
        script.run(name, 1, 2)
    number_events(job)
    with Terminal(
        ["jobevents", "show", "1", "--url", serve(job).url], columns=40, environment=home.environment
    ) as terminal:
        terminal.wait_for_end()
        rows = {line.split()[0] for line in terminal.lines if line.startswith("a-very")}
        assert len(rows) == len(names) or any("number-0" in row or "0.example" in row for row in rows)


def test_only_failures(home: Home, serve: Serve) -> None:
    """`--failures` leaves out what went well; a finished node that carries an error is shown."""
    url = serve(_task()).url
    out = home.run("show", "901", "--failures", "--url", url).out
    assert "a2.example.com" in out
    assert "b1.example.com" in out
    assert "a1.example.com" not in out
    assert "3 nodes" in out, "the header counts all nodes"


def test_only_running_nodes(home: Home, serve: Serve) -> None:
    """`--running` leaves out what has ended; together with `--failures` it shows what needs attention."""
    url = serve(_running()).url
    rows = home.run("show", "950", "--running", "--url", url).out.split("\n\n")[1].splitlines()
    assert [row.split()[:2] for row in rows[1:]] == [["n2", "running"]]
    lines = home.run("show", "950", "--running", "--failures", "--json", "--url", url).out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["n2"]


def test_a_file_is_written_only_when_it_is_complete(home: Home, serve: Serve) -> None:
    """`--output` takes every format, and prints nothing; what was there stays if the job cannot be shown."""
    path = home.folder / "report"
    url = serve(readme_job()).url
    for form in (["--format", "junit"], ["--format", "markdown"], ["--json"], []):
        ran = home.run("show", "352", *form, "--output", str(path), "--url", url)
        assert (ran.status, ran.out, ran.err) == (0, "", "")
        assert path.read_text() == home.run("show", "352", *form, "--url", url).out
    before = path.read_bytes()
    assert home.run("show", "9", "--output", str(path), "--url", url).status == 6
    assert path.read_bytes() == before
    ran = home.run("show", "352", "--output", str(home.folder / "missing" / "report"), "--url", url)
    assert (ran.status, "cannot be written: No such file or directory" in ran.err) == (7, True)


def test_nodes_of_pe_2016(home: Home, serve: Serve) -> None:
    """They have details and no result: what the run changed, and its report, are shown all the same."""
    link = "https://pe.example.com/#/cm/report/20d60265"
    metrics = {"changed": 4, "total": 171}
    nodes = [
        {"name": "a1", "state": "finished", "details": {"message": "Finished", "metrics": metrics}},
        {"name": "b1", "state": "failed", "details": {"metrics": {"failed": 2, "total": 171}, "report-url": link}},
    ]
    documents = {"/jobs/1": {"name": "1", "state": "failed"}, "/jobs/1/nodes": {"items": nodes}}
    url = serve(faults={0: answering(documents)}).url
    out = home.run("show", "1", "--url", url).out
    assert "failed 2 of 171" in out
    assert link in out
    assert "changed 4 of 171" in out
    assert "2 nodes  finished 1 (1 changed), failed 1" in out


def test_nodes_by_name(home: Home, serve: Serve) -> None:
    """`--node` is repeatable; several matches give the table."""
    url = serve(_task()).url
    out = home.run("show", "901", "--node", "a1*", "--node", "b?.example.com", "--url", url).out
    assert [line.split()[0] for line in out.splitlines()[-2:]] == ["b1.example.com", "a1.example.com"]
    ran = home.run("show", "901", "--node", "zzz", "--url", url)
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "no node matches")


def test_one_node_whole(home: Home, serve: Serve, golden: Golden) -> None:
    """One match gives the node's whole result with its line breaks: output, exit code, error; escaped."""
    url = serve(_task(), readme_job()).url
    texts = [
        home.run("show", job, "--node", node, "--url", url).out
        for job, node in (("901", "a1*"), ("901", "a2*"), ("901", "b1*"), ("352", "db01*"), ("352", "app01*"))
    ]
    golden("show-nodes.txt", "\n".join(texts))
    assert "\x1b" not in "".join(texts)


def test_json_is_the_job_with_its_nodes(home: Home, serve: Serve) -> None:
    """The job as the API sent it, and its nodes under `nodes`."""
    server = serve(readme_job())
    shown = json.loads(home.run("show", "352", "--json", "--url", server.url).out)
    headers = {"X-Authentication": TOKEN}
    sent = json.loads(server.orchestrator.answer(f"{API}/jobs/352", headers).body)
    nodes = json.loads(server.orchestrator.answer(f"{API}/jobs/352/nodes", headers).body)["items"]
    assert shown == {**sent, "nodes": nodes}


@pytest.mark.parametrize("options", [["--node", "*"], ["--node", "db01*"], ["--failures"]])
def test_json_of_chosen_nodes_is_lines(home: Home, serve: Serve, options: list[str]) -> None:
    """With `--node` or `--failures`: each node as `/jobs/ID/nodes` returned it, a line each."""
    server = serve(readme_job())
    out = home.run("show", "352", "--json", *options, "--url", server.url).out
    answer = server.orchestrator.answer(f"{API}/jobs/352/nodes", {"X-Authentication": TOKEN})
    nodes = [
        node
        for node in json.loads(answer.body)["items"]
        if options != ["--failures"] or node["state"] in ("failed", "skipped")
        if options != ["--node", "db01*"] or node["name"].startswith("db01")
    ]
    assert [json.loads(line) for line in out.splitlines()] == nodes


def test_the_latest_job(home: Home, serve: Serve) -> None:
    """`latest` is the newest job that the narrowing options leave, `plan/latest` the newest plan."""
    old = stopped(1, created=MORNING)
    server = serve(old, readme_job(), faults={0: with_plans(plan(12, "success", {}))})
    assert home.run("show", "latest", "--url", server.url).out.startswith("Job 352  failed")
    assert home.run("show", "latest", "--owner", "jane", "--url", server.url).out.startswith("Job 1  stopped")
    assert home.run("show", "plan/latest", "--url", server.url).out.startswith("Plan 12  success")
    assert home.run("show", "latest", "--url", serve(stopped(0, created=MORNING)).url).out.startswith("Job 0  stopped")


def test_a_plan_is_compared_whole(home: Home, serve: Serve, golden: Golden) -> None:
    """Header, error, and its jobs with state, nodes and time on one axis; a job that is gone says why."""
    server = _plan_server(serve)
    ran = home.run("show", "plan/12", "--url", server.url)
    assert (ran.status, ran.err) == (0, "")
    golden("show-plan.txt", ran.out.replace(str(server.port), "PORT"))


def test_a_plans_nodes(home: Home, serve: Serve) -> None:
    """`--failures` adds the nodes of the plan's jobs that failed."""
    out = home.run("show", "plan/12", "--failures", "--url", _plan_server(serve).url).out
    assert out.count("\nJob ") == 2
    assert "db01.example.com" in out
    assert "web01.example.com" not in out


def test_a_plan_as_json(home: Home, serve: Serve) -> None:
    """The plan as it was sent with its jobs under `jobs`; with `--node`, the nodes of its jobs."""
    server = _plan_server(serve)
    shown = json.loads(home.run("show", "plan/12", "--json", "--url", server.url).out)
    assert shown["result"]["msg"] == "Plan aborted: run_task 'x' failed"
    assert [job["name"] for job in shown["jobs"]] == ["77", "352", "901"]
    lines = home.run("show", "plan/12", "--json", "--node", "*", "--url", server.url).out.splitlines()
    assert len(lines) == 4 + 3


def test_exit_status(home: Home, serve: Serve) -> None:
    """`--exit-status` exits as `tail` would; without it a job that failed is no error."""
    running = _running()
    url = serve(
        readme_job(), stopped(1, created=MORNING), running, faults={0: with_plans(plan(12, "success", {352: "failed"}))}
    ).url

    def status(job: str, *options: str) -> int:
        return home.run("show", job, *options, "--url", url).status

    assert [status(job) for job in ("352", "1", "plan/12", "950")] == [0, 0, 0, 0]
    assert [status(job, "--exit-status") for job in ("352", "1", "plan/12", "950")] == [3, 5, 0, 0]
    assert "has not ended" in home.run("show", "950", "--exit-status", "--url", url).err
    assert [status(job, "--exit-status", "--format", "junit") for job in ("352", "1")] == [3, 5]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "JOB"),
        (["x"], "'x' is not a job"),
        (["352", "latest"], "unexpected extra argument"),
        (["352", "--owner", "me"], "--owner and JOB"),
        (["352", "--json", "--format", "junit"], "--json and --format junit"),
        (["352", "--format", "yaml"], "'yaml'"),
        (["352", "--all-nodes"], "--all-nodes"),
        (["352", "--json", "--why", "--running"], "--json --why"),
        (["latest", "--from", "x"], "--from and latest"),
        (["plan/latest", "--from", "x"], "--from and plan/latest"),
        (["--owner", "me", "--from", "x"], "--owner"),
        (["--from", "/nowhere/events"], "/nowhere/events: No such file"),
    ],
)
def test_wrong_usage(home: Home, serve: Serve, arguments: list[str], said: str) -> None:
    """Contradictions name both options; nothing is requested."""
    server = serve()
    ran = home.run("show", *arguments, "--url", server.url)
    assert (ran.status, ran.out, server.paths) == (2, "", [])
    assert said in ran.err


def test_an_unknown_job(home: Home, serve: Serve) -> None:
    """A job or plan that does not exist ends in 6."""
    url = serve().url
    for job in ("9", "plan/9"):
        ran = home.run("show", job, "--url", url)
        assert (ran.status, ran.out) == (6, "")
        assert "9" in ran.err


def test_hostile_text(home: Home, serve: Serve) -> None:
    """What a server says of nodes is shown escaped, brackets and all; only web addresses become hyperlinks."""
    job = ScriptedJob(5, ("[bold]x\x1b[2J", "good"), MORNING)
    script = Script(job)
    detail = {"status": "failed", "report-url": "javascript:alert(1)"}
    script.add(1, "node_failed", "\x07[/red] failed\nline", node="[bold]x\x1b[2J", detail=detail)
    script.run("good", 1, 2, failed=1)
    script.add(2, "job_finished", "over")
    number_events(job)
    url = serve(job).url
    out = home.run("show", "5", "--url", url).out
    assert "[bold]x\\x1b[2J" in out
    assert "\\x07[/red] failed\\nline" in out
    assert "\x1b" not in out
    with Terminal(["jobevents", "show", "5", "--url", url], environment=home.environment) as terminal:
        terminal.wait_for_end()
        assert b"\x1b]8;;https://pe.example.com/#/run/jobs/5/nodes/good/report\x1b\\good" in terminal.raw
        assert b"\x1b]8;;javascript" not in terminal.raw
        assert b"\x1b[2J" not in terminal.raw


NODES: list[Any] = [
    {},
    {"name": "n" * 5000, "state": "finished", "duration": -1, "start_timestamp": "0001-01-01T00:00:00+23:59"},
    {"name": 5, "state": None, "result": "text", "details": []},
    {"name": "n3", "state": "failed", "duration": "1e300", "start_timestamp": "9999-12-31T23:59:59-23:59"},
    {"name": "n4", "state": "finished", "result": {"status": "changed", "metrics": {"changed": -3, "total": 10**30}}},
    {"name": "n5", "state": "failed", "result": {"exit_code": 10**30, "_error": [1], "metrics": "x"}},
    {"name": "n6", "state": "zombie", "result": [1, 2], "start_timestamp": "soon"},
]


@pytest.mark.parametrize("form", ["--format text", "--json", "--format markdown", "--format junit"])
def test_absurd_documents(home: Home, serve: Serve, form: str) -> None:
    """No value breaks a format."""
    raw = {"duration": -5, "state": "failed", "node_count": -1, "node_states": {"failed": -3}, "options": [1]}
    documents = {"/jobs/1": raw, "/jobs/1/nodes": {"items": NODES}}
    ran = home.run("show", "1", *form.split(), "--url", serve(faults={0: answering(documents)}).url)
    assert (ran.status, ran.err) == (0, "")


@pytest.mark.parametrize("node", ["n3", "n5", "n6"])
def test_an_absurd_node_whole(home: Home, serve: Serve, node: str) -> None:
    """One node's result is shown whatever it is."""
    documents = {"/jobs/1": {"name": "1", "state": "failed"}, "/jobs/1/nodes": {"items": NODES}}
    ran = home.run("show", "1", "--node", node, "--url", serve(faults={0: answering(documents)}).url)
    assert ran.status == 0
    assert ran.out.startswith(f"{node}  ")


def test_negative_counts_are_not_known(home: Home, serve: Serve) -> None:
    """A server's negative count of failed nodes makes no job a failed one."""
    documents = {
        "/jobs/1": {"name": "1", "state": "finished", "node_states": {"failed": -3, "finished": 1}, "node_count": -5},
        "/jobs/1/nodes": {"items": [{"name": "n", "state": "finished"}]},
    }
    ran = home.run("show", "1", "--exit-status", "--url", serve(faults={0: answering(documents)}).url)
    assert ran.status == 0
    assert "-" not in ran.out.splitlines()[1]


def test_causes_in_every_format(home: Home, serve: Serve) -> None:
    """`--why` adds the causes: below the table, in a block, as the text of failures, under `causes`."""
    url = serve(_task()).url

    def shown(*options: str) -> str:
        ran = home.run("show", "901", "--why", *options, "--url", url)
        assert ran.status == 0
        return ran.out

    plain = home.run("show", "901", "--url", url).out
    assert shown().startswith(f"{plain}\n")
    assert "exit 126" in shown().removeprefix(plain)
    assert "exit 126" in shown("--node", "a2*").partition("extra")[2]
    assert "Causes:\n\n```text\n" in shown("--format", "markdown")
    junit = shown("--format", "junit")
    assert re.search(
        r'<testcase name="a2.example.com"[^>]*>\s*<failure message="exit 126: [^>]*>1 node  exit 126\n', junit
    )
    document = json.loads(shown("--json"))
    assert [cause["nodes"] for cause in document["causes"]] == [["a2.example.com"], ["b1.example.com"]]
    assert document["causes"][0]["cause"] == "task"
    for option in (["--failures"], ["--node", "*"]):
        assert home.run("show", "901", "--json", "--why", *option, "--url", url).status == 2


def test_causes_of_saved_events(home: Home) -> None:
    """They come from the events, even from standard input, and no server is asked."""
    events = (_events(_task(), tag=True) + _events(readme_job(), tag=True)).encode()
    out = home.run("show", "901", "--from", "-", "--why", input=events).out
    assert "1 node  exit 126" in out
    out = home.run("show", "--from", "-", "--why", "--format", "markdown", input=events).out
    assert out.count("Causes:") == 2


def test_a_server_that_repeats_its_nodes(home: Home, serve: Serve) -> None:
    """If a job claims more nodes than there are, and the server does not know offset, each node is shown once."""
    documents = {
        "/jobs/1": {"name": "1", "state": "finished", "node_count": 10**30},
        "/jobs/1/nodes": {"items": [{"name": "n1", "state": "finished"}, {"name": "n2", "state": "finished"}]},
    }
    ran = home.run("show", "1", "--json", "--node", "*", "--url", serve(faults={0: answering(documents)}).url)
    assert [json.loads(line)["name"] for line in ran.out.splitlines()] == ["n1", "n2"]


def test_numbers_are_spelled_as_they_came(home: Home, serve: Serve) -> None:
    """`--json` prints 2.0 and 1e400 as the server did."""
    job = b'{"name":"1","state":"finished","duration":42.0,"x":1e400}'
    nodes = b'{"items":[{"name":"n1","state":"finished","duration":2.50,"result":{"a":-0}}]}'
    url = serve(faults={0: answering({"/jobs/1": job, "/jobs/1/nodes": nodes})}).url
    out = home.run("show", "1", "--json", "--url", url).out
    assert out == job.decode()[:-1] + ',"nodes":' + nodes.decode()[len('{"items":') : -1] + "}\n"
    assert "took 42s" in home.run("show", "1", "--url", url).out


# Saved events.


def _save(home: Home, *texts: str) -> str:
    path = home.folder / "events.jsonl"
    path.write_text("".join(texts))
    return str(path)


def test_saved_events_need_no_server(home: Home, golden: Golden) -> None:
    """`--from FILE` shows what the events contain, without token and address; `-` is standard input."""
    name = _save(home, _events(readme_job()))
    (home.folder / ".puppetlabs" / "token").unlink()
    ran = home.run("show", "--from", name)
    assert (ran.status, ran.err) == (0, "")
    golden("show-from.txt", ran.out)
    assert home.run("show", "--from", "-", input=_events(readme_job()).encode()).out == ran.out


def test_saved_events_of_several_jobs(home: Home) -> None:
    """Without JOB each job in the file, in the order of the file; JOB selects; repeats count once."""
    name = _save(home, *(_events(job, tag=True) for job in (_task(), readme_job(), _task(), _running())))
    out = home.run("show", "--from", name).out
    assert [line for line in out.splitlines() if line.startswith("Job ")] == [
        "Job 901  failed",
        "Job 352  failed",
        "Job 950  running",
    ]
    assert "3 nodes  finished 2 (1 with an error), failed 1" in out
    assert home.run("show", "352", "--from", name).out.startswith("Job 352  failed\n")
    ran = home.run("show", "353", "--from", name)
    assert (ran.status, ran.out) == (6, "")
    assert "no events of job 353" in ran.err
    assert [home.run("show", job, "--from", name, "--exit-status").status for job in ("901", "950")] == [3, 0]


def test_saved_events_as_json(home: Home) -> None:
    """A document for each job in the form of the API's."""
    name = _save(home, _events(readme_job(), tag=True), _events(_running(), tag=True))
    jobs = [json.loads(line) for line in home.run("show", "--from", name, "--json").out.splitlines()]
    assert [(job["name"], job["state"], job["node_count"]) for job in jobs] == [
        ("352", "failed", 4),
        ("950", "running", 2),
    ]
    assert [(node["name"], node["state"]) for node in jobs[1]["nodes"]] == [("n1", "finished"), ("n2", "running")]
    lines = home.run("show", "--from", name, "--json", "--node", "n?").out.splitlines()
    assert len(lines) == 2


def test_a_saved_plan(home: Home) -> None:
    """A plan's own events give the plan, with those of its jobs that the file contains."""
    own = [
        {
            "plan": "12",
            "type": "task_start",
            "timestamp": "2026-11-23T09:00:00Z",
            "details": {"job-id": "352"},
            "id": 1,
        },
        {"plan": "12", "type": "command_start", "details": {"job-id": 777}, "id": 2},
        {
            "plan": "12",
            "type": "plan_failed",
            "timestamp": "2026-11-23T09:01:00Z",
            "details": {"result": bolt_error("boom", "db01")},
            "id": 3,
        },
    ]
    text = "".join(json.dumps(event) + "\n" for event in own)
    name = _save(home, text, _events(readme_job(), tag=True))
    ran = home.run("show", "plan/12", "--from", name, "--exit-status")
    assert ran.status == 3
    assert ran.out.startswith("Plan 12  failure\n")
    assert "boom: db01" in ran.out
    assert ran.out.splitlines()[-1].startswith("352  failed")


def test_the_causes_of_a_saved_plan_are_those_of_all_its_jobs(home: Home) -> None:
    """A node that failed in two of them counts in both, as `why` shows it; a job's end is not the plan's."""
    starts = [{"plan": "12", "type": "task_start", "details": {"job-id": job}, "id": job} for job in (350, 351)]
    failed = [
        {"job": job, "type": "node_failed", "id": 400, "details": {"node": "db01", "detail": {"_error": text}}}
        for job, text in (("350", "first error"), ("351", "second error"))
    ]
    ended = [{"job": "350", "type": "job_finished", "id": 500, "details": {}}]
    name = _save(home, "".join(json.dumps(event) + "\n" for event in (*starts, *failed, *ended)))
    why = home.run("why", "plan/12", "--from", name).out
    out = home.run("show", "plan/12", "--from", name, "--why").out
    assert "2 causes" in why
    for text in (why, out):
        assert ("first error" in text, "second error" in text) == (True, True)
    document = json.loads(home.run("show", "plan/12", "--from", name, "--why", "--json").out)
    assert [cause["message"] for cause in document["causes"]] == ["first error", "second error"]


def test_a_saved_line_that_is_not_json(home: Home) -> None:
    """It ends in 2 and names the line."""
    ran = home.run("show", "--from", _save(home, '{"id":1}\n', "nonsense\n"))
    assert (ran.status, ran.out) == (2, "")
    assert "line 2 is not JSON" in ran.err


def test_a_saved_file_without_events(home: Home) -> None:
    """An empty file has no job to show."""
    ran = home.run("show", "--from", _save(home, "\n"))
    assert (ran.status, ran.out) == (0, "")
    assert "no events" in ran.err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are Unix's")
@pytest.mark.parametrize("form", ["", "--json", "--format markdown --all-nodes", "--format junit"])
def test_50_000_nodes_fit_into_150_mb(home: Home, form: str) -> None:
    """Of each node only what is shown is kept, whatever the format."""
    name = _save(home, _events(big_job(50_000), tag=True))
    command = f"jobevents show --from {name} {form} > {home.folder}/out; echo $?"
    measured = home.shell(f"/usr/bin/env python3 -c '{_MEASURE}' bash -c '{command}'")
    status, megabytes = measured.out.split()
    assert status == "0"
    assert int(megabytes) < 150
    assert (home.folder / "out").stat().st_size > 800_000


_MEASURE = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:]); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
)
