"""Answers the queries that `why` sends, from reports in wire format, over HTTP, only on loopback."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar, Final

from jobevents_cli.demo.loopback import LoopbackServer

QUERY_PATH: Final = "/pdb/query/v4"

Row = Mapping[str, Any]


class UnknownQuery(Exception):
    """A query that is not one of those that jobevents sends."""


class Puppetdb:
    """Reports, and the answers to queries about them. Knows no sockets."""

    def __init__(self, reports: Iterable[Row] = ()) -> None:
        """*reports* are in the wire format of `store report`, version 8."""
        self._reports: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        for report in reports:
            self.store(report)

    def store(self, report: Row) -> str:
        """Take in *report*; return its hash, which is of its content, as PuppetDB's."""
        digest = hashlib.sha1(json.dumps(report, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
        kept = {key: value for key, value in report.items() if key not in ("resources", "logs", "metrics")}
        logs = {"href": f"{QUERY_PATH}/reports/{digest}/logs", "data": report["logs"]}
        events = [{"certname": report["certname"], "report": digest, **event} for event in _events(report)]
        self._events += events
        self._reports.append({**kept, "hash": digest, "logs": logs, "receive_time": report["end_time"]})
        return digest

    def answer(self, query: Any) -> list[Row]:
        """The rows that *query* selects; UnknownQuery if it is not understood."""
        match query:
            case ["from", "reports", ["extract", list(columns), condition]]:
                rows = self._reports
            case ["from", "events", ["extract", list(columns), condition]]:
                rows = self._events
            case ["from", "reports", ["extract", list(columns)], ["limit", int(most)]]:
                return [{column: row.get(column) for column in columns} for row in self._reports[:most]]
            case _:
                raise UnknownQuery("PQL and AST queries other than jobevents' own are not understood")
        wanted = _condition(condition)
        return [{column: row.get(column) for column in columns} for row in rows if wanted(row)]


def _events(report: Row) -> Iterator[dict[str, Any]]:
    for resource in report["resources"]:
        about = {key: value for key, value in resource.items() if key not in ("events", "skipped")}
        for event in resource["events"]:
            yield {**about, **event}


def _condition(ast: Any) -> Callable[[Row], bool]:
    match ast:
        case ["and", *parts]:
            every = [_condition(part) for part in parts]
            return lambda row: all(part(row) for part in every)
        case ["or", *parts]:
            some = [_condition(part) for part in parts]
            return lambda row: any(part(row) for part in some)
        case ["=", str(column), value]:
            return lambda row: row.get(column) == value
        case ["in", str(column), ["array", list(values)]]:
            allowed = frozenset(values)
            return lambda row: row.get(column) in allowed
        case _:
            raise UnknownQuery(f"{ast!r} is not understood")


class PuppetdbHandler(BaseHTTPRequestHandler):
    """Answers POSTs to the query endpoint, and the version."""

    protocol_version = "HTTP/1.1"
    puppetdb: ClassVar[Puppetdb]
    token: ClassVar[str | None]
    wbufsize = -1  # one packet for a response that fits

    def do_GET(self) -> None:
        """Answer a GET: the version."""
        if self.path == "/pdb/meta/v1/version":
            self.send(200, {"version": "7.12.1"})
        else:
            self.send(404, {"error": f"there is no {self.path}"})

    def do_POST(self) -> None:
        """Answer a query."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.token is not None and self.headers.get("X-Authentication") != self.token:
            self.send(401, {"kind": "puppetlabs.rbac/user-unauthenticated", "msg": "Route requires authentication"})
        elif self.path != QUERY_PATH:
            self.send(404, {"error": f"there is no {self.path}"})
        else:
            self.answer(body)

    def answer(self, body: bytes) -> None:
        """Answer the query in *body*."""
        try:
            self.send(200, self.puppetdb.answer(json.loads(body)["query"]))
        except (UnknownQuery, ValueError, KeyError, TypeError) as error:
            self.send(400, str(error))

    def send(self, status: int, document: Any) -> None:
        """Send *document*, as JSON unless it is a text, which PuppetDB sends as it is."""
        is_text = isinstance(document, str)
        body = document.encode() if is_text else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if is_text else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Print nothing: the terminal belongs to the demo."""


class PuppetdbServer(LoopbackServer):
    """Serves a PuppetDB."""

    def __init__(
        self,
        puppetdb: Puppetdb,
        *,
        token: str | None = None,
        handler: type[PuppetdbHandler] = PuppetdbHandler,
    ) -> None:
        """Require *token* unless it is None."""
        super().__init__(type("BoundHandler", (handler,), {"puppetdb": puppetdb, "token": token}))
