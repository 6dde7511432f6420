"""The orchestrator's HTTP API: one request per method, values out, every fault as one of our errors.

API facts are from the PE 2021.7 manual ("Orchestrator API v1 endpoints") unless said otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jobevents_cli.config.address import API_PATH
from jobevents_cli.errors import LOGIN_HINT, AccessDenied, JobEventsError, TransientFault, UnknownJob
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobevents_cli.clients.session import Response
    from jobevents_cli.config.connection import Connection
    from jobevents_cli.following.page import Page
    from jobevents_cli.model.node import Node
    from jobevents_cli.model.plan import Plan

_OK: Final = 200
_NOT_FOUND: Final = 404
_UNKNOWN_JOB: Final = "unknown-job"

_HINTS: Final = {
    403: "the token's user needs the permission to view jobs; or log in as another user: puppet-access login",
}
_UNKNOWN_HINT: Final = "is the id right? The orchestrator forgets jobs after 30 days by default"


class Orchestrator:
    """One orchestrator. May be used from several threads.

    Every method waits for the response. It raises TransientFault, NoUsableAnswer, AccessDenied or RequestRefused, and
    UnknownJob if the orchestrator says that it has no such job.
    """

    def __init__(self, connection: Connection) -> None:
        """Connect with the first request.

        AccessDenied if there is no token; UsageProblem if the CA file or the environment's proxy cannot be used.
        """
        if connection.token is None:
            raise AccessDenied("there is no token for the orchestrator", hint=LOGIN_HINT)
        from jobevents_cli.clients.session import Session

        self._session = Session(connection)
        self.url = self._session.url
        self.host = self._session.host
        """The host name in the address, without port and brackets, in lower case."""

    def events(self, ref: JobRef, start: int | None) -> Page:
        """Return the events of *ref* from id *start* on; None: all."""
        from jobevents_cli.clients.pages import page_in

        return page_in(self._get(f"{_path(ref)}/events", {} if start is None else {"start": str(start)}, ref))

    def plan_event(self, number: int, event_id: int) -> Event:
        """Return the event *event_id* of plan job *number*: the list of events shortens its texts."""
        from jobevents_cli.clients.pages import text_in

        ref = JobRef.plan(number)
        return Event(text_in(self._document(f"{_path(ref)}/event/{event_id}", ref)))

    def job(self, ref: JobRef) -> Job:
        """Return the job or plan job as it is now."""
        from jobevents_cli.clients.pages import object_in

        value, text = object_in(self._document(_path(ref), ref), large="result")
        if ref.kind is Kind.JOB:
            return Job(value, text)
        from jobevents_cli.model.plan import Plan

        return Plan(value, text)

    def jobs(self, count: int, offset: int) -> list[Job]:
        """Return *count* jobs from the one at *offset* on, newest first, which is not the default."""
        from jobevents_cli.clients.pages import objects_in

        response = self._get("/jobs", _newest_first(count, offset))
        return [Job(value, text) for value, text in objects_in(response)]

    def plans(self, count: int, offset: int) -> list[Plan]:
        """Return *count* plan jobs from the one at *offset* on, newest first, without results, which can be huge."""
        from jobevents_cli.clients.pages import objects_in
        from jobevents_cli.model.plan import Plan

        response = self._get("/plan_jobs", {**_newest_first(count, offset), "results": "exclude"})
        return [Plan(value, text) for value, text in objects_in(response)]

    def nodes(self, job_id: int, offset: int = 0) -> list[Node]:
        """Return the nodes of job *job_id* as they are now, from the one at *offset* on: all that the server gives."""
        from jobevents_cli.clients.pages import objects_in
        from jobevents_cli.model.node import Node

        ref = JobRef.job(job_id)
        response = self._get(f"{_path(ref)}/nodes", {"offset": str(offset)} if offset else {}, ref)
        return [Node(value, text) for value, text in objects_in(response)]

    def server_time(self) -> float:
        """Return the orchestrator's clock, in seconds since 1970, by its last response."""
        return self._session.server_time()

    def close(self) -> None:
        """Close the connections. Requests under way break."""
        self._session.close()

    def _get(self, path: str, query: Mapping[str, str], ref: JobRef | None = None) -> Response:
        return _checked(self._session.get(f"{API_PATH}{path}", query), ref)

    def _document(self, path: str, ref: JobRef) -> Response:
        from jobevents_cli.clients.session import LARGEST_DOCUMENT

        return _checked(self._session.get(f"{API_PATH}{path}", largest=LARGEST_DOCUMENT), ref)


def _path(ref: JobRef) -> str:
    """Return the API path of *ref*: jobs and plan jobs have numbers of their own."""
    return f"/plan_jobs/{ref.number}" if ref.kind is Kind.PLAN else f"/jobs/{ref.number}"


def _newest_first(count: int, offset: int) -> dict[str, str]:
    return {"limit": str(count), "offset": str(offset), "order_by": "name", "order": "desc"}


def _checked(response: Response, ref: JobRef | None) -> Response:
    """Return *response* if it is a 200; else raise its error, which names *ref*."""
    if response.status != _OK:
        raise _error(response, ref)
    return response


def _error(response: Response, ref: JobRef | None) -> JobEventsError:
    from jobevents_cli.clients.statuses import error_of, kind_of

    error = error_of(response, about=f"{ref.label}: " if ref else "", hints=_HINTS)
    if response.status != _NOT_FOUND:
        return error
    if ref and kind_of(response) == _UNKNOWN_JOB:
        return UnknownJob(error.message, hint=_UNKNOWN_HINT)
    # A proxy, or an orchestrator that is starting, does not know the path.
    return TransientFault(error.message)
