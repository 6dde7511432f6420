"""Reports are found and read with few requests, each of a size that memory can take."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from msgspec import Raw
from support.misbehaving import TestServer
from support.program import TOKEN
from support.puppet_reports import wire_report
from support.puppetdb import FakePuppetdb, failed_job, failed_run, refuse
from support.steps import asked, worked

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.clients.puppetdb import PuppetdbClient, PuppetdbUnusable
from jobevents_cli.config.connection import Connection
from jobevents_cli.config.token import Token
from jobevents_cli.demo.puppetdb import Puppetdb
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.runtime.loop import Pause
from jobevents_cli.why import reports
from jobevents_cli.why.asking import Asking
from jobevents_cli.why.explain import explain
from jobevents_cli.why.explanation import Explanation
from jobevents_cli.why.report import ResourceFailure
from jobevents_cli.why.reports import Run, RunReports, chunks, log_in

ServeDb = Callable[..., FakePuppetdb]
ClientOf = Callable[[str], PuppetdbClient]


@pytest.fixture(name="serve_db")
def _serve_db() -> Iterator[ServeDb]:
    """Starts small PuppetDBs that end with the test."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(FakePuppetdb(*arguments, **options))


@pytest.fixture(name="client_of")
def _client_of() -> Iterator[ClientOf]:
    """Makes clients that are closed when the test ends."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(closing(PuppetdbClient([Connection(url)])))


def _reports(client: PuppetdbClient) -> RunReports:
    return RunReports(client, Asking(None, print))


def _read(client: PuppetdbClient, hashes: list[str]) -> tuple[dict[str, list[ResourceFailure]], dict[str, list[str]]]:
    """The failed resources, and the messages of the logs, of the reports *hashes*."""
    failures = asked(_reports(client).failures(hashes))
    rows = [row for some in chunks(hashes, 100) for row in asked(_reports(client).logs(some))]
    logs = dict(worked(log_in(row, failures)) for row in rows)
    return failures, {found: [line.message for line in log] for found, log in logs.items()}


def _stored(puppetdb: Puppetdb, *nodes: str, padding: int = 0) -> list[str]:
    hashes = []
    for node in nodes:
        report = wire_report("locked", node, job_id="352")
        report["logs"].append({**report["logs"][0], "level": "info", "source": "Puppet", "message": "x" * padding})
        hashes.append(puppetdb.store(report))
    return hashes


def test_logs_are_asked_for_in_halves(serve_db: ServeDb, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs that are too large for one response are asked for in halves, down to one."""
    monkeypatch.setattr(reports, "SEVERAL_LOGS", 8_000)
    puppetdb = Puppetdb()
    hashes = _stored(puppetdb, "node-a", "node-b", "node-c", padding=3_000)
    database = serve_db(puppetdb)
    _, logs = _read(client_of(database.url), hashes)
    assert [logs[each][0] for each in hashes] == ["schema is locked by pid 13500"] * 3
    assert all("x" * 3_000 not in logs[each] for each in hashes)


def test_one_log_that_is_too_large(serve_db: ServeDb, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of a report that is too large is left out; its failed resources are known all the same."""
    monkeypatch.setattr(reports, "SEVERAL_LOGS", 8_000)
    monkeypatch.setattr(reports, "LARGEST", 8_000)
    puppetdb = Puppetdb()
    large, small = *_stored(puppetdb, "node-a", padding=9_000), *_stored(puppetdb, "node-b")
    database = serve_db(puppetdb)
    failures, logs = _read(client_of(database.url), [large, small])
    assert [failure.resource for failure in failures[large]] == ["Exec[migrate]"]
    assert set(logs) == {small}


def test_a_thousand_runs_take_few_requests(serve_db: ServeDb, client_of: ClientOf) -> None:
    """1,000 failed runs are found with one request and read with 14."""
    puppetdb = Puppetdb()
    names = [f"node{number}" for number in range(1000)]
    hashes = _stored(puppetdb, *names)
    database = serve_db(puppetdb)
    client = client_of(database.url)
    runs = [Run(name, found, job_id="352") for name, found in zip(names, hashes, strict=True)]
    assert list(asked(_reports(client).of_jobs(runs)).values()) == hashes
    assert len(_read(client, hashes)[1]) == 1000
    assert database.requests == 15


def test_what_identifies_a_run(serve_db: ServeDb, client_of: ClientOf) -> None:
    """The newest report of a node in a job is its run's, unless the hash or the transaction says otherwise."""
    puppetdb = Puppetdb()
    first = puppetdb.store(wire_report("locked", "node-a", job_id="352", uuid="11111111-2222-4333-8444-555555555555"))
    last = puppetdb.store({**wire_report("locked", "node-a", job_id="352"), "end_time": "2026-11-24T05:00:00.000Z"})
    client = client_of(serve_db(puppetdb).url)
    by_job, by_hash = Run("node-a", job_id="352"), Run("node-a", first, job_id="352")
    by_uuid = Run("node-a", "gone", "11111111-2222-4333-8444-555555555555", "352")
    other = Run("node-b", job_id="352")
    found = asked(_reports(client).find([by_job, by_hash, by_uuid, other]))
    assert found == {by_job: last, by_hash: first, by_uuid: first}
    assert asked(_reports(client).find([Run("node-a")])) == {}


def test_an_address_that_failed_stays_failed(serve_db: ServeDb, client_of: ClientOf) -> None:
    """What was wrong with the last address is said again, and that address is not asked again."""
    database = serve_db(Puppetdb(), plan=[refuse(503, "starting")])
    client = client_of(database.url)
    for _ in range(2):
        with pytest.raises(PuppetdbUnusable, match="503: starting"):
            client.query(["from", "reports"], 10, most=1000)
    assert database.requests == 1


def _explained(database: FakePuppetdb, within: float | None = None) -> Explanation:
    """What explains a job with one failed run, of which PuppetDB has no report."""
    token = Token(TOKEN, "the token")
    with (
        TestServer([failed_job(failed_run("node-a", "abc"))]) as server,
        closing(Orchestrator(Connection(server.url, token))) as client,
        closing(PuppetdbClient([Connection(database.url, token)])) as puppetdb,
    ):
        return asked(explain(client, puppetdb, JobRef.job(352), within=within))


def test_an_explanation_has_a_limit(serve_db: ServeDb) -> None:
    """A PuppetDB that does not answer holds an explanation up for no longer than was allowed."""
    database = serve_db(Puppetdb(), plan=[lambda _handler: time.sleep(8)])
    since = time.monotonic()
    explanation = _explained(database, within=1.0)
    assert time.monotonic() - since < 6
    assert [cause.finding.message for cause in explanation.causes] == ["2 of 171 resources failed"]
    assert "PuppetDB could not be queried" in explanation.notices[0]


def test_what_is_late_is_not_waited_for_beyond_the_limit() -> None:
    """A wait that would end after it does not begin."""
    now = [100.0]
    asking = Asking(2.0, print, clock=lambda: now[0])
    waits = asking.wait(1.5)
    assert next(waits) == Pause(1.5)
    now[0] += 1.5
    assert worked(asking.wait(1.0)) is False  # type: ignore[arg-type]
    assert asking.limit == 0.5


@pytest.mark.parametrize(
    "odd",
    [
        {"hash": "h", "logs": None},
        {"hash": "h", "logs": {"href": "/x"}},
        {"hash": "h", "logs": {"data": [None, 3, "x", {"level": 7}, {"level": "err", "message": ["odd"]}]}},
        {"hash": 7, "logs": {"data": [{"level": "err", "source": "Puppet", "message": "no", "line": "x"}]}},
        "odd",
    ],
)
def test_a_log_is_read_tolerantly(odd: Any) -> None:
    """A value of another kind than expected is as good as missing."""
    report_hash, log = worked(log_in(Raw(json.dumps(odd).encode()), {}))
    assert report_hash in ("", "h")
    assert {line.message for line in log} <= {"", "no"}


def test_bytes_that_are_no_text_do_not_hide_a_log() -> None:
    """They are replaced, in that line alone."""
    text = b'{"hash":"h","logs":{"data":[{"level":"err","source":"Puppet","message":"caf\xe9"}]}}'
    ((line,),) = [log for _, log in [worked(log_in(Raw(text), {}))]]
    assert line.message == "caf\ufffd"
