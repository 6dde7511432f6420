"""Reports are found and read with few requests, each of a size that memory can take."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest
from support.misbehaving import TestServer
from support.program import TOKEN
from support.puppet_reports import wire_report
from support.puppetdb import FakePuppetdb, failed_job, failed_run, refuse

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.clients.puppetdb import PuppetdbClient, PuppetdbUnusable
from jobevents_cli.config.connection import Connection
from jobevents_cli.config.token import Token
from jobevents_cli.demo.puppetdb import Puppetdb
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.puppetdb import reports
from jobevents_cli.puppetdb.reports import Run, find_reports, read_reports, reports_of_jobs
from jobevents_cli.runtime.explain import Explainer

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


def _limit() -> float:
    return 10.0


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
    found = dict(read_reports(client_of(database.url), hashes, _limit))
    assert [found[each].log[0].message for each in hashes] == ["schema is locked by pid 13500"] * 3
    assert all("x" * 3_000 not in [line.message for line in found[each].log] for each in hashes)


def test_one_log_that_is_too_large(serve_db: ServeDb, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of a report that is too large is left out; its failed resources are known all the same."""
    monkeypatch.setattr(reports, "SEVERAL_LOGS", 8_000)
    monkeypatch.setattr(reports, "LARGEST", 8_000)
    puppetdb = Puppetdb()
    large, small = *_stored(puppetdb, "node-a", padding=9_000), *_stored(puppetdb, "node-b")
    database = serve_db(puppetdb)
    found = dict(read_reports(client_of(database.url), [large, small], _limit))
    assert [failure.resource for failure in found[large].failures] == ["Exec[migrate]"]
    assert found[large].log == ()
    assert found[small].log


def test_a_thousand_runs_take_few_requests(serve_db: ServeDb, client_of: ClientOf) -> None:
    """1,000 failed runs are found with one request and read with 14."""
    puppetdb = Puppetdb()
    names = [f"node{number}" for number in range(1000)]
    hashes = _stored(puppetdb, *names)
    database = serve_db(puppetdb)
    client = client_of(database.url)
    runs = [Run(name, found, job_id="352") for name, found in zip(names, hashes, strict=True)]
    assert list(reports_of_jobs(client, runs, 10).values()) == hashes
    assert len({found for found, _ in read_reports(client, hashes, _limit)}) == 1000
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
    assert find_reports(client, [by_job, by_hash, by_uuid, other], _limit) == {
        by_job: last,
        by_hash: first,
        by_uuid: first,
    }
    assert find_reports(client, [Run("node-a")], _limit) == {}


def test_an_address_that_failed_stays_failed(serve_db: ServeDb, client_of: ClientOf) -> None:
    """What was wrong with the last address is said again, and that address is not asked again."""
    database = serve_db(Puppetdb(), plan=[refuse(503, "starting")])
    client = client_of(database.url)
    for _ in range(2):
        with pytest.raises(PuppetdbUnusable, match="503: starting"):
            client.query(["from", "reports"], 10, most=1000)
    assert database.requests == 1


@contextmanager
def _explainer(database: FakePuppetdb, ended: float | None = None, **more: Any) -> Iterator[Explainer]:
    """Explains a job with one failed run, of which PuppetDB has no report."""
    token = Token(TOKEN, "the token")
    document = failed_run("node-a", "abc") if ended is None else failed_run("node-a", "abc", ended=ended)
    with ExitStack() as stack:
        server = stack.enter_context(TestServer([failed_job(document)]))
        client = stack.enter_context(closing(Orchestrator(Connection(server.url, token))))
        yield stack.enter_context(closing(Explainer(client, [Connection(database.url, token)], **more)))


def test_an_explanation_has_a_limit(serve_db: ServeDb) -> None:
    """A PuppetDB that does not answer holds an explanation up for no longer than was allowed."""
    database = serve_db(Puppetdb(), plan=[lambda _handler: time.sleep(8)])
    since = time.monotonic()
    with _explainer(database, within=1.0) as explainer:
        explanation = explainer.explain(JobRef.job(352))
        assert time.monotonic() - since < 6
    assert [cause.finding.message for cause in explanation.causes] == ["2 of 171 resources failed"]
    assert "did not respond in time" in explanation.notices[0]


@pytest.mark.parametrize(("within", "expected"), [(None, [0.5, 1.0, 1.5, 2.0]), (2.0, [0.5, 1.0])])
def test_late_reports_within_a_limit(serve_db: ServeDb, within: float | None, expected: list[float]) -> None:
    """Late reports are asked for again after 0.5, 1, 1.5 and 2 seconds, and only as long as the limit allows."""
    now, waited = [100.0], []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    database = serve_db(Puppetdb())
    with _explainer(database, time.time(), sleep=sleep, clock=lambda: now[0], within=within) as explainer:
        notices = explainer.explain(JobRef.job(352)).notices
    assert waited == expected
    assert "PuppetDB has no report of 1 failed run" in notices[0]
