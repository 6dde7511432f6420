"""Serves one failure as it really came: an orchestrator and a PuppetDB on one port of loopback.

A case is `{"jobs": {"352": {"job", "nodes", "events"}}, "plans": {"12": {"plan", "events"}}, "reports": [...]}`. What a
job lacks is made up; a field that is "__absent__" is left out, as old servers do.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit

Document = dict[str, Any]

STARTED, NODE_ENDED, ENDED = "2026-11-23T09:00:01Z", "2026-11-23T09:00:40Z", "2026-11-23T09:00:42Z"
_ABSENT = "__absent__"


class CaseServer(AbstractContextManager["CaseServer"]):
    """Serves *case* until the context ends. PuppetDB answers after a *delay* in seconds."""

    def __init__(self, case: Mapping[str, Any], *, delay: float = 0.0) -> None:
        self.queries: list[Any] = []
        """What PuppetDB was asked."""
        own = {"case": case, "queries": self.queries, "delay": delay}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Case", (_Handler,), own))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    case: ClassVar[Mapping[str, Any]]
    queries: ClassVar[list[Any]]
    delay: ClassVar[float]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer as the orchestrator."""
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        document = self._orchestrator(parts.path.strip("/").split("/")[2:], query)
        if document is None:
            self._send(404, {"kind": "puppetlabs.orchestrator/unknown-job", "msg": "There is no such job"})
        else:
            self._send(200, document)

    def do_POST(self) -> None:
        """Answer as PuppetDB."""
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["query"]
        self.queries.append(query)
        time.sleep(self.delay)
        self._send(200, answer(self.case.get("reports", []), query))

    def _send(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode("utf-8", "surrogatepass")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _orchestrator(self, path: Sequence[str], query: Mapping[str, str]) -> Any:
        kind, *rest = path
        known = self.case.get("jobs" if kind == "jobs" else "plans", {})
        describe = _job if kind == "jobs" else _plan
        if not rest:
            return {"items": [describe(number, known[number]) for number in sorted(known, key=int, reverse=True)]}
        number, *what = rest
        if number not in known:
            return None
        if not what:
            return describe(number, known[number])
        if what == ["nodes"]:
            return {"items": [] if "offset" in query else known[number].get("nodes", [])}
        events = known[number].get("events")
        events = list(_events(known[number])) if events is None else events
        start = int(query.get("start", -1))
        return {"next-events": {}, "items": [event for event in events if int(event["id"]) >= start]}


def _job(number: str, job: Document) -> Document:
    nodes = job.get("nodes", [])
    document = {
        "id": f"https://pe.example.com:8143/orchestrator/v1/jobs/{number}",
        "name": number,
        "state": "failed",
        "command": "deploy",
        "type": "deploy",
        "options": {"environment": "production", "noop": False},
        "owner": {"login": "admin"},
        "created_timestamp": "2026-11-23T09:00:00Z",
        "finished_timestamp": ENDED,
        "duration": 42.0,
        "environment": {"name": "production"},
        "node_count": len(nodes),
        "node_states": dict(Counter(node["state"] for node in nodes)),
        **job.get("job", {}),
    }
    return {key: value for key, value in document.items() if value != _ABSENT}


def _plan(number: str, plan: Document) -> Document:
    return {
        "name": number,
        "state": "failure",
        "options": {"plan_name": "app::rollout", "parameters": {}},
        "owner": {"login": "admin"},
        "created_timestamp": "2026-11-23T09:00:00Z",
        "finished_timestamp": ENDED,
        "duration": 42.0,
        "status": {},
        "result": None,
        **plan.get("plan", {}),
    }


def _events(job: Document) -> Iterator[Document]:
    """The events that a job's nodes imply."""
    number = 100
    for node in job.get("nodes", []):
        about = {"node": node["name"], "detail": {"noop": False}}
        yield _event(number, "node_running", STARTED, about, f"Started on {node['name']} ...")
        number += 1
    for node in job.get("nodes", []):
        message = (node.get("details") or {}).get("message") or f"{node['state'].capitalize()} on {node['name']}"
        about = {"node": node["name"], "detail": node.get("result")}
        yield _event(number, f"node_{node['state']}", NODE_ENDED, about, message)
        number += 1
    state = job.get("job", {}).get("state", "failed")
    yield _event(number, "job_finished", ENDED, {"detail": {"state": state}}, f"Job {state}")


def _event(number: int, kind: str, time: str, details: Document, message: str) -> Document:
    return {"id": str(number), "type": kind, "timestamp": time, "details": details, "message": message}


def answer(reports: Sequence[Document], query: Sequence[Any]) -> list[Document]:
    """What PuppetDB answers to *query*, an AST `["from", ENTITY, ["extract", COLUMNS, CONDITION]]`."""
    _, entity, (_, columns, condition) = query
    rows = [row for report in reports for row in _rows(report, entity)]
    return [{column: row.get(column) for column in columns} for row in rows if _matches(row, condition)]


def _rows(report: Document, entity: str) -> Iterator[Document]:
    about = {"receive_time": "2026-11-23T09:00:45.000Z", "status": "failed", "job_id": None, **report}
    if entity == "reports":
        yield {**about, "logs": {"href": "/x", "data": report.get("logs", [])}}
        return
    for number, event in enumerate(report.get("events", [])):
        place = ["Stage[main]", "Main", f"{event['resource_type']}[{event['resource_title']}]"]
        time = f"2026-11-23T09:00:{10 + number:02}Z"
        about = {"certname": report["certname"], "report": report["hash"], "status": "failure", "timestamp": time}
        yield {**about, "containment_path": place, **event}


def _matches(row: Document, condition: Sequence[Any]) -> bool:
    operator, *arguments = condition
    match operator:
        case "and":
            return all(_matches(row, each) for each in arguments)
        case "or":
            return any(_matches(row, each) for each in arguments)
        case "=":
            return bool(row.get(arguments[0]) == arguments[1])
        case "in":
            return row.get(arguments[0]) in arguments[1][1]
        case _:
            raise AssertionError(f"PuppetDB is not asked with {operator}")
