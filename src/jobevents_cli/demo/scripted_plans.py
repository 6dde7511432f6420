"""Plan jobs as an orchestrator knows them: their own events, and the jobs that they start.

Shapes are those of the PE 2021.7 manual.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from jobevents_cli.demo.scripted_jobs import Document, Script, ScriptedJob, written

_LONGEST_MESSAGE: Final = 1024
"""Bytes of an `out_message` that the list of events gives; the event itself has all of it."""


@dataclass(slots=True)
class ScriptedPlan:
    """A plan job whose events are known beforehand. Times are seconds since 1970."""

    number: int
    name: str
    created: float
    jobs: tuple[ScriptedJob, ...] = ()
    final_state: str = "success"
    result: Any = None
    description: str = ""
    owner: str = "admin"
    environment: str = "production"
    timeline: list[tuple[float, Document]] = field(default_factory=list)
    """When each event becomes visible, and the event."""

    def add(self, after: float, kind: str, **details: Any) -> None:
        """An event *after* so many seconds."""
        at = self.created + after
        event = {"type": kind, "timestamp": written(at), "details": details, "id": str(len(self.timeline) + 1)}
        self.timeline.append((at, event))

    def end(self, after: float) -> None:
        """The plan's last event."""
        kind = "plan_finished" if self.final_state == "success" else "plan_failed"
        self.add(after, kind, **{"plan-id": str(self.number), "result": self.result})

    def events(self, now: float) -> list[Document]:
        """The events visible at *now*, by their ids."""
        visible = [event for at, event in self.timeline if at <= now]
        return sorted(visible, key=lambda event: int(event["id"]))

    def state(self, now: float) -> str:
        """The plan's state at *now*."""
        types = {event["type"] for at, event in self.timeline if at <= now}
        return self.final_state if types & {"plan_finished", "plan_failed"} else "running"

    def document(self, now: float, base: str, *, has_result: bool = True) -> Document:
        """The response to `GET /plan_jobs/:job-id` at *now*; *base* is the API's address."""
        state = self.state(now)
        is_over = state != "running"
        ended = max((at for at, _ in self.timeline), default=self.created)
        document: Document = {
            "id": f"{base}/plan_jobs/{self.number}",
            "name": str(self.number),
            "state": state,
            "options": {
                "plan_name": self.name,
                "description": self.description,
                "environment": self.environment,
                "parameters": {},
                "sensitive": [],
                "scheduled_job_id": None,
            },
            "owner": {"id": "42cf5a5f-0c8f-4e10-9b3c-6d1f6b7c1a11", "login": self.owner},
            "userdata": {},
            "created_timestamp": written(self.created),
            "finished_timestamp": written(ended) if is_over else None,
            "duration": round(ended - self.created, 2) if is_over else None,
            "events": {"id": f"{base}/plan_jobs/{self.number}/events"},
            "status": {str(job.job_id): _states(job, now) for job in self.jobs if job.created <= now},
        }
        if has_result:
            document["result"] = self.result if is_over else None
        return document


def shortened(event: Document) -> Document:
    """The *event* as the list of events gives it: a long `out_message` is cut."""
    message = event["details"].get("message")
    if event["type"] != "out_message" or len(str(message).encode()) <= _LONGEST_MESSAGE:
        return event
    cut = str(message).encode()[:_LONGEST_MESSAGE].decode(errors="ignore")
    return {**event, "details": {**event["details"], "message": cut}}


def _states(job: ScriptedJob, now: float) -> list[Document]:
    state = job.state(now)
    begun = {"state": "running", "enter_time": written(job.created), "exit_time": None}
    if state in ("ready", "running", "stopping"):
        return [{**begun, "state": state}]
    ended = written(max(at for at, _ in job.timeline))
    return [{**begun, "exit_time": ended}, {"state": state, "enter_time": ended, "exit_time": None}]


def rollout(number: int, *, created: float, first_job: int = 1, speed: float = 1.0) -> ScriptedPlan:
    """A plan that starts three jobs. The second one fails on two nodes; the plan catches that and succeeds."""

    def at(seconds: float) -> float:
        return seconds / speed

    web = tuple(f"web{at:02d}.example.com" for at in range(1, 4))
    databases = tuple(f"db{at:02d}.example.com" for at in range(1, 5))
    drain = _task(first_job, number, "lb::drain", web, created + at(1))
    migrate = _task(first_job + 1, number, "db::migrate", databases, created + at(5), final_state="failed")
    restart = _task(first_job + 2, number, "app::restart", web, created + at(10.5))
    script = Script(drain, per_second=speed)
    for place, node in enumerate(web):
        script.task(node, 0.3 * place, 1.2 + 0.6 * place, {"_output": f"{node} takes no new connections\n"})
    script.add(3, "job_finished", f"Job {drain.job_id} finished", detail={"state": "finished"})
    script = Script(migrate, per_second=speed)
    for place, node in enumerate(databases):
        is_locked = place % 2 == 1
        result = _failed_task("schema is locked by pid 13500") if is_locked else {"_output": "12 tables migrated\n"}
        script.task(node, 0.2 * place, 2 + 0.5 * place, result, is_failed=is_locked)
    script.add(4, "job_finished", f"Job {migrate.job_id} finished", detail={"state": "failed"})
    script = Script(restart, per_second=speed)
    for place, node in enumerate(web):
        script.task(node, 0.2 * place, 1.5 + 0.4 * place, {"status": "restarted"})
    script.add(2.8, "job_finished", f"Job {restart.job_id} finished", detail={"state": "finished"})

    plan = ScriptedPlan(number, "app::rollout", created, (drain, migrate, restart), description="Roll out the app")
    plan.result = {"restarted": list(web), "not migrated": list(databases[1::2])}
    plan.add(at(0.5), "out_message", message=f"Rolling out to {len(web)} web servers")
    plan.add(at(1), "task_start", **{"job-id": drain.job_id})
    plan.add(at(4.5), "plan_start", plan="app::migrate")
    plan.add(at(5), "task_start", **{"job-id": migrate.job_id})
    plan.add(at(9.5), "plan_end", plan="app::migrate", duration=round(at(5), 2))
    plan.add(at(10), "out_message", message="Two databases were not migrated.\nThey keep the old schema until tonight.")
    plan.add(at(10.5), "task_start", **{"job-id": restart.job_id})
    plan.end(at(14))
    return plan


def broken(number: int, *, created: float, first_job: int) -> ScriptedPlan:
    """A plan that fails with its only job."""
    nodes = ("app01.example.com", "app02.example.com")
    job = _task(first_job, number, "app::backup", nodes, created + 1, final_state="failed")
    script = Script(job)
    script.task(nodes[0], 0, 3, {"_output": "4 GB written\n"})
    result = _failed_task("backup: no space left on device")
    script.task(nodes[1], 0.2, 4, result, is_failed=True)
    script.add(5, "job_finished", f"Job {first_job} finished", detail={"state": "failed"})
    plan = ScriptedPlan(number, "app::backup", created, (job,), final_state="failure", owner="jane")
    plan.result = {
        "kind": "bolt/run-failure",
        "msg": "Plan aborted: run_task 'app::backup' failed on 1 target",
        "details": {
            "action": "run_task",
            "object": "app::backup",
            "result_set": [
                {"target": nodes[0], "action": "task", "object": "app::backup", "status": "success", "value": {}},
                {"target": nodes[1], "action": "task", "object": "app::backup", "status": "failure", "value": result},
            ],
        },
    }
    plan.add(1, "task_start", **{"job-id": job.job_id})
    plan.end(6.5)
    return plan


def _task(
    number: int, plan: int, name: str, nodes: tuple[str, ...], created: float, *, final_state: str = "finished"
) -> ScriptedJob:
    return ScriptedJob(number, nodes, created, final_state, command="plan_task", task=name, plan=plan)


def _failed_task(text: str) -> Document:
    return {
        "_output": "",
        "_error": {
            "kind": "puppetlabs.tasks/task-error",
            "msg": f"The task failed with exit code 1 and no stdout, but stderr contained:\n{text}",
            "details": {"exit_code": 1},
        },
    }
