"""`jobs`: whole tables, options that choose, paging, JSON, plans, absurd documents."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from support.misbehaving import TestServer
from support.plans import answering, plan, with_plans
from support.program import Home
from support.samples import errored, readme_job
from support.terminal import Terminal

from jobevents_cli.demo.scripted_jobs import ScriptedJob, number_events
from jobevents_cli.demo.stories import deployment, stopped

Serve = Callable[..., TestServer]
Golden = Callable[[str, str], None]
MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()


def _jobs() -> list[ScriptedJob]:
    task = deployment(3, created=MORNING - 7200, nodes=5, good=True)
    task.command, task.task, task.owner = "task", "package", "jane"
    jobs = [stopped(1, created=MORNING - 86_400), errored(2, created=MORNING - 9000), task, readme_job()]
    number_events(*jobs)
    return jobs


def _plans() -> list[dict[str, Any]]:
    return [
        plan(13, "running", {353: "running", 354: "finished"}),
        plan(12, "failure", {351: "finished", 352: "failed"}, owner={"login": "jane"}),
    ]


def test_jobs_newest_first(home: Home, serve: Serve, golden: Golden) -> None:
    """Not on a terminal: one line for each job, every column, nothing cut."""
    ran = home.run("jobs", "--url", serve(*_jobs()).url)
    assert (ran.status, ran.err) == (0, "")
    golden("jobs.txt", ran.out)


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_jobs_fit_the_terminal(home: Home, serve: Serve, golden: Golden, columns: int) -> None:
    """Every column fits into 80; a narrower terminal gets fewer."""
    url = serve(*_jobs(), faults={0: with_plans(*_plans())}).url
    script = f"jobevents jobs --time utc --url {url}; jobevents jobs --plans --time utc --state failure --url {url}"
    with Terminal(["bash", "-c", script], columns=columns, rows=30, environment=home.environment) as terminal:
        terminal.wait_for_end()
        assert max(map(len, terminal.lines)) <= columns
        golden(f"jobs-{columns}.txt", terminal.text + "\n")


def test_the_environment_is_shown_where_there_are_several(home: Home, serve: Serve) -> None:
    """A wide terminal has a column for it then; where all jobs have the same one, it says nothing."""
    for jobs, is_shown in ((_jobs(), True), (_jobs()[-1:], False)):
        command = ["jobevents", "jobs", "--url", serve(*jobs).url]
        with Terminal(command, columns=120, environment=home.environment) as terminal:
            terminal.wait_for_end()
            assert ("ENVIRONMENT" in terminal.lines[0]) == is_shown


def test_jobs_that_are_wanted(home: Home, serve: Serve) -> None:
    """`--limit`, `--state`, `--job-type`, `--owner` and `--environment` choose."""
    url = serve(*_jobs()).url

    def ids(*options: str) -> list[str]:
        out = home.run("jobs", "--json", "--url", url, *options).out
        return [json.loads(line)["name"] for line in out.splitlines()]

    assert ids() == ["352", "3", "2", "1"]
    assert ids("--limit", "2") == ["352", "3"]
    assert ids("--state", "failed") == ["352", "2"]
    assert ids("--job-type", "task") == ["3"]
    assert ids("--owner", "jane") == ["3", "1"]
    assert ids("--environment", "staging") == ["2"]


def test_nothing_matches(home: Home, serve: Serve) -> None:
    """A notice says so; standard output stays empty, without a header."""
    url = serve(*_jobs()).url
    ran = home.run("jobs", "--environment", "staging", "--owner", "jane", "--url", url)
    assert (ran.status, ran.out, ran.err) == (0, "", "jobevents: no job matches\n")
    ran = home.run("jobs", "--state", "stopping", "--json", "--url", url)
    assert (ran.status, ran.out) == (0, "")


def test_a_state_that_no_job_has_is_refused(home: Home) -> None:
    """A mistyped one would match nothing; the error names those that there are."""
    ran = home.run("jobs", "--state", "fail")
    assert (ran.status, ran.out) == (2, "")
    assert "'fail' is no state: jobs have new, ready, running" in ran.err
    assert "success, failure" in ran.err


def test_jobs_are_read_page_by_page(home: Home, serve: Serve) -> None:
    """More jobs than a page holds are all found, each once."""
    server = serve(*(ScriptedJob(number, (), 0.0) for number in range(1, 131)))
    out = home.run("jobs", "--json", "--limit", "1000", "--url", server.url).out
    assert [json.loads(line)["name"] for line in out.splitlines()] == [str(number) for number in range(130, 0, -1)]
    assert all("order_by=name" in path and "order=desc" in path for path in server.paths)
    assert len(server.paths) == 3


@pytest.mark.parametrize("limit", ["0", "-1", "x"])
def test_a_limit_is_at_least_one(home: Home, serve: Serve, limit: str) -> None:
    """Anything else is a usage error that names the option."""
    ran = home.run("jobs", "--limit", limit, "--url", serve().url)
    assert (ran.status, ran.out) == (2, "")
    assert "--limit" in ran.err


def test_the_highest_limit(home: Home, serve: Serve) -> None:
    """A limit may be far above the number of jobs."""
    ran = home.run("jobs", "--json", "--limit", str(2**63 - 1), "--url", serve(*_jobs()).url)
    assert (ran.status, len(ran.out.splitlines())) == (0, 4)


def test_plans(home: Home, serve: Serve, golden: Golden) -> None:
    """`--plans` lists plan jobs with their jobs by state, and never asks for their results."""
    server = serve(faults={0: with_plans(*_plans())})
    ran = home.run("jobs", "--plans", "--state", "failure", "--url", server.url)
    assert (ran.status, ran.err) == (0, "")
    golden("jobs-plans.txt", ran.out)
    assert all("results=exclude" in path for path in server.paths)


def test_plans_as_json(home: Home, serve: Serve) -> None:
    """Each plan as it was sent; `--state`, `--owner` and `--limit` choose."""
    url = serve(faults={0: with_plans(*_plans())}).url

    def found(*options: str) -> list[Any]:
        out = home.run("jobs", "--plans", "--json", "--url", url, *options).out
        return [json.loads(line) for line in out.splitlines()]

    assert found() == _plans()
    assert found("--limit", "1") == _plans()[:1]
    assert found("--owner", "jane") == found("--state", "failure") == _plans()[1:]
    ran = home.run("jobs", "--plans", "--job-type", "task", "--url", url)
    assert ran.status == 2
    assert "--plans and --job-type" in ran.err


def test_counts_have_one_order(home: Home, serve: Serve) -> None:
    """Whatever the server's order: finished, failed, errored, skipped, and unknown states last; negative ones never."""
    states = {"zombie": 1, "skipped": 3, "failed": -5, "errored": 2, "running": 4, "finished": 9}
    document = {"name": "7", "state": "running", "node_states": states}
    ran = home.run("jobs", "--url", serve(faults={0: answering({"/jobs": {"items": [document]}})}).url)
    assert "finished 9, errored 2, skipped 3, running 4, zombie 1" in ran.out
    assert "failed" not in ran.out


ABSURD: list[Any] = [
    {},
    {"name": "9" * 5000, "state": "x" * 300},
    {"name": 7, "state": ["finished"], "type": {}, "owner": "admin", "environment": []},
    {"name": "8", "state": "failed", "duration": -1, "created_timestamp": "9999-12-31T23:59:59-23:59"},
    {"name": "9", "state": "finished", "created_timestamp": "0001-01-01T00:00:00+23:59", "finished_timestamp": "soon"},
    {"name": "10", "state": "\x1b[2J", "node_states": {"\x1b]0;x\x07": 3}, "node_count": 10**30},
    {"name": "11", "state": "finished", "duration": "1e300", "node_states": {"finished": 10**15}},
]


@pytest.mark.parametrize("form", [("--json",), ("--time", "local"), ("--time", "none")])
def test_absurd_documents(home: Home, serve: Serve, form: tuple[str, ...]) -> None:
    """No value breaks the table, and none is obeyed by a terminal."""
    for key, options in (("/jobs", ()), ("/plan_jobs", ("--plans",))):
        url = serve(faults={0: answering({key: {"items": ABSURD}})}).url
        ran = home.run("jobs", *form, *options, "--url", url)
        assert (ran.status, ran.err) == (0, "")
        assert len(ran.out.splitlines()) == len(ABSURD) + ("--json" not in form)
        assert "\x1b" not in ran.out


def test_numbers_that_python_cannot_hold(home: Home, serve: Serve) -> None:
    """1e400 as a duration is no duration."""
    body = b'{"items":[{"name":"1","state":"finished","duration":1e400},{"name":"2","state":"running"}]}'
    url = serve(faults={0: answering({"/jobs": body})}).url
    ran = home.run("jobs", "--url", url)
    assert (ran.status, len(ran.out.splitlines())) == (0, 3)
    ran = home.run("jobs", "--json", "--url", url)
    assert ran.status == 0
    assert "Infinity" not in ran.out
