"""The orchestrator's HTTP API: one method per endpoint, values out, every fault as one of our errors.

API facts are from the PE 2021.7 manual ("Orchestrator API v1 endpoints") unless said otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jobevents_cli.errors import LOGIN_HINT, AccessDenied, JobEventsError, RequestRefused, UnknownJob
from jobevents_cli.http.address import API_PATH
from jobevents_cli.http.json_elements import BrokenResponse, Elements
from jobevents_cli.http.json_items import ListReader
from jobevents_cli.http.responses import Response, error_of, json_of
from jobevents_cli.model.event import Event
from jobevents_cli.model.events_together import events_in
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jobevents_cli.http.connection import Connection
    from jobevents_cli.http.transport import ServerConnection
    from jobevents_cli.model.node import Node
    from jobevents_cli.model.plan import Plan

_OK: Final = 200
_RESULT: Final = "result"
_NOT_FOUND: Final = 404

_PARSED_AT_ONCE: Final = 64 * 1024
"""Bytes of a list that are parsed before what they contain is used: it is then still in the processor's cache."""

_MOST_ELEMENTS: Final = 100_000
"""Jobs that one page may have; 50 are requested."""

_HINTS: Final = {
    403: "the token's user needs the permission to view jobs; or log in as another user: puppet-access login",
}
_UNKNOWN_HINT: Final = "is the id right? The orchestrator forgets jobs after 30 days by default"


def open_client(connection: Connection) -> OrchestratorClient:
    """The client for the orchestrator that *connection* names. It connects with its first request.

    AccessDenied if there is no token; UsageProblem if the CA file or the environment's proxy cannot be used.
    """
    if connection.token is None:
        raise AccessDenied("there is no token for the orchestrator", hint=LOGIN_HINT)
    from jobevents_cli.http.transport import ServerConnection

    return OrchestratorClient(ServerConnection(connection))


class OrchestratorClient:
    """One orchestrator. May be used from several threads.

    Every *limit* is in seconds: for the headers of the response, and for each pause in its body.
    Every method raises TransientFault, NoUsableAnswer, AccessDenied or RequestRefused, and UnknownJob for a 404.
    """

    def __init__(self, server: ServerConnection) -> None:
        self._server = server
        self.url = server.url
        self.host = server.host
        """The host name in the address, without port and brackets, in lower case."""
        self.keeps_texts = False
        """Events keep the text that came, so that they are quickly printed as JSON."""
        self.parses_events = True
        """False, with `keeps_texts`: an event is parsed only if more than its id is needed."""
        self.drops_large_results = False
        """A plan's result that is large is None in its events and its document: nobody looks at it."""

    def events(self, ref: JobRef, start: int | None, limit: float) -> Iterator[Sequence[Event]]:
        """The events of *ref* from id *start* on, in the pieces in which they arrive.

        What came before a fault is yielded first; then the fault is raised.
        """
        reader = self._reader(ref, keeps_texts=self.keeps_texts, parses=self.parses_events)
        for elements in self._elements(f"{_path(ref)}/events", _start(start), limit, ref, reader):
            yield from events_in(elements)

    def raw_events(self, ref: JobRef, start: int | None, limit: float) -> Iterator[bytes]:
        """The same response as it came, byte for byte."""
        with self._server.get(f"{API_PATH}{_path(ref)}/events", _start(start), limit) as response:
            _require_ok(response, ref)
            yield from response.pieces()

    def plan_event(self, number: int, event_id: int, limit: float) -> Event:
        """The event *event_id* of plan job *number*, with its whole text."""
        ref = JobRef.plan(number)
        return Event(self._document(f"{_path(ref)}/event/{event_id}", limit, ref))

    def job(self, ref: JobRef, limit: float) -> Job:
        """The job or plan job as it is now."""
        document = self._document(_path(ref), limit, ref)
        if ref.kind is Kind.JOB:
            return Job(document)
        from jobevents_cli.model.plan import Plan

        return Plan(document)

    def jobs(self, count: int, offset: int, limit: float) -> list[Job]:
        """*count* jobs from the one at *offset* on, newest first, which is not the default."""
        return [Job(value) for value in self._list("/jobs", _newest_first(count, offset), limit)]

    def plans(self, count: int, offset: int, limit: float) -> list[Plan]:
        """*count* plan jobs from the one at *offset* on, newest first, without their results, which can be huge."""
        from jobevents_cli.model.plan import Plan

        query = {**_newest_first(count, offset), "results": "exclude"}
        return [Plan(value) for value in self._list("/plan_jobs", query, limit)]

    def nodes(self, job_id: int, limit: float, node_count: int | None = None) -> Iterator[list[Node]]:
        """The nodes of job *job_id* as they are now, in the pieces in which they arrive.

        They are requested without a limit; if fewer than *node_count* come, the rest with an offset.
        """
        from jobevents_cli.model.node import Node

        ref = JobRef.job(job_id)
        received = 0
        first: Any = None
        while True:
            before = received
            query = {"offset": str(received)} if received else {}
            for elements in self._elements(f"{_path(ref)}/nodes", query, limit, ref, self._reader(ref)):
                nodes = [pair for values, texts in elements for pair in zip(values, texts or (), strict=True)]
                if query and received == before and nodes and nodes[0][0] == first:
                    return  # the server ignores offset, and would repeat itself for ever
                if first is None and nodes:
                    first = nodes[0][0]
                received += len(nodes)
                yield [Node(value, text) for value, text in nodes if isinstance(value, dict)]
            if node_count is None or received >= node_count or received == before:
                return

    def server_time(self) -> float:
        """The orchestrator's clock, in seconds since 1970, by its last response."""
        return self._server.server_time()

    def close(self) -> None:
        """Close the connections that are idle."""
        self._server.close()

    def _elements(
        self, path: str, query: Mapping[str, str], limit: float, ref: JobRef, reader: ListReader
    ) -> Iterator[list[Elements]]:
        """The elements of the list in a response, as *reader* reads them, in the pieces in which they arrive."""
        with self._server.get(f"{API_PATH}{path}", query, limit) as response:
            _require_ok(response, ref)
            for piece in response.pieces():
                size = _PARSED_AT_ONCE if reader.parses else len(piece) or 1
                for at in range(0, len(piece), size):
                    if elements := reader.feed(piece[at : at + size]):
                        yield elements
            if elements := reader.finish():
                yield elements

    def _reader(self, ref: JobRef, *, keeps_texts: bool = True, parses: bool = True) -> ListReader:
        drops = self.drops_large_results and ref.kind is Kind.PLAN
        return ListReader(keeps_texts=keeps_texts, parses=parses, large_member=_RESULT if drops else None)

    def _list(self, path: str, query: Mapping[str, str], limit: float) -> list[dict[str, Any]]:
        """The objects in a list that is kept as a whole; BrokenResponse if it has more than `_MOST_ELEMENTS`."""
        reader = ListReader(keeps_texts=False)
        values: list[dict[str, Any]] = []
        with self._server.get(f"{API_PATH}{path}", query, limit) as response:
            _require_ok(response)
            for piece in response.limited_pieces():
                values += _objects_in(reader.feed(piece))
                if len(values) > _MOST_ELEMENTS:
                    raise BrokenResponse(f"its list has more than {_MOST_ELEMENTS} elements")
            values += _objects_in(reader.finish())
        return values

    def _document(self, path: str, limit: float, ref: JobRef) -> dict[str, Any]:
        with self._server.get(f"{API_PATH}{path}", {}, limit) as response:
            _require_ok(response, ref)
            drops = self.drops_large_results and ref.kind is Kind.PLAN
            document = json_of(response, large_member=_RESULT if drops else None)
            if not isinstance(document, dict):
                raise BrokenResponse("it is not a JSON object")
            return document


def _objects_in(elements: list[Elements]) -> list[dict[str, Any]]:
    return [value for together in elements for value in together.values if isinstance(value, dict)]


def _path(ref: JobRef) -> str:
    """The API path of *ref*: jobs and plan jobs have numbers of their own."""
    return f"/plan_jobs/{ref.number}" if ref.kind is Kind.PLAN else f"/jobs/{ref.number}"


def _newest_first(count: int, offset: int) -> dict[str, str]:
    return {"limit": str(count), "offset": str(offset), "order_by": "name", "order": "desc"}


def _start(start: int | None) -> dict[str, str]:
    return {} if start is None else {"start": str(start)}


def _require_ok(response: Response, ref: JobRef | None = None) -> None:
    """Raise the error of *response* if it is not a 200; the message names *ref*."""
    if response.status != _OK:
        raise _error(response, ref)


def _error(response: Response, ref: JobRef | None) -> JobEventsError:
    error = error_of(response, about=f"{ref.label}: " if ref else "", hints=_HINTS)
    if response.status == _NOT_FOUND and ref and isinstance(error, RequestRefused):
        return UnknownJob(error.message, hint=_UNKNOWN_HINT)
    return error
