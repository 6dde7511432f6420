"""What the demo's orchestrator and PuppetDB answer."""

import json
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.request import Request, urlopen

from support.samples import broken

from jobevents_cli.demo import stories
from jobevents_cli.demo.puppetdb import Puppetdb
from jobevents_cli.demo.scripted_jobs import ScriptedJob, number_events
from jobevents_cli.demo.server import API, Orchestrator, Server
from jobevents_cli.demo.stories import deployment, rollout

NOW = 1_790_000_000.0
HEADERS = {"X-Authentication": "token"}


class Demo:
    """An orchestrator and its PuppetDB at a moment that the test sets."""

    def __init__(self, *jobs: ScriptedJob, plans: Any = ()) -> None:
        self.now = NOW
        self.orchestrator = Orchestrator(jobs, plans, token="token", clock=lambda: self.now)
        number_events(*self.orchestrator.jobs.values())
        self._puppetdb = Puppetdb(report for job in self.orchestrator.jobs.values() for report in job.reports)

    def get(self, path: str, status: int = 200) -> Any:
        """The document at *path*."""
        answer = self.orchestrator.answer(f"{API}/{path}", HEADERS)
        assert answer.status == status, answer.body
        return json.loads(answer.body)

    def nodes(self, job: int, state: str) -> list[Any]:
        """The nodes of *job* in *state*."""
        return [node for node in self.get(f"jobs/{job}/nodes")["items"] if node["state"] == state]

    def ask(self, *query: Any) -> Any:
        """The rows that PuppetDB finds."""
        return self._puppetdb.answer(list(query))


def test_nodes_have_results() -> None:
    """Each kind of node has the result that an orchestrator gives: metrics, null, an error."""
    demo = Demo(deployment(1, created=NOW - 100))
    nodes = {node["name"]: node for node in demo.get("jobs/1/nodes")["items"]}
    failed = [node for node in nodes.values() if node["state"] == "failed"]
    skipped = [node for node in nodes.values() if node["state"] == "skipped"]
    assert (len(nodes), len(failed), len(skipped)) == (14, 5, 1)
    assert skipped[0]["result"] is None
    assert {node["result"]["status"] for node in failed} == {"failed"}
    assert sorted(node["result"]["metrics"]["total"] for node in failed) == [0, 0, 171, 171, 171]
    assert all(node["details"]["report-url"] == node["result"]["report-url"] for node in failed)
    finished = next(node for node in nodes.values() if node["state"] == "finished")
    assert finished["transaction_uuid"].count("-") == 4


def test_nodes_come_in_pages() -> None:
    """`limit` and `offset` choose among the nodes."""
    demo = Demo(deployment(1, created=NOW - 100))
    names = [node["name"] for node in demo.get("jobs/1/nodes")["items"]]
    assert [node["name"] for node in demo.get("jobs/1/nodes?limit=3&offset=10")["items"]] == names[10:13]


def test_puppetdb_knows_why() -> None:
    """The failure events and the logs of many reports come in one request; they explain every failed run."""
    demo = Demo(deployment(1, created=NOW - 100))
    runs = [node["transaction_uuid"] for node in demo.nodes(1, "failed")]
    found = demo.ask("from", "reports", ["extract", ["hash", "logs"], ["in", "transaction_uuid", ["array", runs]]])
    hashes = [report["hash"] for report in found]
    wanted = ["and", ["=", "status", "failure"], ["in", "report", ["array", hashes]]]
    events = demo.ask("from", "events", ["extract", ["report", "resource_type", "resource_title"], wanted])
    assert [(event["resource_type"], event["resource_title"]) for event in events] == [("Exec", "migrate")] * 3
    assert len(hashes) == 5
    errors = [line["message"] for report in found for line in report["logs"]["data"] if line["level"] == "err"]
    assert sum("Could not find class ::profile::nowhere" in error for error in errors) == 2


def test_puppetdb_finds_reports_by_job() -> None:
    """A report names its job as text. Runs that failed or changed something have one."""
    demo = Demo(deployment(7, created=NOW - 100))
    failed = {node["name"] for node in demo.nodes(7, "failed")}
    changed = {node["name"] for node in demo.nodes(7, "finished") if node["result"]["status"] == "changed"}
    rows = demo.ask("from", "reports", ["extract", ["certname", "status"], ["=", "job_id", "7"]])
    assert {row["certname"] for row in rows if row["status"] == "failed"} == failed
    assert {row["certname"] for row in rows if row["status"] == "changed"} == changed


def test_a_plan_and_its_jobs() -> None:
    """A plan lists its jobs with their states; each of them names the plan; one of them failed and was caught."""
    demo = Demo(plans=[rollout(12, created=NOW - 100, first_job=30)])
    plan = demo.get("plan_jobs/12")
    assert (plan["state"], plan["options"]["plan_name"]) == ("success", "app::rollout")
    assert {name: states[-1]["state"] for name, states in plan["status"].items()} == {
        "30": "finished",
        "31": "failed",
    }
    assert {demo.get(f"jobs/{number}")["options"]["plan_job"] for number in (30, 31)} == {12}
    failed = demo.nodes(31, "failed")
    assert [node["result"]["_error"]["details"]["exit_code"] for node in failed] == [1]
    assert failed[0]["transaction_uuid"] is None


def test_a_plans_events() -> None:
    """Events have ids of their own, begin at `start`, and have no message; the last one holds the result."""
    demo = Demo(plans=[rollout(12, created=NOW - 100), broken(13, created=NOW - 50, first_job=9)])
    events = demo.get("plan_jobs/12/events")["items"]
    assert [event["id"] for event in events] == [str(number) for number in range(1, 8)]
    assert [event["details"]["job-id"] for event in events if event["type"] == "task_start"] == [1, 2]
    assert not any("message" in event for event in events)
    assert [event["id"] for event in demo.get("plan_jobs/12/events?start=6")["items"]] == ["6", "7"]
    assert events[-1]["type"] == "plan_finished"
    end = demo.get("plan_jobs/13/events")["items"][-1]
    assert (end["type"], end["details"]["result"]["kind"]) == ("plan_failed", "bolt/run-failure")
    assert demo.get("plan_jobs/13")["state"] == "failure"
    demo.now = NOW - 95
    assert demo.get("plan_jobs/12")["state"] == "running"
    assert demo.get("plan_jobs/12")["result"] is None


def test_a_long_message_is_cut_in_the_list() -> None:
    """An `out_message` of more than 1,024 bytes is whole only at its own address."""
    plan = rollout(12, created=NOW - 100)
    plan.add(99, "out_message", message="ä" * 2000)
    demo = Demo(plans=[plan])
    assert len(demo.get("plan_jobs/12/events?start=8")["items"][0]["details"]["message"]) == 512
    assert demo.get("plan_jobs/12/event/8")["details"]["message"] == "ä" * 2000
    assert demo.get("plan_jobs/12/event/9", 404)["kind"] == "puppetlabs.orchestrator/mismatched-job-event-id"
    assert demo.get("plan_jobs/1", 404)["kind"] == "puppetlabs.orchestrator/unknown-job"


def test_plans_are_listed_without_results() -> None:
    """`results=exclude` leaves the results out; the newest comes first if that is wanted; pages have a total."""
    plans = [rollout(number, created=NOW - 100 * number, first_job=10 * number) for number in (3, 2, 1)]
    demo = Demo(plans=plans)
    found = demo.get("plan_jobs?results=exclude&order_by=name&order=desc&limit=2")
    assert [(plan["name"], "result" in plan) for plan in found["items"]] == [("3", False), ("2", False)]
    assert found["pagination"]["total"] == 3
    assert demo.get("plan_jobs")["items"][0]["result"]["drained"]


def test_what_is_served() -> None:
    """The ids that README names are there at once, in the order of their start; a new one every half minute."""
    jobs, plans = stories.served(NOW, 1)
    demo = Demo(*jobs, plans=plans)
    listed = {int(job["name"]): job for job in demo.get("jobs")["items"]}
    assert {number: listed[number]["state"] for number in (349, 352, 353, 354)} == {
        349: "stopped",
        352: "failed",
        353: "failed",
        354: "running",
    }
    assert (listed[353]["type"], listed[353]["options"]["task"]) == ("task", "package")
    assert demo.get("plan_jobs/12")["state"] == "success"
    created = [listed[number]["created_timestamp"] for number in sorted(listed)]
    assert created == sorted(created)
    demo.now += 61
    assert demo.get("jobs/354")["state"] == "running"
    assert {int(job["name"]) for job in demo.get("jobs")["items"]} - set(listed) == {355, 356}


def test_the_header_date_is_the_events_clock() -> None:
    """Whoever follows a job compares the two to learn which events are settled."""
    jobs, _ = stories.served(NOW, 1)
    with Server(Orchestrator(jobs, token="token", clock=lambda: NOW)) as server:
        request = Request(f"{server.url}{API}/jobs/354/events", headers=HEADERS)
        with urlopen(request) as response:
            date = parsedate_to_datetime(response.headers["Date"])
            events = json.load(response)["items"]
    assert date.timestamp() == NOW
    newest = max(event["timestamp"] for event in events)
    assert newest <= date.strftime("%Y-%m-%dT%H:%M:%SZ")
