"""Answers the queries that jobevents sends to PuppetDB, from reports in wire format."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

QUERY_PATH: Final = "/pdb/query/v4"

Row = Mapping[str, Any]


class UnknownQuery(Exception):
    """A query that is not one of those that jobevents sends."""


class Puppetdb:
    """Reports, and the answers to queries about them. Knows no sockets."""

    def __init__(self, reports: Iterable[Row] = ()) -> None:
        """*reports* are in the wire format of `store report`, version 8."""
        self._tables: dict[str, list[Row]] = {"reports": [], "events": []}
        for report in reports:
            self.store(report)

    def store(self, report: Row) -> str:
        """Take in *report*; return its hash, which is of its content, as PuppetDB's."""
        digest = hashlib.sha1(json.dumps(report, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
        kept = {key: value for key, value in report.items() if key not in ("resources", "logs", "metrics")}
        logs = {"href": f"{QUERY_PATH}/reports/{digest}/logs", "data": report["logs"]}
        self._tables["reports"].append({**kept, "hash": digest, "logs": logs, "receive_time": report["end_time"]})
        self._tables["events"] += [
            {"certname": report["certname"], "report": digest, **event} for event in _events(report)
        ]
        return digest

    def answer(self, query: Any) -> list[Row]:
        """The rows that *query* selects; UnknownQuery if it is not understood."""
        most: int | None = None
        wanted: Callable[[Row], bool] = bool
        match query:
            case ["from", ("reports" | "events") as table, ["extract", list(columns), condition]]:
                wanted = _condition(condition)
            case ["from", "reports" as table, ["extract", list(columns)], ["limit", int(limit)]]:
                most = limit
            case _:
                raise UnknownQuery("PQL and AST queries other than jobevents' own are not understood")
        rows = [row for row in self._tables[table] if wanted(row)]
        return [{column: row.get(column) for column in columns} for row in rows[:most]]


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
