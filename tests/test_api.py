"""The Python API, against a real server."""

import inspect
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support import misbehaving
from support.misbehaving import TestServer
from support.program import TOKEN, Home
from support.samples import broken, readme_job

import jobevents_cli
from jobevents_cli import (
    AccessDenied,
    Job,
    JobEventsError,
    NoUsableAnswer,
    Outcome,
    Plan,
    RequestRefused,
    UnknownJob,
    UsageProblem,
    follow,
    jobs,
    show,
    why,
)
from jobevents_cli.demo.scripted_jobs import ScriptedPlan, number_events
from jobevents_cli.demo.stories import deployment, rollout

Serve = Callable[..., TestServer]


@pytest.fixture(autouse=True)
def _only_this_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own configuration does not count."""
    for name in ("XDG_CONFIG_HOME", "JOBEVENTS_URL", "JOBEVENTS_TOKEN", "JOBEVENTS_CONFIG", "JOBEVENTS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home.folder))


@pytest.fixture(name="plans")
def _plans(serve: Serve) -> Callable[..., TestServer]:
    """A server with plans."""

    def server(*plans: ScriptedPlan) -> TestServer:
        number_events(*(job for plan in plans for job in plan.jobs))
        return serve(plans=plans)

    return server


@pytest.mark.parametrize("name", [352, "352", "job/352"])
def test_follow_gives_each_event_and_the_outcome(serve: Serve, name: int | str) -> None:
    """A job is named by its number or as on the command line; its outcome is known at the end."""
    following = follow(name, url=serve(readme_job()).url)
    assert following.outcome is None
    assert [event.id for event in following] == list(range(1267, 1275))
    assert following.outcome is Outcome.FAILED
    assert following.job == "352"


def test_times_are_datetimes_beside_the_text(serve: Serve) -> None:
    """Events, jobs and nodes give their times with a zone; the server's text stays."""
    url = serve(readme_job()).url
    event = next(follow(352, url=url))
    assert (event.timestamp, event.time) == ("2026-11-23T09:00:01Z", datetime(2026, 11, 23, 9, 0, 1, tzinfo=UTC))
    shown = show(352, url=url)
    assert shown.job.start_time == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert shown.job.end_time == datetime(2026, 11, 23, 9, 0, 42, tzinfo=UTC)
    assert shown.nodes[0].end_time == datetime(2026, 11, 23, 9, 0, 24, tzinfo=UTC)
    assert shown.nodes[3].start_time is None


def test_next_start_follows_what_was_handed_out(serve: Serve) -> None:
    """After a break behind the first of 50 events, the next `follow` begins with the second."""
    job = misbehaving.job(*(f"n{number}:running" for number in range(50)), "job:finished")
    url = serve(job).url
    following = follow(352, url=url)
    assert following.next_start == 0
    for _ in following:
        break
    assert following.next_start == 2
    assert [event.id for event in follow(352, start=following.next_start, url=url)] == list(range(2, 52))


def test_a_second_loop_continues(serve: Serve) -> None:
    """A `Following` is an iterator: what was handed out does not come again."""
    following = follow(352, url=serve(readme_job()).url)
    first = [next(following).id, next(following).id]
    assert first + [event.id for event in following] == list(range(1267, 1275))
    assert following.next_start == 1275


def test_with_closes_the_connections(serve: Serve) -> None:
    """After the `with` block nothing more comes."""
    with follow(352, url=serve(readme_job()).url) as following:
        next(following)
    assert list(following) == []
    assert following.outcome is None


def test_everything_has_a_repr(serve: Serve) -> None:
    """Events, jobs, nodes, outcomes and what is being followed say what they are."""
    url = serve(readme_job()).url
    following = follow(352, url=url)
    assert repr(following) == "<Following job 352, not ended, next_start 0>"
    assert repr(next(following)) == "<Event 1267 node_running web01.example.com>"
    list(following)
    assert repr(following) == "<Following job 352, failed, next_start 1275>"
    assert "FAILED" in repr(following.outcome)
    shown = show(352, url=url)
    assert (repr(shown.job), repr(shown.nodes[2])) == ("<Job 352 failed>", "<Node db01.example.com failed>")


def test_a_token_can_be_given(home: Home, serve: Serve) -> None:
    """`token` counts before every other source; without one AccessDenied is raised at once."""
    url = serve(readme_job()).url
    (home.folder / ".puppetlabs" / "token").unlink()
    with pytest.raises(AccessDenied, match="there is no token"):
        follow(352, url=url)
    assert len(list(follow(352, url=url, token=TOKEN))) == 8
    assert jobs(url=url, token=TOKEN)[0].number == 352
    with pytest.raises(AccessDenied) as caught:
        show(352, url=url, token="another-token")
    assert "another-token" not in str(caught.value)


def test_a_plan_is_followed_with_its_jobs(plans: Callable[..., TestServer]) -> None:
    """The events of a plan and of its jobs come, each once; `job` says whose each is; the outcome is the plan's."""
    server = plans(rollout(12, created=time.time() - 100, first_job=30))
    following = follow("plan/12", url=server.url, interval=0.1)
    events = [(following.job, event.type) for event in following]
    assert {job for job, _ in events} == {"plan/12", "30", "31"}
    assert len(events) == 7 + 5 + 5
    assert following.outcome is Outcome.SUCCEEDED
    alone = follow("plan/12", url=server.url, with_jobs=False)
    assert [event.id for event in alone] == list(range(1, 8))
    assert [event.id for event in follow("plan/12", url=server.url, with_jobs=False, start=6)] == [6, 7]


def test_jobs_join_a_running_plan(plans: Callable[..., TestServer]) -> None:
    """A job is followed once its plan names it, and to its end."""
    server = plans(rollout(12, created=time.time(), first_job=30, speed=10))
    following = follow("plan/12", url=server.url, interval=0.1)
    assert len([event for event in following if following.job == "31"]) == 5
    assert following.outcome is Outcome.SUCCEEDED


def test_a_job_that_cannot_be_read_does_not_end_its_plan(plans: Callable[..., TestServer]) -> None:
    """It is left out, and `unread` says why."""
    server = plans(rollout(12, created=time.time() - 100, first_job=30))
    del server.orchestrator.jobs[31]
    following = follow("plan/12", url=server.url)
    assert {following.job for _ in following} == {"plan/12", "30"}
    assert [type(error) for error in following.unread] == [UnknownJob]
    shown = show("plan/12", url=server.url)
    assert [(child.job.number, child.job.state, len(child.nodes)) for child in shown.jobs] == [
        (30, "finished", 2),
        (31, "failed", 0),
    ]


def test_a_plan_that_fails(plans: Callable[..., TestServer]) -> None:
    """Its outcome says so."""
    following = follow("plan/2", url=plans(broken(2, created=time.time() - 100, first_job=7)).url)
    list(following)
    assert following.outcome is Outcome.FAILED


def test_jobs_are_listed(plans: Callable[..., TestServer]) -> None:
    """The newest come first, as many as are wanted; plans are listed apart."""
    server = plans(
        rollout(1, created=time.time() - 200, first_job=3), broken(2, created=time.time() - 100, first_job=7)
    )
    assert [job.number for job in jobs(2, url=server.url)] == [7, 4]
    assert [job.number for job in jobs(url=server.url, state="failed")] == [7, 4]
    found = jobs(plans=True, url=server.url)
    assert [(type(plan), plan.number) for plan in found] == [(Plan, 2), (Plan, 1)]
    assert type(jobs(1, url=server.url)[0]) is Job


def test_why_groups_failures_by_cause(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The causes of a job come with their nodes; without PuppetDB a notice says what is missing."""
    job = deployment(352, created=time.time() - 600)
    url = serve(job).url
    monkeypatch.setenv("JOBEVENTS_PUPPETDB_URL", url)
    explanation = why(352, url=url)
    assert [(str(cause.finding.kind), len(cause.nodes)) for cause in explanation.causes] == [
        ("resource", 3),
        ("catalog", 2),
    ]
    assert explanation.notices == ()
    assert (explanation.counts.failed, explanation.counts.skipped) == (5, 1)
    assert explanation.text(width=80).splitlines()[2] == "3 nodes  Exec[migrate]  profile/manifests/db.pp:14"
    assert all(len(line) <= 80 for line in explanation.text(width=80).splitlines() if "Again" not in line)
    heading, _, fence, first, *_ = explanation.markdown().splitlines()
    assert heading == "## `Job 352  failed  deploy in production  5 of 14 nodes failed, 1 skipped: 2 causes`"
    assert (fence, first) == ("```text", "3 nodes  Exec[migrate]  profile/manifests/db.pp:14")
    monkeypatch.delenv("JOBEVENTS_PUPPETDB_URL")
    alone = why("352", url=url)
    assert sum(len(cause.nodes) for cause in alone.causes) == 5
    assert "PuppetDB" in alone.notices[0]


@pytest.mark.parametrize("name", ["plan/x", "x", "", "1.5", -3, True, "https://pe.example.com/#/run/jobs/352"])
def test_what_is_not_a_job(serve: Serve, name: int | str) -> None:
    """It is refused at once, with a sentence that says why."""
    url = serve(readme_job()).url
    with pytest.raises(UsageProblem, match=r"is not a job|is on pe\.example\.com"):
        follow(name, url=url)
    with pytest.raises(UsageProblem):
        show(name, url=url)


def test_errors_are_the_command_lines(serve: Serve) -> None:
    """Each has the exit status, a message and a hint; settings are checked before anything is requested."""
    url = serve(readme_job()).url
    with pytest.raises(UnknownJob) as caught:
        list(follow(353, url=url))
    assert (caught.value.status, isinstance(caught.value, RequestRefused)) == (6, True)
    assert caught.value.hint
    with pytest.raises(UsageProblem, match="no orchestrator is configured"):
        follow(352)
    with pytest.raises(UsageProblem, match="interval"):
        follow(352, url=url, interval=0)
    for wrong in ({"retry_for": -1}, {"retry_for": float("nan")}, {"start": "5"}, {"start": -1}):
        with pytest.raises(UsageProblem, match=f"^{next(iter(wrong))} must be"):
            follow(352, url="http://127.0.0.1:9", token="x", **wrong)
    with pytest.raises(UsageProblem, match="limit must be at least 0"):
        jobs(-1)
    with pytest.raises(UsageProblem, match="plans and job_type contradict each other"):
        jobs(plans=True, job_type="task")
    with pytest.raises(UsageProblem, match="with_jobs"):
        follow("plan/1", url=url, start=3)
    with pytest.raises(NoUsableAnswer):
        list(follow(352, url="http://127.0.0.1:1", retry_for=0))


def test_an_outage_is_survived(serve: Serve) -> None:
    """A fault in the middle costs no event."""
    server = serve(readme_job(), faults={1: misbehaving.status(503), 3: misbehaving.reset})
    assert len(list(follow(352, url=server.url, interval=0.1))) == 8


def test_what_is_public_is_documented() -> None:
    """Every public name can be imported and has a docstring; the errors are one family."""
    for name in jobevents_cli.__all__:
        value = getattr(jobevents_cli, name)
        if name != "__version__":
            assert inspect.getdoc(value), name
        if isinstance(value, type) and issubclass(value, Exception):
            assert issubclass(value, JobEventsError)
    assert set(jobevents_cli.__all__) <= set(dir(jobevents_cli))
    with pytest.raises(AttributeError, match="no attribute 'fellow'"):
        _ = jobevents_cli.fellow


def test_the_import_is_light() -> None:
    """Importing the package loads neither httpx nor rich."""
    code = "import sys, jobevents_cli; print([name for name in ('httpx', 'rich') if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "[]\n"
    assert Path(jobevents_cli.__file__).name == "__init__.py"
