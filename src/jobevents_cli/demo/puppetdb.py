"""A small PuppetDB beside the embedded orchestrator. It answers the queries that jobevents sends, and few others."""

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final

from jobevents_cli.demo.reports import Report, transaction_of
from jobevents_cli.demo.scripted_jobs import written
from jobevents_cli.demo.server import Answer, Handler, LoopbackServer, json_answer

_VERSION: Final = "8.8.1"

Row = dict[str, Any]


class BadQuery(Exception):
    """A query that this PuppetDB does not understand."""


class PuppetDB:
    """Reports and the answers about them. Knows no sockets."""

    def __init__(self, reports: Iterable[Report], *, token: str, clock: Callable[[], float] = time.time) -> None:
        """Let in who sends *token*; *clock* gives seconds since 1970."""
        self._reports = tuple(reports)
        self._token = token
        self._clock = clock

    def answer(self, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """The answer to a GET of *path*, or to a POST if there is a *body*."""
        if headers.get("X-Authentication") != self._token:
            return _text(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        match path.partition("?")[0], body is not None:
            case "/pdb/meta/v1/version", False:
                return json_answer(HTTPStatus.OK, {"version": _VERSION})
            case "/pdb/query/v4", True:
                try:
                    return json_answer(HTTPStatus.OK, self._query(json.loads(body or b"")))
                except (BadQuery, ValueError, TypeError, KeyError, AttributeError) as error:
                    return _text(HTTPStatus.BAD_REQUEST, f"Can't parse the query: {error}")
            case _:
                return json_answer(HTTPStatus.NOT_FOUND, {"error": f"No information is known about {path}"})

    def _query(self, document: Any) -> list[Row]:
        match document["query"]:
            case ["from", str(entity), ["extract", list(fields), condition], *_]:
                rows = [row for row in self._rows(entity) if _matches(row, condition)]
                return [{name: _value(row, name) for name in fields} for row in rows]
            case query:
                raise BadQuery(f"{query!r} is neither about events nor about reports")

    def _rows(self, entity: str) -> list[Row]:
        visible = [report for report in self._reports if report.stored_at <= self._clock()]
        match entity:
            case "reports":
                return [_report_row(report) for report in visible]
            case "events":
                return [row for report in visible for row in _event_rows(report)]
            case _:
                raise BadQuery(f"Invalid entity {entity!r}")


def _report_row(report: Report) -> Row:
    at = written(report.stored_at)
    link = f"/pdb/query/v4/reports/{report.hash}"
    return {
        "certname": report.certname,
        "hash": report.hash,
        "job_id": str(report.job_id),
        "transaction_uuid": transaction_of(report.hash),
        "status": "failed",
        "environment": "production",
        "noop": False,
        "end_time": at,
        "receive_time": at,
        "logs": {"href": f"{link}/logs", "data": [{**log, "time": at} for log in report.failure.logs]},
    }


def _event_rows(report: Report) -> list[Row]:
    return [
        {**event, "certname": report.certname, "report": report.hash, "timestamp": written(report.stored_at)}
        for event in report.failure.events
    ]


def _matches(row: Row, condition: Any) -> bool:  # noqa: PLR0911 - a table
    match condition:
        case ["and", *parts]:
            return all(_matches(row, part) for part in parts)
        case ["or", *parts]:
            return any(_matches(row, part) for part in parts)
        case ["not", part]:
            return not _matches(row, part)
        case ["=", str(name), value]:
            return bool(_value(row, name) == value)
        case ["~", str(name), str(pattern)]:
            return re.search(pattern, str(_value(row, name))) is not None
        case ["in", str(name), ["array", list(values)]]:
            return _value(row, name) in values
        case ["null?", str(name), wanted]:
            return (_value(row, name) is None) is wanted
        case _:
            raise BadQuery(f"{condition!r} is not a condition")


def _value(row: Row, name: str) -> Any:
    if name not in row:
        raise BadQuery(f"Can't extract unknown field {name!r}")
    return row[name]


def _text(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), {"Content-Type": "text/plain"})


class PuppetDBHandler(Handler):
    """Hands each request to the PuppetDB of its server."""

    puppetdb: ClassVar[PuppetDB]

    def do_GET(self) -> None:  # noqa: N802 - the library's name
        """Answer a GET."""
        self.send(self.puppetdb.answer(self.path, dict(self.headers)))

    def do_POST(self) -> None:  # noqa: N802 - the library's name
        """Answer a POST, the one that is a query."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send(self.puppetdb.answer(self.path, dict(self.headers), body))


class PuppetDBServer(LoopbackServer):
    """Serves a PuppetDB on 127.0.0.1 while it is entered."""

    def __init__(self, puppetdb: PuppetDB) -> None:
        super().__init__(type("BoundHandler", (PuppetDBHandler,), {"puppetdb": puppetdb}))
