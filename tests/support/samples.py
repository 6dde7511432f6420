"""Events as orchestrators sent them, or as their manuals and clients say they may: every shape in one job."""

from datetime import UTC, datetime
from typing import Any, Final

from jobevents_cli.demo.scripted_jobs import Script, ScriptedJob, ScriptedPlan, number_events
from jobevents_cli.demo.stories import failed, rollout

MORNING: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC).timestamp()
"""When what README shows begins."""

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


def readme_job() -> ScriptedJob:
    """The job 352 of README's examples: four nodes, one of them failed, one skipped, and a report of the failure."""
    told = failed(352, created=MORNING)
    number_events(told, first=1267)
    return told


def readme_plan() -> ScriptedPlan:
    """The plan 12 of README's examples: two jobs, of which the second fails and is caught."""
    plan = rollout(12, created=MORNING, first_job=350)
    number_events(*plan.jobs, first=1200)
    return plan


def errored(job_id: int, *, created: float) -> ScriptedJob:
    """A job with a node that is not connected."""
    names = ("pe-worker01.example.com", "pe-worker02.example.com")
    job = ScriptedJob(job_id, names, created, final_state="failed", environment="staging")
    script = Script(job)
    script.run(names[0], 0.5, 9, changed=1)
    script.errored(names[1], 1)
    script.end(10)
    return job


def broken(number: int, *, created: float, first_job: int) -> ScriptedPlan:
    """A plan that fails with its only job."""
    nodes = ("app01.example.com", "app02.example.com")
    job = ScriptedJob(first_job, nodes, created + 1, "failed", "plan_task", task="app::backup", plan=number)
    script = Script(job)
    script.task(nodes[0], 0, 3, {"_output": "4 GB written\n"})
    message = "The task failed with exit code 1 and no stdout, but stderr contained:\nbackup: no space left on device"
    error = {"kind": "puppetlabs.tasks/task-error", "msg": message, "details": {"exit_code": 1}}
    script.task(nodes[1], 0.2, 4, {"_output": "", "_error": error}, is_failed=True)
    script.end(5)
    about = {"action": "task", "object": "app::backup"}
    values = [
        {"target": nodes[0], "status": "success", "value": {}, **about},
        {"target": nodes[1], "status": "failure", "value": {"_output": "", "_error": error}, **about},
    ]
    result = {
        "kind": "bolt/run-failure",
        "msg": "Plan aborted: run_task 'app::backup' failed on 1 target",
        "details": {"action": "run_task", "object": "app::backup", "result_set": values},
    }
    plan = ScriptedPlan(number, "app::backup", created, (job,), "failure", result, owner="jane")
    plan.add(1, "task_start", **{"job-id": job.job_id})
    plan.end(6.5)
    return plan
