"""Jobs as an orchestrator knows them, their events on a time line: what is visible depends on the time.

Shapes are those of recorded responses if there are any, else those of the PE 2021.7 manual. Longer than other modules
because the jobs are data.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from jobevents_cli.demo.reports import Cause, full_disk, hash_of, migration, missing_class, report, transaction_of

Document = dict[str, Any]


CONSOLE: Final = "https://pe.example.com"


NODE_STATES: Final = {
    "node_running": "running",
    "node_finished": "finished",
    "node_failed": "failed",
    "node_errored": "errored",
    "node_skipped": "skipped",
}


_RESOURCES: Final = 171


def written(moment: float) -> str:
    """The time *moment*, seconds since 1970, as the orchestrator writes it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class ScriptedJob:
    """A job whose events are known beforehand. Times are seconds since 1970."""

    job_id: int
    nodes: tuple[str, ...]
    created: float
    final_state: str = "finished"
    command: str = "deploy"
    environment: str = "production"
    owner: str = "admin"
    task: str | None = None
    """The name of the task, if the job is one."""
    plan: int | None = None
    """The number of the plan job that started it, if one did."""
    timeline: list[tuple[float, Document]] = field(default_factory=list)
    """When each event becomes visible, and the event."""
    reports: list[Document] = field(default_factory=list)
    """What PuppetDB knows of the runs that failed, in wire format."""

    def events(self, now: float) -> list[Document]:
        """The events visible at *now*, by their ids."""
        visible = [event for at, event in self.timeline if at <= now]
        return sorted(visible, key=lambda event: int(event["id"]))

    def state(self, now: float) -> str:
        """The job's state at *now*."""
        types = {event["type"] for at, event in self.timeline if at <= now}
        if types & {"job_finished", "job_aborted"}:
            return self.final_state
        if "job_stopping" in types:
            return "stopping"
        return "running" if types else "ready"

    def document(self, now: float, base: str) -> Document:
        """The response to `GET /jobs/:job-id` at *now*; *base* is the API's address."""
        state = self.state(now)
        ended = max((at for at, _ in self.timeline), default=self.created)
        is_over = state == self.final_state
        options: Document = {"environment": self.environment, "noop": False, "scope": {"nodes": list(self.nodes)}}
        if self.task:
            options |= {"task": self.task, "params": {}}
        if self.plan:
            options["plan_job"] = self.plan
        counts: dict[str, int] = {}
        for node in self.node_documents(now):
            counts[node["state"]] = counts.get(node["state"], 0) + 1
        return {
            "id": f"{base}/jobs/{self.job_id}",
            "name": str(self.job_id),
            "state": state,
            "command": self.command,
            "type": self.command,
            "options": options,
            "owner": {"id": "42cf5a5f-0c8f-4e10-9b3c-6d1f6b7c1a11", "login": self.owner},
            "environment": {"name": self.environment},
            "created_timestamp": written(self.created),
            "finished_timestamp": written(ended) if is_over else None,
            "duration": round(ended - self.created, 2) if is_over else None,
            "timestamp": written(ended if is_over else self.created),
            "node_count": len(self.nodes),
            "node_states": counts or None,
            "nodes": {"id": f"{base}/jobs/{self.job_id}/nodes"},
            "report": {"id": f"{base}/jobs/{self.job_id}/report"},
            "events": {"id": f"{base}/jobs/{self.job_id}/events"},
        }

    def node_documents(self, now: float) -> list[Document]:
        """The `items` of `GET /jobs/:job-id/nodes` at *now*."""
        documents: dict[str, Document] = {
            name: {
                "name": name,
                "state": "new",
                "start_timestamp": None,
                "finish_timestamp": None,
                "duration": None,
                "timestamp": written(self.created),
                "transaction_uuid": None,
                "transport": "pcp",
                "latest-event-id": None,
                "details": {},
                "result": None,
            }
            for name in self.nodes
        }
        started: dict[str, float] = {}
        for at, event in sorted(self.timeline, key=lambda entry: entry[0]):
            node = documents.get(event["details"].get("node", ""))
            state = NODE_STATES.get(event["type"])
            if at > now or node is None or state is None:
                continue
            name = event["details"]["node"]
            node.update({"state": state, "timestamp": event["timestamp"], "latest-event-id": int(event["id"])})
            if state == "running":
                started[name] = at
                node["start_timestamp"] = event["timestamp"]
            else:
                result = event["details"].get("detail") or None
                node["details"] = {} if self.task else {"message": event["message"]}
                node["result"] = result
                if result and "hash" in result:
                    node["details"]["report-url"] = result["report-url"]
                    node["transaction_uuid"] = transaction_of(result["hash"])
                if name in started:
                    node["finish_timestamp"] = event["timestamp"]
                    node["duration"] = round(at - started[name], 2)
        return list(documents.values())


class Script:
    """Writes the time line of one job."""

    def __init__(self, job: ScriptedJob, *, per_second: float = 1.0) -> None:
        """Write into *job*; a second of the script passes *per_second* times as fast."""
        self._job = job
        self._per_second = per_second

    def add(self, after: float, kind: str, message: str, **details: Any) -> None:
        """An event *after* that many seconds of the script."""
        at = self._job.created + after / self._per_second
        event = {"type": kind, "timestamp": written(at), "details": details, "message": message, "id": "0"}
        self._job.timeline.append((at, event))

    def run(
        self, node: str, begin: float, end: float, *, changed: int = 0, failed: int = 0, cause: Cause | None = None
    ) -> None:
        """A Puppet run on *node*. With a *cause* it fails, and PuppetDB gets a report that says why."""
        total = _RESOURCES
        if cause:
            at = written(self._job.created + end / self._per_second)
            failure = cause(node, 13_500 + 7 * self._job.nodes.index(node), at)
            self._job.reports.append(report(node, self._job.job_id, failure, at))
            failed = failure.failed
            total = _RESOURCES if failed else 0
        self.add(begin, "node_running", f"Started puppet run on {node} ...", node=node, detail={"noop": False})
        detail = {
            "hash": hash_of(self._job.job_id, node),
            "noop": False,
            "status": "failed" if failed or cause else "changed" if changed else "unchanged",
            "metrics": {
                "corrective_change": 0,
                "out_of_sync": changed,
                "restarted": 0,
                "skipped": 0,
                "total": total,
                "changed": changed,
                "scheduled": 0,
                "failed_to_restart": 0,
                "failed": failed,
            },
            "report-url": f"{CONSOLE}/#/run/jobs/{self._job.job_id}/nodes/{node}/report",
            "environment": self._job.environment,
            "configuration_version": str(int(self._job.created)),
        }
        is_failed = detail["status"] == "failed"
        result = "Failed!" if is_failed else "Success!"
        kind = "node_failed" if is_failed else "node_finished"
        self.add(end, kind, f"Finished puppet run on {node} - {result} ", node=node, detail=detail)

    def task(self, node: str, begin: float, end: float, result: Document, *, is_failed: bool = False) -> None:
        """The job's task on *node*, with its *result*."""
        task = self._job.task
        self.add(begin, "node_running", f"Started task {task} on {node} ...", node=node, detail={"noop": False})
        kind, word = ("node_failed", "Failed!") if is_failed else ("node_finished", "Success!")
        self.add(end, kind, f"Finished task {task} on {node} - {word} ", node=node, detail=result)

    def errored(self, node: str, at: float) -> None:
        """A node that could not be reached."""
        why = f"{node} is not connected to the PCP broker"
        error = {"msg": why, "kind": "puppetlabs.orchestrator/execution-failure", "details": {"node": node}}
        self.add(at, "node_errored", f"Error running puppet on {node}: {why}", node=node, detail=error)

    def skipped(self, node: str, at: float, because: str) -> None:
        """A node left out because another failed."""
        self.add(at, "node_skipped", f"Skipped {node}: its dependency {because} failed", node=node, detail={})


def number_events(*jobs: ScriptedJob, first: int = 1) -> None:
    """Give the events of all *jobs* ids in the order in which they become visible, as one database does."""
    entries = sorted((entry for job in jobs for entry in job.timeline), key=lambda entry: entry[0])
    for number, (_, event) in enumerate(entries, first):
        event["id"] = str(number)


def deployment(
    job_id: int, *, created: float, nodes: int = 14, seed: int = 1, speed: float = 1.0, good: bool = False
) -> ScriptedJob:
    """A believable Puppet run on some *nodes*: staggered starts and, unless *good*, failures with their causes.

    One node depends on a failed one and is skipped.
    """
    random = Random(seed)  # noqa: S311 - a story, no secret
    kinds = ("web", "app", "cache", "db", "queue")
    names = tuple(f"{kinds[n % len(kinds)]}{n // len(kinds) + 1:02d}.example.com" for n in range(nodes))
    causes = () if good or nodes < 3 else _causes(nodes)  # noqa: PLR2004 - one fails, one is skipped
    bad = random.sample(names, len(causes) + 1) if causes else []
    failing = dict(zip(bad, causes, strict=False))
    job = ScriptedJob(job_id, names, created, final_state="failed" if bad else "finished")
    script = Script(job, per_second=speed)
    at_once = max(4, nodes // 3)
    free_at = [0.3 + 0.15 * slot for slot in range(at_once)]
    last = 0.5
    for name in names:
        slot = free_at.index(min(free_at))
        begin = free_at[slot]
        if name in bad[-1:]:
            script.skipped(name, begin + 0.2, bad[0])
            continue
        end = begin + random.uniform(1.2, 4.0)
        changed = random.choice((0, 0, 0, 1, 3, 12))
        script.run(name, begin, end, changed=0 if name in failing else changed, cause=failing.get(name))
        free_at[slot] = end + random.uniform(0.05, 0.3)
        last = max(last, end)
    script.add(last + 0.4, "job_finished", f"Job {job_id} finished", detail={"state": job.final_state})
    return job


def _causes(nodes: int) -> list[Cause]:
    """Why nodes fail: two causes in a job of 10 nodes or more, three in a job of 100 or more."""
    causes: list[Cause] = [migration] * max(1, min(3, nodes // 4))
    if nodes >= 10:  # noqa: PLR2004
        causes += [missing_class] * 2
    if nodes >= 100:  # noqa: PLR2004
        causes += [migration] * (nodes // 50) + [full_disk] * (nodes // 60)
    return causes


def stopped(job_id: int, *, created: float) -> ScriptedJob:
    """A job that somebody stopped: what ran was finished, the rest never began."""
    names = tuple(f"edge{number:02d}.example.com" for number in range(1, 7))
    job = ScriptedJob(job_id, names, created, final_state="stopped", owner="jane")
    script = Script(job)
    script.run(names[0], 0.5, 4)
    script.run(names[1], 1, 6, changed=2)
    script.add(3, "job_stopping", f"Stop requested for job {job_id}")
    script.add(7, "job_aborted", f"Job {job_id} was stopped")
    return job


def errored(job_id: int, *, created: float) -> ScriptedJob:
    """A job with a node that is not connected."""
    names = ("pe-worker01.example.com", "pe-worker02.example.com")
    job = ScriptedJob(job_id, names, created, final_state="failed", environment="staging")
    script = Script(job)
    script.run(names[0], 0.5, 9, changed=1)
    script.errored(names[1], 1)
    script.add(10, "job_finished", f"Job {job_id} finished", detail={"state": "failed"})
    return job
