"""`jobevents changes`, the installed program: what a job changed, or would change, grouped by resource."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pexpect
import pytest
from support.case_server import CaseServer
from support.program import PROGRAM, TOKEN, Home

from jobevents_cli import Change, Changes, changes
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.render.styles import plain
from jobevents_cli.why.changes_text import ChangesText, change_objects, said

MODULES = "/etc/puppetlabs/code/environments/production/modules"
KEYS = ["count", "nodes", "resource", "property", "old", "new", "message", "file", "line", "corrective", "noop"]

Serve = Callable[..., CaseServer]


@pytest.fixture(name="serve_case")
def _serve_case() -> Iterator[Serve]:
    """Serves cases until the test ends."""
    with ExitStack() as stack:
        yield lambda case: stack.enter_context(CaseServer(case))


def _event(title: str, prop: str, old: Any, new: Any, **more: Any) -> dict[str, Any]:
    kind, _, name = title.rstrip("]").partition("[")
    about = {"resource_type": kind, "resource_title": name, "property": prop, "old_value": old, "new_value": new}
    return {"status": "success", "message": f"{prop} changed", "corrective_change": False, **about, **more}


NTP = _event(
    "File[/etc/ntp.conf]",
    "content",
    "{md5}8a2f00112233",
    "{md5}77e1aabbccdd",
    file=f"{MODULES}/ntp/manifests/config.pp",
    line=12,
)
NTPD = _event(
    "Service[ntpd]",
    "ensure",
    "stopped",
    "running",
    corrective_change=True,
    file=f"{MODULES}/ntp/manifests/service.pp",
    line=7,
)
NGINX = _event("Package[nginx]", "ensure", "1.18.0", "1.24.0", file=f"{MODULES}/nginx/manifests/install.pp", line=4)


def _node(name: str, changed: int, state: str = "finished", **metrics: int) -> dict[str, Any]:
    counts = {"total": 171, "changed": changed, "out_of_sync": changed, "failed": 0, **metrics}
    status = "failed" if state == "failed" else "changed" if changed else "unchanged"
    result = {"hash": f"h-{name}", "status": status, "metrics": counts, "environment": "production"}
    return {"name": name, "state": state, "result": result, "finish_timestamp": "2026-11-23T09:00:40Z"}


def _report(name: str, *events: dict[str, Any]) -> dict[str, Any]:
    return {
        "certname": name,
        "hash": f"h-{name}",
        "job_id": "360",
        "status": "changed",
        "events": list(events),
        "logs": [],
    }


def _case(*, noop: bool = False) -> dict[str, Any]:
    """Six nodes: three changes, one of them corrective, a node without changes, and one that failed."""
    as_noop = {"status": "noop"} if noop else {}
    events = [{**event, **as_noop} for event in (NTP, NTPD, NGINX)]
    nodes = [_node("web1", 2), _node("web2", 2), _node("lb1", 1), _node("db1", 0), _node("db2", 1, "failed", failed=1)]
    reports = [_report("web1", *events[:2]), _report("web2", *events[:2]), _report("lb1", events[0], events[2])]
    reports.append(_report("db2", events[2], _event("Exec[x]", "returns", "notrun", ["0"], status="failure")))
    options = {"noop": noop, "environment": "production"}
    return {"jobs": {"360": {"job": {"state": "finished", "options": options}, "nodes": nodes}}, "reports": reports}


def _at(home: Home, server: CaseServer) -> Home:
    return home.with_(JOBEVENTS_URL=server.url, JOBEVENTS_PUPPETDB_URL=server.url)


def test_what_changed(home: Home, serve_case: Serve) -> None:
    """Changes are grouped by resource, property and values, the largest group first; failures are only counted."""
    ran = _at(home, serve_case(_case())).run("changes", "360")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "Job 360  finished  deploy in production  4 of 5 nodes changed: 3 changes",
        "",
        "3 nodes  File[/etc/ntp.conf]  ntp/manifests/config.pp:12",
        "         content: {md5}8a2f00112233 became {md5}77e1aabbccdd",
        "         lb1 web1 web2",
        "2 nodes  Package[nginx]  nginx/manifests/install.pp:4",
        "         ensure: 1.18.0 became 1.24.0",
        "         db2 lb1",
        "2 nodes  Service[ntpd]  ntp/manifests/service.pp:7  corrective",
        "         ensure: stopped became running",
        "         web1 web2",
        "Failed:  1 node: jobevents why 360",
    ]


def test_what_would_change(home: Home, serve_case: Serve) -> None:
    """A noop run says what would become of it."""
    out = _at(home, serve_case(_case(noop=True))).run("changes", "360").out
    assert out.startswith("Job 360  finished  deploy in production, noop  4 of 5 nodes would change: 3 changes\n")
    assert "ensure: stopped would become running" in out


def test_json(home: Home, serve_case: Serve) -> None:
    """One object for each change, with exactly the documented keys; --limit and --node choose."""
    mine = _at(home, serve_case(_case()))
    found = [json.loads(line) for line in mine.run("changes", "360", "--json").out.splitlines()]
    assert [list(change) for change in found] == [KEYS] * 3
    assert [(change["resource"], change["count"], change["corrective"]) for change in found] == [
        ("File[/etc/ntp.conf]", 3, False),
        ("Package[nginx]", 2, False),
        ("Service[ntpd]", 2, True),
    ]
    assert (found[1]["old"], found[1]["new"], found[1]["line"], found[1]["noop"]) == ("1.18.0", "1.24.0", 4, False)
    assert len(mine.run("changes", "360", "--json", "--limit", "1").out.splitlines()) == 1
    out = mine.run("changes", "360", "--node", "lb*").out
    assert "1 of 5 nodes changed: 2 changes" in out
    assert mine.run("changes", "360", "--node", "db1").out == "Job 360: nothing changed on nodes that match\n"


def test_a_limit(home: Home, serve_case: Serve) -> None:
    """On a terminal at most 50 changes are printed, and a row says how many more there are."""
    events = [_event(f"File[/srv/{number:02}]", "content", "a", "b") for number in range(60)]
    nodes = [_node("web1", 60)]
    case = {"jobs": {"360": {"job": {"state": "finished"}, "nodes": nodes}}, "reports": [_report("web1", *events)]}
    mine = _at(home, serve_case(case))
    assert mine.run("changes", "360").out.count("content: a became b") == 60
    out = mine.run("changes", "360", "--limit", "3").out
    assert (out.count("became"), out.splitlines()[-1]) == (3, "… and 57 more changes: --limit 60")
    environment = {**mine.environment, "TERM": "xterm", "NO_COLOR": "1"}
    child = pexpect.spawn(str(PROGRAM), ["changes", "360"], env=environment, encoding="utf-8", timeout=30)
    child.expect(pexpect.EOF)
    assert (child.before.count("became"), "… and 10 more changes: --limit 60" in child.before) == (50, True)


def test_nothing_changed(home: Home, serve_case: Serve) -> None:
    """PuppetDB is not asked about nodes on which nothing did."""
    server = serve_case({"jobs": {"360": {"job": {"state": "finished"}, "nodes": [_node("a", 0), _node("b", 0)]}}})
    mine = _at(home, server)
    assert mine.run("changes", "360").out == "Job 360: nothing changed\n"
    assert mine.run("changes", "360", "--json").out == ""
    assert server.queries == []


def test_other_jobs_than_puppet_runs(home: Home, serve_case: Serve) -> None:
    """Tasks report no changes: a sentence says so, and that is no error."""
    nodes = [{"name": "a", "state": "finished", "result": {"_output": "x"}}]
    server = serve_case(
        {"jobs": {"353": {"job": {"type": "task", "command": "task", "state": "finished"}, "nodes": nodes}}}
    )
    ran = _at(home, server).run("changes", "353")
    assert (ran.status, ran.out) == (0, "Job 353: no Puppet runs: tasks report no changes\n")


def test_without_puppetdb(home: Home, serve_case: Serve) -> None:
    """There is nothing to say: the exit status is 7, and the error says why and how to get it."""
    url = serve_case(_case()).url
    for variables, why in (
        ({}, "no address of PuppetDB is known"),
        ({"JOBEVENTS_PUPPETDB_URL": "http://127.0.0.1:1"}, "Connection refused"),
        ({"JOBEVENTS_PUPPETDB_URL": url, "JOBEVENTS_PUPPETDB_CERT": "/missing.pem"}, "no key"),
    ):
        ran = home.with_(JOBEVENTS_URL=url, **variables).run("changes", "360")
        assert (ran.status, ran.out) == (7, "")
        assert ran.err.startswith("Error: PuppetDB could not be queried, so what changed is not known: ")
        assert why in ran.err


def test_missing_reports(home: Home, serve_case: Serve) -> None:
    """A notice says of how many runs PuppetDB has no report."""
    case = _case()
    del case["reports"][0]
    ran = _at(home, serve_case(case)).run("changes", "360")
    assert ran.err == "Notice: PuppetDB has no report of 1 run: what they changed is missing\n"
    assert "2 nodes  File[/etc/ntp.conf]" in ran.out


def test_a_plan(home: Home, serve_case: Serve) -> None:
    """The changes of all the Puppet runs that it started, and a running job says so."""
    case = _case()
    case["jobs"]["360"]["job"]["state"] = "running"
    case["jobs"]["361"] = {"job": {"type": "plan_task", "command": "plan_task"}, "nodes": []}
    case["plans"] = {"12": {"plan": {"state": "running", "status": {"360": [], "361": [], "362": []}}, "events": []}}
    mine = _at(home, serve_case(case))
    ran = mine.run("changes", "plan/12")
    assert ran.out.startswith(
        "Plan 12  running  app::rollout  4 of 5 nodes changed: 3 changes so far, the plan is running\n"
    )
    assert "Notice: job 362 could not be read" in ran.err
    assert "3 changes so far, the job is running" in mine.run("changes", "360").out


def test_what_differs_from_node_to_node_is_blanked(home: Home, serve_case: Serve) -> None:
    """The node's own name and checksums do not tell changes apart, other values do."""
    nodes = [_node("web1", 2), _node("web2", 2)]
    reports = [
        _report(
            name,
            _event("File[/etc/hostname]", "content", f"old {name}", f"{{md5}}{number}1223344aabb"),
            _event("Package[x]", "ensure", "1", number),
        )
        for number, name in ((1, "web1"), (2, "web2"))
    ]
    case = {"jobs": {"360": {"job": {"state": "finished"}, "nodes": nodes}}, "reports": reports}
    found = [json.loads(line) for line in _at(home, serve_case(case)).run("changes", "360", "--json").out.splitlines()]
    assert [(change["resource"], change["count"]) for change in found] == [
        ("File[/etc/hostname]", 2),
        ("Package[x]", 1),
        ("Package[x]", 1),
    ]
    assert found[0]["old"] == "old web1"


def test_the_python_api(serve_case: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, as values and as text."""
    server = serve_case(_case())
    monkeypatch.setenv("JOBEVENTS_PUPPETDB_URL", server.url)
    found = changes(360, url=server.url, token=TOKEN)
    assert [change.resource for change in found.changes] == ["File[/etc/ntp.conf]", "Package[nginx]", "Service[ntpd]"]
    assert (found.nodes, found.changed, found.failed) == (5, 4, 1)
    assert "content: {md5}8a2f… became {md5}77e1…" in found.text(width=80)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (Change(("a",), "Exec[x]", "returns", "notrun", ["0"]), "returns: notrun became 0"),
        (
            Change(("a",), "Exec[x]", None, None, None, "Triggered 'refresh' from 1 event"),
            "Triggered 'refresh' from 1 event",
        ),
        (Change(("a",), "File[x]", "mode", "", "0644", noop=True), "mode: '' would become 0644"),
        (Change(("a",), "File[x]", "ensure", None, {"a": 1}), "ensure: '' became {\"a\":1}"),
        (Change(("a",), "Group[x]", "members", ["a", 2], ["a", True]), "members: a, 2 became a, true"),
        (Change(("a",), "File[x]", "content", "{sha256}8a2f001122334455", "x"), "content: {sha256}8a2f… became x"),
    ],
)
def test_what_is_said(change: Change, text: str) -> None:
    """A property's values whatever they are, or the message if there are none."""
    assert said(change, is_short=True) == text


def test_hostile_values_are_escaped() -> None:
    """And rows fit the screen."""
    evil = "\x1b[2J\u202e" + "x y " * 500
    found = Changes(
        JobRef.job(1), "finished", "deploy", 1, 1, changes=(Change((evil,), evil, evil, evil, evil, evil, evil, 1),)
    )
    for columns in (None, 40):
        lines = list(ChangesText(columns=columns, node_columns=40, paint=plain).lines(found))
        assert all(line.isprintable() for line in lines)
        assert columns is None or all(len(line) <= 40 for line in lines[2:-2])
    assert len(list(change_objects(found))) == 1


def test_odd_events_are_read_tolerantly(home: Home, serve_case: Serve) -> None:
    """Values of unexpected kinds count as missing."""
    odd = {"resource_type": 7, "resource_title": None, "property": ["x"], "status": "success", "line": "x", "file": 3}
    case = {"jobs": {"360": {"nodes": [_node("a", 1)]}}, "reports": [_report("a", odd)]}
    out = _at(home, serve_case(case)).run("changes", "360").out
    assert "1 node  []" in out
