"""Events as orchestrators sent them, or as their manuals and clients say they may: every shape in one job."""

from datetime import UTC, datetime
from typing import Any, Final

from jobevents_cli.demo.reports import migration, report
from jobevents_cli.demo.scripted_jobs import Script, ScriptedJob, number_events, written
from jobevents_cli.demo.scripted_plans import ScriptedPlan

REPORT: Final = "https://orchestrator.example.lan/#/cm/report/20d60265"
METRICS: Final = {
    "corrective_change": 0,
    "out_of_sync": 0,
    "restarted": 0,
    "skipped": 0,
    "total": 171,
    "changed": 0,
    "scheduled": 0,
    "failed_to_restart": 0,
    "failed": 0,
}


def _event(number: Any, kind: str, message: str, node: str | None = None, detail: Any = None) -> dict[str, Any]:
    details = {} if node is None else {"node": node} if detail is None else {"node": node, "detail": detail}
    return {
        "type": kind,
        "timestamp": f"2016-08-15T21:34:{34 + number % 20}Z",
        "details": details,
        "message": message,
        "id": str(number),
    }


def _run(status: str, **metrics: int) -> dict[str, Any]:
    return {
        "hash": "20d60265",
        "noop": False,
        "status": status,
        "metrics": {**METRICS, **metrics},
        "report-url": REPORT,
        "environment": "production",
    }


EVENTS: Final[list[Any]] = [
    _event(
        3,
        "node_running",
        "Started puppet run on agent1.puppetlabs.vm ...",
        "agent1.puppetlabs.vm",
        {"noop": False},
    ),
    _event(
        4,
        "node_finished",
        "Finished puppet run on agent1.puppetlabs.vm - Success! ",
        "agent1.puppetlabs.vm",
        _run("unchanged"),
    ),
    _event(5, "node_finished", "Finished puppet run on web1 - Success! ", "web1", _run("changed", changed=4)),
    _event(
        6,
        "node_finished",
        "Finished puppet run on web2 - Success! ",
        "web2",
        _run("changed", changed=3, corrective_change=2),
    ),
    _event(
        7,
        "node_finished",
        "Puppet-Lauf auf web3 beendet",
        "web3",
        {**_run("unchanged", out_of_sync=5), "noop": {"noop": True, "no_noop": False}},
    ),
    _event(8, "node_failed", "Finished puppet run on db1 - Failed! ", "db1", _run("failed", changed=1, failed=2)),
    _event(9, "node_failed", "db2: Service[nginx] failed", "db2", {"status": "failed", "report-url": REPORT}),
    _event(
        10,
        "node_errored",
        "Error running puppet on doesnotexist",
        "doesnotexist",
        {
            "msg": "doesnotexist is not connected to the PCP broker",
            "kind": "puppetlabs.orchestrator/execution-failure",
        },
    ),
    _event(11, "node_skipped", "Skipped app1: File[/etc/motd] failed on db1", "app1"),
    _event(12, "node_finished", "Finished on node task1", "task1", {"_output": "line 1\nline 2\n"}),
    _event(13, "node_failed", "Failed on node task2", "task2", {"_error": "no such file: [/tmp/x]"}),
    _event(
        14,
        "node_failed",
        "Failed on node task3",
        "task3",
        {
            "_error": {
                "kind": "puppetlabs.tasks/task-error",
                "msg": "exit code 1",
                "details": {"exit_code": 1},
            }
        },
    ),
    _event(15, "node_failed", "Failed on node task4", "task4", {"error": "old form", "details": "text"}),
    _event(16, "node_running", "ノード web1 で Puppet を実行中", "web1"),
    _event(
        17,
        "node_finished",
        "evil \x1b[2J\r\n\x07 \x9b31m \u202e txet [bold]no markup[/bold]",
        "evil\x1b]0;t\x07",
    ),
    {
        "type": "node_rebooted",
        "timestamp": 1471296882,
        "message": "an unknown type",
        "id": 18,
        "extra": {"b": 1, "a": [1.5, None]},
    },
    {"type": "node_finished", "timestamp": "soon", "details": None, "id": "19"},
    {
        "type": "node_finished",
        "timestamp": "2016-08-15T21:34:50.123+02:00",
        "details": {"node": "n20", "detail": "text"},
        "message": "detail is text",
        "id": 20,
    },
    {"message": "neither id nor type"},
    "not even an object",
    _event(21, "job_stopping", "Stop requested"),
    _event(22, "job_finished", "", None),
    _event(23, "job_aborted", "Job was stopped "),
]
"""What came over the years, and what may."""


class Recorded(ScriptedJob):
    """A job that answers with the samples as they are."""

    def events(self, now: float) -> list[Any]:
        """All samples, in the order written."""
        del now
        return EVENTS


def recorded_job() -> ScriptedJob:
    """The samples as a job."""
    return Recorded(352, ("agent1.puppetlabs.vm",), 0.0, "stopped")


def readme_plan() -> ScriptedPlan:
    """The plan 12 of README's examples: two jobs, of which the second fails and is caught."""
    web, databases = ("web01.example.com", "web02.example.com"), ("db01.example.com",)
    created = datetime(2026, 11, 23, 9, 0, tzinfo=UTC).timestamp()
    drain = ScriptedJob(350, web, created + 1, command="plan_task", task="lb::drain", plan=12)
    migrate = ScriptedJob(351, databases, created + 6, "failed", command="plan_task", task="db::migrate", plan=12)
    script = Script(drain)
    for place, node in enumerate(web):
        script.task(node, place, 2 + place, {"_output": "drained\n"})
    script.add(4, "job_finished", "Job 350 finished", detail={"state": "finished"})
    script = Script(migrate)
    error = {"kind": "puppetlabs.tasks/task-error", "msg": "locked", "details": {"exit_code": 1}}
    script.task(databases[0], 0, 3, {"_error": error}, is_failed=True)
    script.add(4, "job_finished", "Job 351 finished", detail={"state": "failed"})
    number_events(drain, migrate, first=1200)
    plan = ScriptedPlan(12, "app::rollout", created, (drain, migrate))
    plan.add(0, "out_message", message="Rolling out to 2 web servers")
    plan.add(1, "task_start", **{"job-id": 350})
    plan.add(6, "task_start", **{"job-id": 351})
    plan.add(11, "out_message", message="The database was not migrated.\nIt keeps the old schema until tonight.")
    plan.end(12)
    return plan


def readme_job() -> ScriptedJob:
    """The job 352 of README's examples: four nodes, one of them failed, one skipped, and a report of the failure."""
    nodes = ("web01.example.com", "web02.example.com", "db01.example.com", "app01.example.com")
    told = ScriptedJob(352, nodes, datetime(2026, 11, 23, 9, 0, tzinfo=UTC).timestamp(), "failed")
    script = Script(told)
    script.run(nodes[0], 1, 24, changed=4)
    script.run(nodes[1], 2, 31)
    script.run(nodes[2], 3, 40, failed=2)
    script.skipped(nodes[3], 41, nodes[2])
    script.add(42, "job_finished", "Job 352 finished", detail={"state": "failed"})
    number_events(told, first=1267)
    at = written(told.created + 40)
    told.reports.append(report(nodes[2], told.job_id, migration(nodes[2], 13_500, at), at))
    return told
