"""Answers the orchestrator's read-only API and PuppetDB's queries over HTTP, only on loopback."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Final, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

from jobevents_cli.demo.puppetdb import Puppetdb, UnknownQuery
from jobevents_cli.demo.scripted_jobs import ScriptedJob, ScriptedPlan, shortened

Listed = TypeVar("Listed", ScriptedJob, ScriptedPlan)
Item = TypeVar("Item")

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
    """The jobs and plans, and the API's responses about them. Knows no sockets."""

    base = ""
    """The API's address in links; its server sets it."""

    def __init__(
        self,
        jobs: Iterable[ScriptedJob],
        plans: Iterable[ScriptedPlan] = (),
        *,
        token: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Accept requests that send *token*; *clock* gives seconds since 1970."""
        self.plans = {plan.number: plan for plan in plans}
        children = (job for plan in self.plans.values() for job in plan.jobs)
        self.jobs = {job.job_id: job for job in (*jobs, *children)}
        self.token = token
        self.clock = clock

    def answer(self, target: str, headers: Mapping[str, str]) -> Answer:
        """The response to a GET of *target*, path and query, with these request *headers*."""
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        try:
            self.check_token(headers)
            answer = json_answer(HTTPStatus.OK, self._document(parts.path, query), **{"Cache-Control": "no-store"})
        except Refusal as refusal:
            answer = refusal.answer
        if "gzip" in headers.get("Accept-Encoding", "") and len(answer.body) >= _WORTH_PACKING:
            packed = gzip.compress(answer.body, 1)
            return Answer(answer.status, packed, {**answer.headers, "Content-Encoding": "gzip"})
        return answer

    def deploy(self) -> Answer:
        """The response to `POST /command/deploy`. Jobs start by themselves here: it names the newest."""
        number = max((number for number, job in self.jobs.items() if job.created <= self.clock()), default=0)
        return json_answer(202, {"job": {"id": f"{self.base}/jobs/{number}", "name": str(number)}})

    def check_token(self, headers: Mapping[str, str]) -> None:
        """Refusal if the token in a request's *headers* is not the right one."""
        if headers.get("X-Authentication") != self.token:
            raise Refusal(401, "rbac/invalid-token", "The provided token is not valid.")

    def _document(self, path: str, query: Mapping[str, str]) -> Any:  # noqa: PLR0911 - a table
        now = self.clock()
        match path.removeprefix(API).strip("/").split("/"):
            case ["jobs"]:
                return self._list(self.jobs, query)
            case ["plan_jobs"]:
                found = self._list(self.plans, query)
                if query.get("results") == "exclude":
                    found["items"] = [{k: v for k, v in one.items() if k != "result"} for one in found["items"]]
                return found
            case ["jobs", name]:
                return self._known(self.jobs, name).document(now, self.base)
            case ["jobs", name, "events"]:
                return self._events(self._known(self.jobs, name), _whole(query.get("start", "0"), "start"))
            case ["jobs", name, "nodes"]:
                return {"items": _page(self._known(self.jobs, name).node_documents(now), query)}
            case ["plan_jobs", name]:
                return self._known(self.plans, name).document(now, self.base)
            case ["plan_jobs", name, "events"]:
                return self._events(self._known(self.plans, name), _whole(query.get("start", "0"), "start"))
            case ["plan_jobs", name, "event", number]:
                return self._plan_event(self._known(self.plans, name), number)
            case _:
                raise Refusal(404, "orchestrator/unknown-endpoint", f"there is no {path}")

    def _known(self, known: Mapping[int, Listed], name: str) -> Listed:
        one = known.get(_whole(name, "job-id"))
        if one is None or one.created > self.clock():
            raise Refusal(404, "orchestrator/unknown-job", f"Job {name} not found")
        return one

    def _events(self, one: ScriptedJob | ScriptedPlan, start: int) -> Any:
        events = [event for event in one.events(self.clock()) if int(event["id"]) >= start]
        following = str(int(events[-1]["id"]) + 1 if events else start)
        link = f"{self.base}/{one.path}/events?start={following}"
        if isinstance(one, ScriptedPlan):
            return {"next-events": {"id": link, "event": following}, "items": [shortened(event) for event in events]}
        return {"next-events": {"id": link}, "items": events}

    def _plan_event(self, plan: ScriptedPlan, number: str) -> Any:
        for event in plan.events(self.clock()):
            if event["id"] == number:
                return event
        raise Refusal(404, "orchestrator/mismatched-job-event-id", f"Plan job {plan.number} has no event {number}")

    def _list(self, known: Mapping[int, Listed], query: Mapping[str, str]) -> dict[str, Any]:
        now = self.clock()
        found = [known[number] for number in sorted(known) if known[number].created <= now]
        if query.get("order") == "desc":
            found.reverse()
        items = [one.document(now, self.base) for one in _page(found, query)]
        return {"items": items, "pagination": {"total": len(found)}}


def _page(items: list[Item], query: Mapping[str, str]) -> list[Item]:
    offset = _whole(query.get("offset", "0"), "offset")
    return items[offset : offset + _whole(query.get("limit", str(len(items))), "limit")]


def _whole(text: str, name: str) -> int:
    if not text.isdecimal():
        raise Refusal(400, "orchestrator/validation-error", f"{name} must be an integer, not {text!r}")
    return int(text)


class Handler(BaseHTTPRequestHandler):
    """Passes each GET to the orchestrator of its server, each query to its PuppetDB."""

    protocol_version = "HTTP/1.1"
    orchestrator: ClassVar[Orchestrator]
    puppetdb: ClassVar[Puppetdb]
    wbufsize = -1  # one packet for a response that fits

    def do_GET(self) -> None:
        """Answer a GET."""
        if self.path == "/pdb/meta/v1/version":
            self.send(json_answer(200, {"version": "7.12.1"}))
        else:
            self.send(self.orchestrator.answer(self.path, dict(self.headers)))

    def do_POST(self) -> None:
        """Answer a command or a query."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            self.orchestrator.check_token(dict(self.headers))
            self.send(self.orchestrator.deploy() if self.path == f"{API}/command/deploy" else self.query(body))
        except Refusal as refusal:
            self.send(refusal.answer)

    def query(self, body: bytes) -> Answer:
        """The response of PuppetDB to the query in *body*."""
        try:
            return json_answer(200, self.puppetdb.answer(json.loads(body)["query"]))
        except (UnknownQuery, ValueError, KeyError, TypeError) as error:
            return Answer(400, str(error).encode(), {"Content-Type": "text/plain"})

    def send(self, answer: Answer) -> None:
        """Send *answer* whole."""
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The header `Date`: by the clock that dates the events, as whoever follows them compares the two."""
        return super().date_time_string(self.orchestrator.clock() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Print nothing: the terminal belongs to the tail."""


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing when a client disconnects early."""


class Server:
    """Serves an orchestrator, and the PuppetDB that has its jobs' reports, on 127.0.0.1 while it is entered."""

    def __init__(
        self,
        orchestrator: Orchestrator,
        puppetdb: Puppetdb | None = None,
        *,
        port: int = 0,
        handler: type[Handler] = Handler,
    ) -> None:
        """Listen on *port*, 0 for any that is free. OSError if that fails."""
        puppetdb = puppetdb or Puppetdb(report for job in orchestrator.jobs.values() for report in job.reports)
        bound = type("BoundHandler", (handler,), {"orchestrator": orchestrator, "puppetdb": puppetdb})
        self.http = _QuietServer(("127.0.0.1", port), bound)
        self.port: int = self.http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        orchestrator.base = self.url + API

    def __enter__(self) -> Self:
        """Start to serve."""
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Stop serving."""
        self.http.shutdown()
        self.http.server_close()
