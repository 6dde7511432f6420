"""`jobs` and `show`: whole texts, filters, paging, JSON, pictures."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from support.misbehaving import TestServer
from support.program import Home
from support.samples import readme_job

from jobevents_cli.demo.scripted_jobs import Script, ScriptedJob, deployment, errored, number_events, stopped

Serve = Callable[..., TestServer]
Golden = Callable[[str, str], None]
MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()


def _jobs() -> list[ScriptedJob]:
    task = deployment(3, created=MORNING - 7200, nodes=5, good=True)
    task.command, task.owner = "task", "jane"
    jobs = [stopped(1, created=MORNING - 86_400), errored(2, created=MORNING - 9000), task, readme_job()]
    number_events(*jobs)
    return jobs


def test_jobs_newest_first(home: Home, serve: Serve, golden: Golden) -> None:
    """Off a terminal: one line a job, every column, nothing cut."""
    ran = home.run("jobs", "--url", serve(*_jobs()).url)
    assert (ran.status, ran.err) == (0, "")
    golden("jobs.txt", ran.out)


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
    assert ids("--environment", "staging", "--owner", "jane") == []


def test_jobs_are_read_page_by_page(home: Home, serve: Serve) -> None:
    """More jobs than a page holds are all found, each once."""
    server = serve(*(ScriptedJob(number, (), 0.0) for number in range(1, 131)))
    out = home.run("jobs", "--json", "--limit", "1000", "--url", server.url).out
    assert [json.loads(line)["name"] for line in out.splitlines()] == [str(number) for number in range(130, 0, -1)]
    assert all("order_by=name" in path and "order=desc" in path for path in server.paths)
    assert len(server.paths) == 3


def test_show_is_compared_whole(home: Home, serve: Serve, golden: Golden) -> None:
    """Header, counts, nodes longest first with what they did, and when each ran."""
    ran = home.run("show", "352", "--url", serve(readme_job()).url)
    assert (ran.status, ran.err) == (0, "")
    golden("show.txt", ran.out)


def test_show_json_is_the_job_with_its_nodes(home: Home, serve: Serve) -> None:
    """The job as the API sent it, and its nodes."""
    server = serve(readme_job())
    shown = json.loads(home.run("show", "352", "--json", "--url", server.url).out)
    headers = {"X-Authentication": server.orchestrator.token}
    api = "/orchestrator/v1/jobs/352"
    sent = json.loads(server.orchestrator.answer(api, headers).body)
    nodes = json.loads(server.orchestrator.answer(f"{api}/nodes", headers).body)["items"]
    assert shown == {**sent, "nodes": nodes}


def test_show_draws_a_picture(home: Home, serve: Serve) -> None:
    """`--svg FILE` writes the view as a picture, private, and prints nothing."""
    picture = home.folder / "job.svg"
    ran = home.run("show", "352", "--svg", str(picture), "--url", serve(readme_job()).url)
    assert (ran.status, ran.out) == (0, "")
    text = picture.read_text()
    assert text.startswith("<svg")
    assert "db01.example.com" in text
    assert picture.stat().st_mode & 0o777 == 0o600
    nowhere = home.run("show", "352", "--svg", "/nowhere/job.svg", "--url", serve(readme_job()).url)
    assert nowhere.status == 7
    assert "/nowhere/job.svg cannot be written: No such file or directory" in nowhere.err


def test_show_of_hostile_text(home: Home, serve: Serve) -> None:
    """What a server says of nodes is shown escaped, brackets and all."""
    hostile = ScriptedJob(5, ("[bold]x\x1b[2J",), MORNING)
    script = Script(hostile)
    script.add(1, "node_failed", "\x07[/red] failed", node="[bold]x\x1b[2J", detail={})
    script.add(2, "job_finished", "over")
    number_events(hostile)
    out = home.run("show", "5", "--url", serve(hostile).url).out
    assert "[bold]x\\x1b[2J" in out
    assert "\\x07[/red] failed" in out
    assert "\x1b" not in out


def test_views_of_an_unknown_job(home: Home, serve: Serve) -> None:
    """`show` of a job there is not ends in 6."""
    ran = home.run("show", "9", "--url", serve().url)
    assert ran.status == 6
    assert "job 9" in ran.err
