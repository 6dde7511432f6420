"""Answers the orchestrator's read-only API over HTTP, only on loopback."""

import gzip
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

from jobevents_cli.demo.loopback import LoopbackServer
from jobevents_cli.demo.scripted_jobs import Document, ScriptedJob
from jobevents_cli.demo.scripted_plans import ScriptedPlan, shortened

Listed = TypeVar("Listed", ScriptedJob, ScriptedPlan)

API: Final = "/orchestrator/v1"


_WORTH_PACKING: Final = 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP response."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The API's own error: *status*, the *kind* behind its slash and what it says."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.answer = json_answer(status, {"kind": f"puppetlabs.{kind}", "msg": message})


def json_answer(status: int, document: Any, **headers: str) -> Answer:
    """*document* as the orchestrator sends it: pretty-printed."""
    body = json.dumps(document, indent=2, ensure_ascii=False).encode()
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8", **headers})


class Orchestrator:
    """The jobs, and the API's responses about them. Knows no sockets."""

    def __init__(
        self,
        jobs: Iterable[ScriptedJob],
        plans: Iterable[ScriptedPlan] = (),
        *,
        token: str,
        clock: Callable[[], float] = time.time,
        base: str = "",
    ) -> None:
        """Accept requests that send *token*; *clock* gives seconds since 1970; *base* is the API's address in links."""
        self.plans = {plan.number: plan for plan in plans}
        children = (job for plan in self.plans.values() for job in plan.jobs)
        self.jobs = {job.job_id: job for job in (*jobs, *children)}
        self.token = token
        self.base = base
        self._clock = clock

    @property
    def reports(self) -> list[Document]:
        """What PuppetDB knows of the jobs, in wire format."""
        return [report for job in self.jobs.values() for report in job.reports]

    def answer(self, target: str, headers: Mapping[str, str]) -> Answer:
        """The response to a GET of *target*, path and query, with these request *headers*."""
        try:
            self._check_headers(headers)
            parts = urlsplit(target)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            answer = json_answer(HTTPStatus.OK, self._document(parts.path, query), **{"Cache-Control": "no-store"})
        except Refusal as refusal:
            answer = refusal.answer
        if "gzip" in headers.get("Accept-Encoding", "") and len(answer.body) >= _WORTH_PACKING:
            packed = gzip.compress(answer.body, 1)
            return Answer(answer.status, packed, {**answer.headers, "Content-Encoding": "gzip"})
        return answer

    def _check_headers(self, headers: Mapping[str, str]) -> None:
        token = headers.get("X-Authentication")
        if not token:
            raise Refusal(401, "rbac/user-unauthenticated", "Route requires authentication")
        if token != self.token:
            raise Refusal(401, "rbac/invalid-token", "The provided token is not valid.")
        accepted = headers.get("Accept", "*/*").split(",")
        if not {"application/json", "application/*", "*/*"} & {name.strip() for name in accepted}:
            raise Refusal(406, "orchestrator/not-acceptable", "must accept application/json")

    def _document(self, path: str, query: Mapping[str, str]) -> Any:  # noqa: PLR0911 - a table
        match path.removeprefix(API).strip("/").split("/"):
            case ["jobs"]:
                return self._list(self.jobs, query, lambda job: job.document(self._clock(), self.base))
            case ["jobs", name]:
                return self._job(name).document(self._clock(), self.base)
            case ["jobs", name, "events"]:
                return self._events(self._job(name), _whole(query.get("start", "0"), "start"))
            case ["jobs", name, "nodes"]:
                return self._nodes(self._job(name), query)
            case ["plan_jobs"]:
                has_result = query.get("results") != "exclude"
                return self._list(
                    self.plans, query, lambda plan: plan.document(self._clock(), self.base, has_result=has_result)
                )
            case ["plan_jobs", name]:
                return self._plan(name).document(self._clock(), self.base)
            case ["plan_jobs", name, "events"]:
                return self._plan_events(self._plan(name), _whole(query.get("start", "0"), "start"))
            case ["plan_jobs", name, "event", number]:
                return self._plan_event(self._plan(name), number)
            case _:
                raise Refusal(404, "orchestrator/unknown-endpoint", f"there is no {path}")

    def _job(self, name: str) -> ScriptedJob:
        job = self.jobs.get(_whole(name, "job-id"))
        if job is None or job.created > self._clock():
            raise Refusal(404, "orchestrator/unknown-job", f"Job {name} not found")
        return job

    def _plan(self, name: str) -> ScriptedPlan:
        plan = self.plans.get(_whole(name, "job-id"))
        if plan is None or plan.created > self._clock():
            raise Refusal(404, "orchestrator/unknown-job", f"Plan job {name} not found")
        return plan

    def _events(self, job: ScriptedJob, start: int) -> Any:
        events = [event for event in job.events(self._clock()) if int(event["id"]) >= start]
        following = int(events[-1]["id"]) + 1 if events else start
        link = f"{self.base}/jobs/{job.job_id}/events?start={following}"
        return {"next-events": {"id": link}, "items": events}

    def _plan_events(self, plan: ScriptedPlan, start: int) -> Any:
        events = [event for event in plan.events(self._clock()) if int(event["id"]) >= start]
        following = str(int(events[-1]["id"]) + 1 if events else start)
        link = f"{self.base}/plan_jobs/{plan.number}/events?start={following}"
        return {"next-events": {"id": link, "event": following}, "items": [shortened(event) for event in events]}

    def _plan_event(self, plan: ScriptedPlan, number: str) -> Any:
        for event in plan.events(self._clock()):
            if event["id"] == number:
                return event
        raise Refusal(404, "orchestrator/mismatched-job-event-id", f"Plan job {plan.number} has no event {number}")

    def _nodes(self, job: ScriptedJob, query: Mapping[str, str]) -> Any:
        items = job.node_documents(self._clock())
        following = str(max((node["latest-event-id"] or 0 for node in items), default=0) + 1)
        link = f"{self.base}/jobs/{job.job_id}/events?start={following}"
        if "state" in query:
            items = [node for node in items if node["state"] == query["state"]]
        offset = _whole(query.get("offset", "0"), "offset")
        items = items[offset : offset + _whole(query.get("limit", str(len(items))), "limit")]
        return {"next-events": {"id": link, "event": following}, "items": items}

    def _list(self, known: Mapping[int, Listed], query: Mapping[str, str], document: Callable[[Listed], Any]) -> Any:
        now = self._clock()
        found = [known[number] for number in sorted(known) if known[number].created <= now]
        if query.get("order") == "desc":
            found.reverse()
        limit = _whole(query.get("limit", str(len(found))), "limit")
        offset = _whole(query.get("offset", "0"), "offset")
        order = {"order": query.get("order", "asc"), "order_by": query.get("order_by", "timestamp")}
        return {
            "items": [document(job) for job in found[offset : offset + limit]],
            "pagination": {"limit": limit, "offset": offset, "total": len(found), **order},
        }


def _whole(text: str, name: str) -> int:
    if not text.isdecimal():
        raise Refusal(400, "orchestrator/validation-error", f"{name} must be an integer, not {text!r}")
    return int(text)


class Handler(BaseHTTPRequestHandler):
    """Passes each GET to the orchestrator of its server."""

    protocol_version = "HTTP/1.1"
    orchestrator: ClassVar[Orchestrator]
    wbufsize = -1  # one packet for a response that fits

    def do_GET(self) -> None:
        """Answer a GET."""
        self.send(self.orchestrator.answer(self.path, dict(self.headers)))

    def send(self, answer: Answer) -> None:
        """Send *answer* whole."""
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Print nothing: the terminal belongs to the tail."""


class OrchestratorServer(LoopbackServer):
    """Serves an orchestrator."""

    def __init__(self, orchestrator: Orchestrator, *, port: int = 0, handler: type[Handler] = Handler) -> None:
        super().__init__(type("BoundHandler", (handler,), {"orchestrator": orchestrator}), port=port)
        orchestrator.base = self.url + API
