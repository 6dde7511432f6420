"""Speaks HTTP with an orchestrator: one method an endpoint, values out, every fault as one of our errors.

Nothing above this file sees httpx. API facts are from the PE 2021.7 manual ("Orchestrator API v1 endpoints")
unless said otherwise.
"""

from __future__ import annotations

import json
import ssl
import time
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import urlencode

from jobevents_cli.errors import (
    LOGIN_HINT,
    AccessDenied,
    JobEventsError,
    NoUsableAnswer,
    RequestRefused,
    TokenRefused,
    TransientFault,
    UnknownJob,
)
from jobevents_cli.http.address import API_PATH
from jobevents_cli.http.json_items import BrokenAnswer, ListReader
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.node import Node
from jobevents_cli.model.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx

    from jobevents_cli.http.connection import Connection
    from jobevents_cli.http.token import TokenSource
    from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.http.responses import _excerpt, _retry_after, _shortened, _skew
from jobevents_cli.http.transport import CA_HINT, _in_time, _root_cause, tls_context
from jobevents_cli.model.job_ref import Kind

_ERROR_BODY: Final = 16 * 1024


_ERROR_LIMIT: Final = 10.0


_TRANSIENT: Final = frozenset({408, 429})


def open_client(connection: Connection) -> OrchestratorClient:
    """The client for the orchestrator that *connection* names. It connects with its first request."""
    if connection.token is None:
        raise AccessDenied("there is no token for the orchestrator", hint=LOGIN_HINT)
    return OrchestratorClient(connection.url, connection.token, cacert=connection.cacert)


class OrchestratorClient:
    """One orchestrator. May be used from several threads."""

    def __init__(self, url: str, token: TokenSource, *, cacert: str | None = None) -> None:
        """Talk to *url*, `https://host:port`, trusting the CA file *cacert*, else the system's CAs."""
        import httpx

        from jobevents_cli.http.transport import Connections

        self.url = url
        parts = httpx.URL(url)
        self._host = f"[{parts.host}]" if ":" in parts.host else parts.host
        self._where = f"{self._host}:{parts.port}"
        self._token = token
        self._is_refused = False
        self._has_answered = False
        self._date = ("", 0.0)
        # Plain http needs no trust store, and loading one takes its time: a context that trusts nobody will do.
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if parts.scheme == "http" else tls_context(cacert)
        # A proxy that the environment names would see a token that is sent in the open.
        self._connections = Connections(tls, may_use_proxy=parts.scheme == "https")

    def events(self, ref: JobRef, start: int | None, limit: float) -> Iterator[list[Event]]:
        """The events of *ref* from id *start* on, in the pieces in which they arrive.

        *limit* is the seconds without progress after which the answer is given up. What came before a fault is
        given out first; the fault is raised then.
        """
        reader = ListReader()
        job_id = ref.number
        with self._answer(f"/jobs/{job_id}/events", _start(start), limit, job_id) as response:
            for piece in _in_time(response, limit):
                values = reader.feed(piece)
                if values:
                    yield [Event(value) for value in values]
            values = reader.finish()
            if values:
                yield [Event(value) for value in values]

    def raw_events(self, job_id: int, start: int | None, limit: float) -> Iterator[bytes]:
        """The same answer as it came, byte for byte."""
        with self._answer(f"/jobs/{job_id}/events", _start(start), limit, job_id) as response:
            yield from _in_time(response, limit)

    def job(self, ref: JobRef, limit: float) -> Job:
        """The job itself, as it is now."""
        if ref.kind is Kind.PLAN:
            return Plan(self._document(f"/plan_jobs/{ref.number}", {}, limit, ref.number))
        return Job(self._document(f"/jobs/{ref.number}", {}, limit, ref.number))

    @property
    def host(self) -> str:
        """The host name in the address, without port and brackets, in lower case."""
        return self._host.strip("[]").lower()

    def jobs(self, count: int, offset: int, limit: float) -> list[Job]:
        """*count* jobs from the one at *offset* on, newest first: asked for explicitly, as the default is not."""
        order = {"limit": str(count), "offset": str(offset), "order_by": "name", "order": "desc"}
        return [Job(value) for value in self._list("/jobs", order, limit, None) if isinstance(value, dict)]

    def plans(self, count: int, offset: int, limit: float) -> list[Plan]:
        """*count* plan jobs from the one at *offset* on, newest first, without their results, which can be huge."""
        order = {"limit": str(count), "offset": str(offset), "order_by": "name", "order": "desc", "results": "exclude"}
        return [Plan(value) for value in self._list("/plan_jobs", order, limit, None) if isinstance(value, dict)]

    def nodes(self, job_id: int, limit: float, node_count: int | None = None) -> Iterator[list[Node]]:
        """The nodes of *job_id* as they are now."""
        del node_count
        found = self._list(f"/jobs/{job_id}/nodes", {}, limit, job_id)
        yield [Node(value) for value in found if isinstance(value, dict)]

    def server_time(self) -> float:
        """What the orchestrator's clock shows, in seconds since 1970, going by its last answer."""
        return time.time() + _skew(*self._date)

    def _list(self, path: str, parameters: Mapping[str, str], limit: float, job_id: int | None) -> list[Any]:
        reader = ListReader()
        with self._answer(path, parameters, limit, job_id) as response:
            values = [value for piece in _in_time(response, limit) for value in reader.feed(piece)]
            return values + reader.finish()

    def _document(self, path: str, parameters: Mapping[str, str], limit: float, job_id: int | None) -> dict[str, Any]:
        with self._answer(path, parameters, limit, job_id) as response:
            body = b"".join(_in_time(response, limit))
            try:
                document = json.loads(body)
            except (ValueError, RecursionError):
                raise BrokenAnswer(f"no JSON: {self._said(body)!r}" if body else "it is empty") from None
            if not isinstance(document, dict):
                raise BrokenAnswer("it is no JSON object")
            return document

    @contextmanager
    def _answer(
        self, path: str, parameters: Mapping[str, str], limit: float, job_id: int | None
    ) -> Iterator[httpx.Response]:
        """The good answer to a GET of *path*, its body yet to be read; any other as one of our errors."""
        import httpx

        try:
            with self._connections.one() as http:
                response = self._send(http, path, parameters, limit)
                try:
                    if response.status_code == httpx.codes.UNAUTHORIZED and self._token.reread():
                        response.close()
                        response = self._send(http, path, parameters, limit)
                    self._date = (response.headers.get("date", ""), time.time())
                    self._is_refused = response.status_code == httpx.codes.UNAUTHORIZED
                    if response.status_code != httpx.codes.OK:
                        self._refuse(response, job_id)
                    yield response
                    self._has_answered = True
                finally:
                    response.close()
        except BrokenAnswer as broken:
            raise TransientFault(
                f"the answer from {self._where} is broken: {self._without_token(str(broken))}"
            ) from None
        except zlib.error:
            raise TransientFault(f"the answer from {self._where} is broken: no gzip") from None
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise self._translated(error) from error

    def _send(self, http: httpx.Client, path: str, parameters: Mapping[str, str], limit: float) -> httpx.Response:
        import httpx

        from jobevents_cli.http.transport import request

        if self._is_refused:
            self._token.reread()
        query = f"?{urlencode(parameters)}" if parameters else ""
        sent = request(f"{self.url}{API_PATH}{path}{query}", self._token.value, limit)
        try:
            return http.send(sent, stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            # A kept connection that the server closes just now is no outage: a fresh one tells.
            if not self._has_answered:
                raise
            return http.send(sent, stream=True)

    def _refuse(self, response: httpx.Response, job_id: int | None) -> NoReturn:
        """Raise what the *response*, which is no 200, means: by its status first."""
        import httpx

        status = response.status_code
        body = b""
        with suppress(httpx.HTTPError, zlib.error):  # the status tells enough where the text breaks off
            for piece in _in_time(response, _ERROR_LIMIT):
                body += piece
                if len(body) > _ERROR_BODY:
                    break
        said = self._said(body)
        told = f"{self._where} says {status}{': ' + said if said else ''}"
        about = f"job {job_id}: " if job_id is not None else ""
        raise self._error_for(status, told, about, response)

    def _error_for(  # noqa: PLR0911 - a table
        self, status: int, told: str, about: str, response: httpx.Response
    ) -> JobEventsError:
        match status:
            case 401:
                kind = TokenRefused if self._token.is_renewable else AccessDenied
                return kind(f"{self._token.description} was not accepted: {told}", hint=LOGIN_HINT)
            case 403:
                return AccessDenied(
                    f"{about}{self._token.description} does not permit this: {told}",
                    hint="the token's user needs the permission to view jobs; or log in as another: "
                    "puppet-access login",
                )
            case 404:
                return UnknownJob(
                    f"{about}{told}", hint="jobs are forgotten after 30 days by default; is the id right?"
                )
            case _ if status in _TRANSIENT or status >= 500:  # noqa: PLR2004 - HTTP's own classes
                return TransientFault(told, retry_after=_retry_after(response.headers))
            case _ if 300 <= status < 400:  # noqa: PLR2004 - HTTP's own classes
                target = self._without_token(response.headers.get("location", "").split("?")[0])
                return NoUsableAnswer(
                    f"{told}: a redirect to {target or 'nowhere'}, which is not followed",
                    hint="is the address that of the orchestrator itself, port 8143?",
                )
            case _ if 400 <= status < 500:  # noqa: PLR2004 - HTTP's own classes
                return RequestRefused(f"{about}{told}")
            case _:
                return TransientFault(told)

    def _said(self, body: bytes) -> str:
        """What the server says in an error's *body*: its `msg`, else the beginning of the text in it."""
        body = body.replace(self._token.value.encode(), b"(the token)")
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return _excerpt(body)
        message = document.get("msg") if isinstance(document, dict) else None
        return _shortened(message) if isinstance(message, str) else _excerpt(body)

    def _without_token(self, text: str) -> str:
        return text.replace(self._token.value, "(the token)")

    def _translated(self, error: httpx.HTTPError | httpx.StreamError) -> NoUsableAnswer:
        """The *error* in our words: what happened with which host and port."""
        import httpx

        cause = _root_cause(error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NoUsableAnswer(
                f"the certificate of {self._where} could not be verified: {cause.verify_message}",
                hint=CA_HINT,
            )
        if isinstance(error, httpx.ConnectTimeout):
            return TransientFault(f"could not connect to {self._where}: no answer in time")
        if isinstance(error, httpx.TimeoutException):
            return TransientFault(f"{self._where} did not answer in time")
        why = self._without_token(str(getattr(cause, "strerror", None) or error)).rstrip(".")
        if isinstance(error, httpx.ConnectError):
            return TransientFault(f"could not connect to {self._where}: {why}")
        return TransientFault(f"the connection to {self._where} broke: {why}")


def _start(start: int | None) -> dict[str, str]:
    return {} if start is None else {"start": str(start)}
