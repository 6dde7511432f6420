"""A server that is not part of the program: responses made beforehand, sent as fast or as slowly as a case wants.

A PuppetDB with the reports of the jobs WHY and CHANGES runs beside it. It is the demo's, as no other is small enough.
"""

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

from bench.sizes import (
    BURST_EVENTS,
    BURST_NODES,
    BURST_RATE,
    CHANGES_EACH,
    CHANGES_NODES,
    FAILED_NODES,
    LARGE_EVENTS,
    RESULT_BYTES,
    SOME_JOBS,
    WHY_NODES,
)
from jobevents_cli.demo.reports import migration, missing_class
from jobevents_cli.demo.scripted_jobs import Script, ScriptedJob, number_events
from jobevents_cli.demo.server import Answer, Orchestrator, Server
from jobevents_cli.demo.server import Handler as DemoHandler

SMALL, LIVE, IDLE, BURST, FAILED, WHY, CHANGES, LARGE, LARGE_ID_FIRST, PRETTY, PRETTY_ID_FIRST = range(1, 12)
PLAN: Final = 1
"""The number of the one plan; plans have numbers of their own."""
FIRST_RUNNING: Final = 1000
LIVE_EVERY: Final = 0.37
RUNNING_EVERY: Final = 4.1
FORWARD_TOKEN: Final = "forward"
"""Whoever sends this token finds one job: LARGE."""
OLD: Final = 1_780_000_000.0
STARTED: Final = time.time()
FAILED_EVERY: Final = 100
Document = dict[str, Any]


def event(number: int, at: float) -> Document:
    """An event of some 450 bytes, as orchestrators send them; one node of fifty fails."""
    node = f"node{number // 2:06d}.example.com"
    kind = "node_running" if number % 2 == 0 else "node_finished"
    detail: Document = {"noop": False}
    if number % 2:
        metrics = {"corrective_change": 0, "out_of_sync": 0, "restarted": 0, "skipped": 0, "total": 171, "changed": 2}
        detail |= {"status": "changed", "metrics": metrics, "environment": "production", "hash": "20d60265" * 5}
        detail["report-url"] = f"https://pe.example.com/#/run/jobs/2/nodes/{node}/report"
        detail["configuration_version"] = "1471296882"
    if number % FAILED_EVERY == FAILED_EVERY - 1:
        kind, detail["status"] = "node_failed", "failed"
    return {
        "type": kind,
        "timestamp": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "details": {"node": node, "detail": detail},
        "message": f"Puppet run on {node} - Success! ",
        "id": str(number),
    }


def end(number: int) -> Document:
    """The event of a job's end."""
    return {
        "type": "job_finished",
        "timestamp": "2026-11-23T10:00:00Z",
        "details": {},
        "message": "",
        "id": str(number),
    }


def failed(number: int) -> Document:
    """The event of a node that failed without having started."""
    node = f"node{number:06d}.example.com"
    return {**event(1, OLD), "type": "node_failed", "details": {"node": node, "detail": {}}, "id": str(number)}


def id_first(one: Document) -> Document:
    """The same event with its id as the first key, as in the manual's example; recordings have it last."""
    return {"id": one["id"], **one}


def compact(events: Iterable[Document]) -> bytes:
    """A whole response of *events*, as real orchestrators send it."""
    return json.dumps({"next-events": {"id": "x"}, "items": list(events)}, separators=(",", ":")).encode()


def pretty(events: Iterable[Document]) -> bytes:
    """The same response, pretty-printed."""
    return json.dumps({"next-events": {"id": "x"}, "items": list(events)}, indent=2).encode()


def why_job() -> ScriptedJob:
    """A job whose nodes all failed, for two causes."""
    nodes = tuple(f"node{number:04d}.example.com" for number in range(WHY_NODES))
    job = ScriptedJob(WHY, nodes, OLD, "failed")
    script = Script(job)
    for place, node in enumerate(nodes):
        script.run(node, 1, 20, cause=migration if place % 3 else missing_class)
    script.add(21, "job_finished", "over", detail={"state": "failed"})
    number_events(job)
    return job


def changes_job() -> ScriptedJob:
    """A job whose nodes all changed the same resources, and many of them."""
    nodes = tuple(f"node{number:04d}.example.com" for number in range(CHANGES_NODES))
    job = ScriptedJob(CHANGES, nodes, OLD, "finished")
    script = Script(job)
    for node in nodes:
        script.run(node, 1, 20, changed=CHANGES_EACH)
    script.add(21, "job_finished", "over", detail={"state": "finished"})
    number_events(job)
    return job


BODIES: dict[int, bytes] = {}
"""The responses made beforehand, by job: made by the server alone, as they take much memory."""


PLAN_BODIES: dict[str, bytes] = {}


def make_bodies(scripted: Iterable[ScriptedJob]) -> None:
    """Make the responses for the jobs whose events do not change."""
    BODIES[SMALL] = compact([*(event(number, OLD) for number in range(50)), end(50)])
    large = [*(event(number, OLD) for number in range(LARGE_EVENTS)), end(LARGE_EVENTS)]
    BODIES[LARGE], BODIES[PRETTY] = compact(large), pretty(large)
    large = [id_first(one) for one in large]
    BODIES[LARGE_ID_FIRST], BODIES[PRETTY_ID_FIRST] = compact(large), pretty(large)
    BODIES[FAILED] = compact([*(failed(number) for number in range(FAILED_NODES)), end(FAILED_NODES)])
    BODIES.update((job.job_id, compact(job.events(time.time()))) for job in scripted)
    target = {"target": "node.example.com", "status": "success", "value": {"_output": "0123456789 abcdef" * 10}}
    result = [target] * (RESULT_BYTES // len(json.dumps(target)))
    over = {**end(1), "type": "plan_finished", "details": {"result": result, "plan-id": "1"}}
    PLAN_BODIES["events"] = compact([over])
    PLAN_BODIES["document"] = json.dumps({"name": "1", "state": "success", "result": result}).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers GETs of the cases' jobs."""

    protocol_version = "HTTP/1.1"
    scripted: ClassVar[dict[int, ScriptedJob]] = {}
    queries: ClassVar[Counter[str]]
    _polls: ClassVar[Counter[int]] = Counter()
    _begun: ClassVar[dict[str, float]] = {}

    def do_GET(self) -> None:
        """Answer."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        start = int(query.get("start", "0"))
        match parts.path.removeprefix("/orchestrator/v1").strip("/").split("/"):
            case ["jobs"]:
                is_forward = self.headers.get("X-Authentication") == FORWARD_TOKEN and query.get("offset", "0") == "0"
                self._document({"items": [self._job(LARGE)] if is_forward else []})
            case ["jobs", job, "events"]:
                self._polls[int(job)] += 1
                self._events(int(job), start)
            case ["jobs", job, "nodes"]:
                documents = self.scripted[int(job)].node_documents(time.time()) if int(job) in self.scripted else []
                self._document({"items": documents[int(query.get("offset", "0")) :]})
            case ["jobs", job]:
                self._document(self._job(int(job)))
            case ["plan_jobs", _, "events"]:
                self._whole(PLAN_BODIES["events"])
            case ["plan_jobs", _]:
                self._whole(PLAN_BODIES["document"])
            case ["sizes", job]:
                self._document(len(BODIES[int(job)]))
            case ["polls", job]:
                self._document(self._polls[int(job)])
            case ["queries"]:
                self._document(self.queries["POST"])
            case _:
                self.send_error(404)

    def _job(self, job: int) -> Document:
        if job in self.scripted:
            return self.scripted[job].document(time.time(), "")
        is_over = job in BODIES
        if job == BURST:
            is_over = time.time() - self._began(job) > BURST_EVENTS / BURST_RATE
        state = "finished" if is_over else "running"
        return {"name": str(job), "state": state, "node_count": BURST_NODES, "node_states": {"finished": BURST_NODES}}

    def _events(self, job: int, start: int) -> None:
        if job in BODIES:
            self._whole(BODIES[job])
        elif job == LIVE:
            self._one_every(LIVE_EVERY, STARTED, start)
        elif job >= FIRST_RUNNING:
            self._one_every(RUNNING_EVERY, STARTED - RUNNING_EVERY * (job - FIRST_RUNNING) / SOME_JOBS, start)
        elif job == BURST:
            self._whole(compact(self._burst(start)))
        else:
            self._whole(compact([{**event(1, OLD), "id": "1"}] if start <= 1 else []))

    def _burst(self, start: int) -> Iterator[Document]:
        """All nodes run at once; then as many of them as the rate allows end, and at last the job."""
        count = BURST_NODES + min(BURST_EVENTS, int((time.time() - self._began(BURST)) * BURST_RATE))
        for number in range(start, count):
            place = number % BURST_NODES
            yield {**event(2 * place + (number >= BURST_NODES), OLD), "id": str(number)}
        if count == BURST_NODES + BURST_EVENTS:
            yield end(count)

    def _one_every(self, seconds: float, began: float, start: int) -> None:
        count = int((time.time() - began) / seconds)
        events = []
        for number in range(max(start, count - 50), count):
            visible = began + (number + 1) * seconds
            # Before a node ends, the next one starts: there is always one that runs.
            shown = event(number - 2 if number % 2 else number, visible)
            events.append({**shown, "id": str(number), "visible": visible})
        self._whole(compact(events))

    def _began(self, job: int) -> float:
        run = f"{job} {self.headers.get('X-Authentication')}"
        return self._begun.setdefault(run, time.time())

    def _document(self, value: object) -> None:
        self._whole(json.dumps(value).encode())

    def _whole(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


class CountingPuppetdb(DemoHandler):
    """Counts the queries."""

    queries: ClassVar[Counter[str]] = Counter()

    def query(self, body: bytes) -> Answer:
        """Answer a query."""
        self.queries["POST"] += 1
        return super().query(body)


class ManyConnections(ThreadingHTTPServer):
    """Takes many connections at once."""

    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients leave when they have seen enough."""


def main() -> None:
    """Serve on free ports, which are printed, until standard input ends."""
    jobs = [why_job(), changes_job()]
    Handler.scripted = {job.job_id: job for job in jobs}
    Handler.queries = CountingPuppetdb.queries
    Handler.wbufsize = 1 << 16
    make_bodies(jobs)
    server = ManyConnections(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Server(Orchestrator(jobs, token="bench"), handler=CountingPuppetdb) as puppetdb:
        sys.stdout.write(f"{server.server_address[1]} {puppetdb.port}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
