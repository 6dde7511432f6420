"""The installed program against a real PuppetDB with reports of real Puppet runs."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.misbehaving import TestServer
from support.program import TOKEN, Home, Ran
from support.puppet_reports import changing_report, wire_report
from support.puppetdb import connected, failed_job, failed_run, node
from support.real_puppetdb import RealPuppetdb, TokenFront, missing_packages, shared_puppetdb

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing_packages()), reason=missing_packages() or "here")]

KINDS = {
    "two_causes": ["resource", "resource"],
    "timeout": ["resource"],
    "locked": ["resource"],
    "package": ["resource"],
    "service": ["resource"],
    "missing_directory": ["resource"],
    "provider": ["run"],
    "catalog": ["catalog"],
    "cycle": ["run"],
    "prefetch": ["run"],
    "no_provider": ["resource", "run"],
    "service_start": ["resource"],
    "files": ["resource", "resource", "resource"],
    "tries": ["resource", "resource", "resource"],
}
"""The kinds of causes of each report of a failed run."""

Serve = Callable[..., TestServer]


@pytest.fixture(name="puppetdb", scope="session")
def _puppetdb(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[RealPuppetdb]:
    """The PuppetDB that all workers share."""
    base = tmp_path_factory.getbasetemp()
    with shared_puppetdb((base if worker_id == "master" else base.parent) / "real-puppetdb") as puppetdb:
        yield puppetdb


def _report(name: str, node: str, job_id: int = 352) -> dict[str, Any]:
    return wire_report(name, node, job_id=str(job_id), uuid=str(uuid.uuid4()))


def _objects(ran: Ran) -> list[dict[str, Any]]:
    assert ran.status == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def test_every_kind_of_report(home: Home, serve: Serve, puppetdb: RealPuppetdb) -> None:
    """Each real failed run is explained from its report; runs that went well are not asked for."""
    reports = {name: _report(name, f"{name.replace('_', '-')}.example.com") for name in KINDS}
    hashes = puppetdb.store_all([*reports.values(), _report("noop", "noop.example.com")])
    server = serve(
        failed_job(*(failed_run(node, found) for node, found in hashes.items() if node != "noop.example.com"))
    )
    ran = connected(home, server.url, puppetdb.url).run("why", "352", "--json")
    causes = _objects(ran)
    assert ran.err == ""
    assert all(cause["source"] == "puppetdb" and cause["complete"] for cause in causes)
    for name, kinds in KINDS.items():
        node = reports[name]["certname"]
        assert [cause["cause"] for cause in causes if cause["nodes"] == [node]] == kinds, name
    texts = {cause["nodes"][0]: cause["message"] + str(cause["log"]) for cause in causes}
    assert "schema is locked by pid 13500" in texts["locked.example.com"]
    assert "Unable to locate package" in texts["package.example.com"]
    assert "cannot bind to port 80" in texts["service.example.com"]
    assert "Could not find class ::profile::nowhere" in texts["catalog.example.com"]


def test_a_report_is_found_without_its_hash(home: Home, serve: Serve, puppetdb: RealPuppetdb) -> None:
    """A report is found by the transaction, or else by the job and the node."""
    first, second = _report("locked", "t1.example.com", 901), _report("locked", "t2.example.com", 901)
    puppetdb.store_all([first, second])
    job = failed_job(
        failed_run("t1.example.com", uuid=first["transaction_uuid"]), failed_run("t2.example.com"), job_id=901
    )
    server = serve(job)
    (cause,) = _objects(connected(home, server.url, puppetdb.url).run("why", "901", "--json"))
    assert (cause["cause"], cause["nodes"]) == ("resource", ["t1.example.com", "t2.example.com"])


def test_with_a_token(home: Home, serve: Serve, puppetdb: RealPuppetdb) -> None:
    """Behind TLS with RBAC, the token lets jobevents in; without the permission, the notice names it."""
    hashes = puppetdb.store_all([_report("locked", "k1.example.com")])
    server = serve(failed_job(*(failed_run(node, found) for node, found in hashes.items())))
    for status, text in (
        (200, "schema is locked"),
        (403, "View node data from PuppetDB"),
        (401, "puppet-access login"),
    ):
        with TokenFront(puppetdb, {TOKEN: status}) as front:
            mine = connected(home, server.url, front.url).with_(JOBEVENTS_CACERT=puppetdb.file("ca.pem"))
            ran = mine.run("why", "352")
            assert ran.status == 0
            assert text in ran.out + ran.err
            assert TOKEN not in ran.out + ran.err
            assert set(front.seen) == {"/pdb/query/v4"}


def test_with_a_client_certificate(home: Home, serve: Serve, puppetdb: RealPuppetdb) -> None:
    """PuppetDB demands a certificate: without one the notice says so, with one the report is read."""
    hashes = puppetdb.store_all([_report("locked", "c1.example.com")])
    server = serve(failed_job(*(failed_run(node, found) for node, found in hashes.items())))
    mine = connected(home, server.url, puppetdb.tls_url).with_(JOBEVENTS_CACERT=puppetdb.file("ca.pem"))
    ran = mine.run("why", "352")
    assert ran.status == 0
    assert "2 of 171 resources failed" in ran.out
    assert "certificate" in ran.err
    certificate = {
        "JOBEVENTS_PUPPETDB_CERT": puppetdb.file("cert.pem"),
        "JOBEVENTS_PUPPETDB_KEY": puppetdb.file("key.pem"),
    }
    ran = mine.with_(**certificate).run("why", "352")
    assert "schema is locked by pid 13500" in ran.out
    assert ran.err == ""


def test_a_late_report(home: Home, serve: Serve, puppetdb: RealPuppetdb) -> None:
    """The report of a run that has just ended may come some seconds later."""
    report = _report("locked", "late.example.com", 902)
    server = serve(failed_job(failed_run("late.example.com", ended=time.time()), job_id=902))
    storing = threading.Timer(1.5, puppetdb.store, [report])
    storing.start()
    ran = connected(home, server.url, puppetdb.url).run("why", "902")
    storing.join()
    assert "schema is locked by pid 13500" in ran.out
    assert ran.err == ""


@pytest.mark.parametrize("count", [200, 1000])
def test_many_failed_nodes(home: Home, serve: Serve, puppetdb: RealPuppetdb, count: int) -> None:
    """1,000 failed nodes with two causes take at most 20 requests."""
    names = [f"m{number:04}.many{count}.example.com" for number in range(count)]
    reports = [_report("locked" if number % 4 else "catalog", name) for number, name in enumerate(names)]
    hashes = puppetdb.store_all(reports)
    server = serve(failed_job(*(failed_run(name, hashes[name]) for name in names)))
    with TokenFront(puppetdb, {TOKEN: 200}) as front:
        mine = connected(home, server.url, front.url).with_(JOBEVENTS_CACERT=puppetdb.file("ca.pem"))
        since = time.monotonic()
        causes = _objects(mine.run("why", "352", "--json"))
        print(f"{count} failed nodes: {time.monotonic() - since:.2f} s")  # noqa: T201 - shown with -rP
        assert len(front.seen) <= 20
    assert [(cause["cause"], cause["count"]) for cause in causes] == [
        ("resource", count * 3 // 4),
        ("catalog", count // 4),
    ]


def _changed(name: str, found: str, changed: int) -> dict[str, Any]:
    result = {"hash": found, "status": "changed", "metrics": {"total": 600, "changed": changed, "out_of_sync": changed}}
    return node(name, "finished", {**result, "environment": "production"})


def test_what_a_rollout_changed(home: Home, serve: Serve, puppetdb: RealPuppetdb) -> None:
    """30 nodes with three changes: grouped, failures only counted. Only PE's PuppetDB knows corrective ones."""
    names = [f"c{number:02}.example.com" for number in range(30)]
    changes = [("/etc/ntp.conf", "content", "{md5}8a2f", "{md5}77e1"), ("/etc/owner", "owner", "jane", "root")]
    reports = [
        changing_report(name, 360, [*changes, ("/etc/mode", "mode", "0600", "0644")][: 3 if number % 2 else 1])
        for number, name in enumerate(names)
    ]
    hashes = puppetdb.store_all([*reports, _report("locked", "f1.example.com", 360)])
    nodes = [
        _changed(name, hashes[name], len(report["resources"])) for name, report in zip(names, reports, strict=True)
    ]
    server = serve(failed_job(*nodes, failed_run("f1.example.com", hashes["f1.example.com"]), job_id=360))
    mine = connected(home, server.url, puppetdb.url)
    found = _objects(mine.run("changes", "360", "--json"))
    assert [(change["resource"], change["count"]) for change in found] == [
        ("File[/etc/ntp.conf]", 30),
        ("File[/etc/mode]", 15),
        ("File[/etc/owner]", 15),
    ]
    out = mine.run("changes", "360").out
    assert out.startswith("Job 360  failed  deploy in production  30 of 31 nodes changed: 3 changes\n")
    assert "owner: jane became root" in out
    assert out.endswith("Failed:  1 node: jobevents why 360\n")


def test_what_a_noop_run_would_change(home: Home, serve: Serve, puppetdb: RealPuppetdb) -> None:
    """Its events have the status noop."""
    report = changing_report("n1.example.com", 361, [("/etc/ntp.conf", "ensure", "absent", "file")], status="noop")
    hashes = puppetdb.store_all([report, _report("noop", "n2.example.com", 361)])
    nodes = [_changed(name, found, 1) for name, found in hashes.items()]
    server = serve(failed_job(*nodes, job_id=361, state="finished", noop=True))
    out = connected(home, server.url, puppetdb.url).run("changes", "361").out
    assert "2 of 2 nodes would change: 2 changes" in out
    assert "ensure: absent would become file" in out


def test_a_first_run(home: Home, serve: Serve, puppetdb: RealPuppetdb) -> None:
    """60 nodes with 500 changes each take a few requests."""
    names = [f"big{number:03}.example.com" for number in range(60)]
    changes = [(f"/srv/app/conf.d/{number}.conf", "ensure", "absent", "file") for number in range(500)]
    hashes = puppetdb.store_all([changing_report(name, 362, changes) for name in names])
    server = serve(failed_job(*(_changed(name, hashes[name], 500) for name in names), job_id=362, state="finished"))
    with TokenFront(puppetdb, {TOKEN: 200}) as front:
        mine = connected(home, server.url, front.url).with_(JOBEVENTS_CACERT=puppetdb.file("ca.pem"))
        found = _objects(mine.run("changes", "362", "--json"))
        assert len(front.seen) <= 4
    assert (len(found), {change["count"] for change in found}) == (500, {60})
