"""Jobs and plan jobs as an orchestrator knows them. Their events are known beforehand; the time says which are visible.

Shapes are those of recorded responses if there are any, else those of the PE 2021.7 manual.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from jobevents_cli.demo.reports import Cause, Failure, hash_of, report, transaction_of

Document = dict[str, Any]
Timeline = list[tuple[float, Document]]
"""When each event becomes visible, in seconds since 1970, and the event."""

CONSOLE: Final = "https://pe.example.com"

_RESOURCES: Final = 171
_LONGEST_MESSAGE: Final = 1024
"""Bytes of an `out_message` that the list of events gives; the event itself has all of it."""


def written(moment: float) -> str:
    """The time *moment*, seconds since 1970, as the orchestrator writes it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Scripted:
    """What jobs and plan jobs have in common. Times are seconds since 1970."""

    created: float
    environment: str
    owner: str
    timeline: Timeline

    def events(self, now: float) -> list[Document]:
        """The events visible at *now*, by their ids."""
        return sorted((event for at, event in self.timeline if at <= now), key=lambda event: int(event["id"]))

    def _types(self, now: float) -> set[str]:
        return {event["type"] for at, event in self.timeline if at <= now}

    @property
    def ended(self) -> float:
        """When the last event becomes visible."""
        return max((at for at, _ in self.timeline), default=self.created)

    def _common(self, address: str, state: str, *, is_over: bool) -> Document:
        return {
            "id": address,
            "name": address.rpartition("/")[2],
            "state": state,
            "owner": {"id": "42cf5a5f-0c8f-4e10-9b3c-6d1f6b7c1a11", "login": self.owner},
            "created_timestamp": written(self.created),
            "finished_timestamp": written(self.ended) if is_over else None,
            "duration": round(self.ended - self.created, 2) if is_over else None,
            "events": {"id": f"{address}/events"},
        }


@dataclass(slots=True)
class ScriptedJob(_Scripted):
    """A job whose events are known beforehand."""

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
    timeline: Timeline = field(default_factory=list)
    reports: list[Document] = field(default_factory=list)
    """What PuppetDB knows of the runs that failed or changed something, in wire format."""

    @property
    def path(self) -> str:
        """Its address below the API's."""
        return f"jobs/{self.job_id}"

    def state(self, now: float) -> str:
        """The job's state at *now*."""
        types = self._types(now)
        if types & {"job_finished", "job_aborted"}:
            return self.final_state
        if "job_stopping" in types:
            return "stopping"
        return "running" if types else "ready"

    def document(self, now: float, base: str) -> Document:
        """The response to `GET /jobs/:job-id` at *now*; *base* is the API's address."""
        address = f"{base}/{self.path}"
        state = self.state(now)
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
            **self._common(address, state, is_over=is_over),
            "command": self.command,
            "type": self.command,
            "options": options,
            "environment": {"name": self.environment},
            "timestamp": written(self.ended if is_over else self.created),
            "node_count": len(self.nodes),
            "node_states": counts or None,
            "nodes": {"id": f"{address}/nodes"},
            "report": {"id": f"{address}/report"},
        }

    def node_documents(self, now: float) -> list[Document]:
        """The `items` of `GET /jobs/:job-id/nodes` at *now*."""
        empty = ("start_timestamp", "finish_timestamp", "duration", "transaction_uuid", "latest-event-id", "result")
        documents: dict[str, Document] = {
            name: {
                "name": name,
                "state": "new",
                "timestamp": written(self.created),
                "transport": "pcp",
                "details": {},
                **dict.fromkeys(empty),
            }
            for name in self.nodes
        }
        started: dict[str, float] = {}
        for at, event in sorted(self.timeline, key=lambda entry: entry[0]):
            name = event["details"].get("node", "")
            node = documents.get(name)
            if at > now or node is None:
                continue
            state = event["type"].removeprefix("node_")
            node |= {"state": state, "timestamp": event["timestamp"], "latest-event-id": int(event["id"])}
            if state == "running":
                started[name] = at
                node["start_timestamp"] = event["timestamp"]
                continue
            result = event["details"].get("detail") or None
            node["details"] = {} if self.task else {"message": event["message"]}
            node["result"] = result
            if result and "hash" in result:
                node["details"]["report-url"] = result["report-url"]
                node["transaction_uuid"] = transaction_of(result["hash"])
            if name in started:
                node |= {"finish_timestamp": event["timestamp"], "duration": round(at - started[name], 2)}
        return list(documents.values())


@dataclass(slots=True)
class ScriptedPlan(_Scripted):
    """A plan job whose events are known beforehand."""

    number: int
    name: str
    created: float
    jobs: tuple[ScriptedJob, ...] = ()
    final_state: str = "success"
    result: Any = None
    description: str = ""
    owner: str = "admin"
    environment: str = "production"
    timeline: Timeline = field(default_factory=list)

    @property
    def path(self) -> str:
        """Its address below the API's."""
        return f"plan_jobs/{self.number}"

    def add(self, after: float, kind: str, **details: Any) -> None:
        """An event *after* so many seconds."""
        at = self.created + after
        event = {"type": kind, "timestamp": written(at), "details": details, "id": str(len(self.timeline) + 1)}
        self.timeline.append((at, event))

    def end(self, after: float) -> None:
        """The plan's last event."""
        kind = "plan_finished" if self.final_state == "success" else "plan_failed"
        self.add(after, kind, **{"plan-id": str(self.number), "result": self.result})

    def state(self, now: float) -> str:
        """The plan's state at *now*."""
        return self.final_state if self._types(now) & {"plan_finished", "plan_failed"} else "running"

    def document(self, now: float, base: str) -> Document:
        """The response to `GET /plan_jobs/:job-id` at *now*; *base* is the API's address."""
        state = self.state(now)
        is_over = state != "running"
        return {
            **self._common(f"{base}/{self.path}", state, is_over=is_over),
            "options": {
                "plan_name": self.name,
                "description": self.description,
                "environment": self.environment,
                "parameters": {},
                "sensitive": [],
                "scheduled_job_id": None,
            },
            "userdata": {},
            "status": {str(job.job_id): _states(job, now) for job in self.jobs if job.created <= now},
            "result": self.result if is_over else None,
        }


def _states(job: ScriptedJob, now: float) -> list[Document]:
    state = job.state(now)
    begun = {"state": "running", "enter_time": written(job.created), "exit_time": None}
    if state in ("ready", "running", "stopping"):
        return [{**begun, "state": state}]
    ended = written(job.ended)
    return [{**begun, "exit_time": ended}, {"state": state, "enter_time": ended, "exit_time": None}]


def shortened(event: Document) -> Document:
    """The *event* as the list of a plan's events gives it: a long `out_message` is cut."""
    message = str(event["details"].get("message")).encode()
    if event["type"] != "out_message" or len(message) <= _LONGEST_MESSAGE:
        return event
    cut = message[:_LONGEST_MESSAGE].decode(errors="ignore")
    return {**event, "details": {**event["details"], "message": cut}}


class Script:
    """Writes the time line of one job."""

    def __init__(self, job: ScriptedJob, *, per_second: float = 1.0) -> None:
        """Write into *job*; a second of the script passes *per_second* times as fast."""
        self._job = job
        self._per_second = per_second

    def _at(self, after: float) -> float:
        return self._job.created + after / self._per_second

    def add(self, after: float, kind: str, message: str, **details: Any) -> None:
        """An event *after* that many seconds of the script."""
        at = self._at(after)
        event = {"type": kind, "timestamp": written(at), "details": details, "message": message, "id": "0"}
        self._job.timeline.append((at, event))

    def run(
        self, node: str, begin: float, end: float, *, changed: int = 0, failed: int = 0, cause: Cause | None = None
    ) -> None:
        """A Puppet run on *node*. With a *cause* it fails, and PuppetDB gets a report that says why."""
        total = _RESOURCES
        at = written(self._at(end))
        if changed and not cause:
            self._job.reports.append(report(node, self._job.job_id, Failure(), at, changed=changed))
        if cause:
            failure = cause(node, 13_500 + 7 * self._job.nodes.index(node), at)
            self._job.reports.append(report(node, self._job.job_id, failure, at))
            failed = failed or failure.failed
            total = _RESOURCES if failed else 0
        is_failed = bool(failed or cause)
        self.add(begin, "node_running", f"Started puppet run on {node} ...", node=node, detail={"noop": False})
        detail = {
            "hash": hash_of(self._job.job_id, node),
            "noop": False,
            "status": "failed" if is_failed else "changed" if changed else "unchanged",
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
        kind, word = ("node_failed", "Failed!") if is_failed else ("node_finished", "Success!")
        self.add(end, kind, f"Finished puppet run on {node} - {word} ", node=node, detail=detail)

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
        what = f"task {self._job.task}" if self._job.task else "puppet"
        self.add(at, "node_errored", f"Error running {what} on {node}: {why}", node=node, detail=error)

    def skipped(self, node: str, at: float, because: str) -> None:
        """A node left out because another failed."""
        self.add(at, "node_skipped", f"Skipped {node}: its dependency {because} failed", node=node, detail={})

    def end(self, after: float) -> None:
        """The job's last event."""
        job = self._job
        self.add(after, "job_finished", f"Job {job.job_id} finished", detail={"state": job.final_state})


def number_events(*jobs: ScriptedJob, first: int = 1) -> None:
    """Give the events of all *jobs* ids in the order in which they become visible, as one database does."""
    entries = sorted((entry for job in jobs for entry in job.timeline), key=lambda entry: entry[0])
    for number, (_, event) in enumerate(entries, first):
        event["id"] = str(number)
