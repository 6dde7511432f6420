"""A small PuppetDB over real HTTP that remembers what it was asked, and failed jobs to ask it about."""

import json
import ssl
from collections.abc import Callable
from typing import Any, ClassVar

from jobevents_cli.demo.puppetdb import Puppetdb
from jobevents_cli.demo.scripted_jobs import Document, ScriptedJob, written
from jobevents_cli.demo.server import Answer, Handler, Orchestrator, Refusal, Server, json_answer
from support.misbehaving import JOB, LONG_AGO, secure
from support.program import Home

Fault = Callable[["RecordingHandler"], None]
"""Sends what it likes instead of the answer."""


class RecordingHandler(Handler):
    """Answers well, unless a fault was planned; remembers the queries."""

    seen: ClassVar[list[tuple[dict[str, str], Any]]]
    plan: ClassVar[list[Fault | None]]
    token: ClassVar[str | None]

    def do_POST(self) -> None:  # noqa: N802 - the library's name
        """Answer a query, well or badly."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.token not in (None, self.headers.get("X-Authentication")):
            self.send(Refusal(401, "rbac/user-unauthenticated", "Route requires authentication").answer)
            return
        self.seen.append((dict(self.headers), json.loads(body)))
        fault = self.plan[0] if self.plan else None
        if len(self.plan) > 1:
            del self.plan[0]
        if fault:
            fault(self)
        else:
            self.send(self.query(body))


class FakePuppetdb(Server):
    """Serves reports. *plan*: what befalls each query in turn, None for a good answer; the last one stays."""

    def __init__(
        self,
        puppetdb: Puppetdb,
        *,
        token: str | None = None,
        plan: list[Fault | None] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.seen: list[tuple[dict[str, str], Any]] = []
        handler = type("Planned", (RecordingHandler,), {"seen": self.seen, "plan": plan or [], "token": token})
        super().__init__(Orchestrator([], token=""), puppetdb, handler=handler)
        if tls:
            secure(self, tls)

    @property
    def requests(self) -> int:
        """How many queries came."""
        return len(self.seen)


def refuse(status: int, document: Any) -> Fault:
    """Answer with *status* and *document*, as JSON unless it is a text, which PuppetDB sends as it is."""
    is_text = isinstance(document, str)
    plain = Answer(status, str(document).encode(), {"Content-Type": "text/plain"})
    return lambda handler: handler.send(plain if is_text else json_answer(status, document))


class FailedJob(ScriptedJob):
    """A job whose nodes are given as `/jobs/ID/nodes` shows them."""

    documents: list[Document]
    job_options: dict[str, Any]

    def state(self, now: float) -> str:  # noqa: ARG002 - always the same
        """The job's state."""
        return self.final_state

    def node_documents(self, now: float) -> list[Document]:  # noqa: ARG002 - always the same
        """The nodes."""
        return self.documents

    def document(self, now: float, base: str) -> Document:
        """The job."""
        document = super().document(now, base)
        return {**document, "node_count": len(self.documents), "options": {**document["options"], **self.job_options}}


def failed_job(
    *nodes: Document, job_id: int = JOB, command: str = "deploy", state: str = "failed", **options: Any
) -> FailedJob:
    """A job with these *nodes*, ended long ago, or now running if *state* says so."""
    job = FailedJob(job_id, (), LONG_AGO, state)
    job.command = command
    job.documents = list(nodes)
    job.job_options = options
    return job


def node(
    name: str,
    state: str = "failed",
    result: Any = None,
    *,
    message: str = "",
    uuid: str | None = None,
    ended: float = LONG_AGO + 60,
) -> Document:
    """A node as `/jobs/ID/nodes` shows it."""
    return {
        "name": name,
        "state": state,
        "start_timestamp": written(LONG_AGO),
        "finish_timestamp": written(ended),
        "duration": 60.0,
        "timestamp": written(ended),
        "transaction_uuid": uuid,
        "latest-event-id": 1,
        "details": {"message": message} if message else {},
        "result": result,
    }


def failed_run(name: str, report_hash: str | None = None, **more: Any) -> Document:
    """A node whose Puppet run failed."""
    result = {"noop": False, "status": "failed", "metrics": {"total": 171, "failed": 2}, "environment": "production"}
    return node(name, "failed", {**result, **({"hash": report_hash} if report_hash else {})}, **more)


def connected(home: Home, url: str, puppetdb_url: str | None = None) -> Home:
    """The *home* whose configuration names the orchestrator at *url* and PuppetDB at *puppetdb_url*."""
    variables = {"JOBEVENTS_URL": url}
    if puppetdb_url:
        variables["JOBEVENTS_PUPPETDB_URL"] = puppetdb_url
    return home.with_(**variables)
