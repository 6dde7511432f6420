"""Sends requests, for both clients: makes httpx's requests and turns every fault into one of our errors.

Longer than other modules because every fault of the network is translated here.
"""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpcore
import httpx

from jobevents_cli.errors import NoUsableAnswer, TransientFault, UsageProblem
from jobevents_cli.http.connection import Connection
from jobevents_cli.http.json_elements import BrokenResponse
from jobevents_cli.http.kept_connection import FAULTS, IDLE_LIMIT, KeptConnection
from jobevents_cli.http.proxies import Proxy, proxy_for
from jobevents_cli.http.responses import Response, skew
from jobevents_cli.http.secrets import without_token
from jobevents_cli.http.tls import tls_context, tls_problem
from jobevents_cli.version import __version__

_CONNECT_LIMIT: Final = 10.0

_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
    "User-Agent": f"jobevents/{__version__}",
}


class UntrustedCertificate(NoUsableAnswer):
    """The server was reached, but its certificate cannot be verified."""


class Probe(NamedTuple):
    """What one connection to a server shows."""

    address: str
    """The IP address that answered: the proxy's, if there is one."""
    proxy: str | None
    """The proxy on the way and the variable that names it, for messages."""
    certificate: Mapping[str, Any] | None
    """The server's certificate as `SSLSocket.getpeercert` gives it; None for plain http."""
    seconds: float
    """How long connecting and one response took."""
    status: int
    """That of the response."""


class ServerConnection:
    """One server and the connections to it. May be used from several threads.

    There are as many connections as concurrent requests. The one used last is used next, so that a few are enough for
    hundreds of jobs: a poll takes milliseconds.
    """

    def __init__(self, connection: Connection, name: str = "") -> None:
        """*name* begins the server's name in messages, such as `PuppetDB`; empty for the orchestrator.

        UsageProblem if the CA file, the client certificate or the environment's proxy cannot be used.
        """
        parts = urlsplit(connection.url)
        host = parts.hostname or ""
        self.url = connection.url
        self.host = host.lower()
        place = f"{f'[{host}]' if ':' in host else host}:{parts.port}"
        self.where = f"{name} at {place}" if name else place
        self._token = connection.token
        self._has_certificate = connection.cert is not None
        # Plain http needs no trust store, and loading one takes time: a context that trusts nobody is enough.
        self._tls = (
            tls_context(connection.cacert, connection.cert, connection.key)
            if parts.scheme == "https"
            else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        )
        self.proxy = proxy_for(connection.url)
        self._lock = threading.Lock()
        self._idle: list[tuple[float, KeptConnection]] = []
        self._is_refused = False
        self._date = ("", 0.0)
        self._check_url(connection)

    def get(self, path: str, query: Mapping[str, str], limit: float) -> AbstractContextManager[Response]:
        """The response to a GET of *path*, whatever its status; it is given up after *limit* seconds of silence.

        The headers must be whole within *limit*, and then some of the body must come within every *limit* seconds.
        TransientFault or NoUsableAnswer if there is no response; TransientFault also if the block raises
        BrokenResponse.
        """
        target = f"{path}?{urlencode(query)}" if query else path
        return self._exchange(lambda token: _get(f"{self.url}{target}", token, limit), limit)

    def post_json(self, path: str, document: Any, limit: float) -> AbstractContextManager[Response]:
        """The response to a POST of *document* as JSON to *path*. Otherwise as `get`."""
        content = json.dumps(document).encode()
        return self._exchange(lambda token: _post(f"{self.url}{path}", token, limit, content), limit)

    def server_time(self) -> float:
        """The server's clock, in seconds since 1970, by its last response."""
        return time.time() + skew(*self._date)

    def close(self) -> None:
        """Close the connections that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, kept in idle:
            kept.close()

    def probe(self, path: str, limit: float) -> Probe:
        """Connect as every request does, and request *path* without the token: any status will do.

        UntrustedCertificate if the server's certificate cannot be verified; otherwise the errors of `get`.
        """
        since = time.monotonic()
        kept = self._take()
        try:
            inner = kept.send(_get(f"{self.url}{path}", "", limit), limit)
            stream = inner.extensions["network_stream"]
            secure = stream.get_extra_info("ssl_object")
            certificate = secure and secure.getpeercert()
            address = stream.get_extra_info("server_addr")[0]
            inner.close()
        except (*FAULTS, OSError) as error:  # the server may have gone right after its response
            raise self._translated(error, kept) from error
        finally:
            self._give_back(kept)
        proxy = self.proxy.label if self.proxy else None
        return Probe(address, proxy, certificate or None, time.monotonic() - since, inner.status_code)

    def _check_url(self, connection: Connection) -> None:
        try:
            httpx.URL(connection.url)
            if self.proxy:
                httpx.URL(self.proxy.url)
        except httpx.InvalidURL as error:
            origin = connection.origin or "the configuration"
            raise UsageProblem(f"{connection.url!r} ({origin}) is not an address: {error}") from None

    @contextmanager
    def _exchange(self, request: Callable[[str], httpx.Request], limit: float) -> Iterator[Response]:
        """Send *request*, a function of the token, and yield the response. Every fault becomes one of our errors."""
        kept, inner = self._take(), None
        try:
            inner = self._send(kept, request, limit)
            packed = partial(self._packed, inner, kept)
            yield Response(inner.status_code, inner.headers, packed, where=self.where, token=self._token)
        except FAULTS as error:
            raise self._translated(error, kept) from error
        except BrokenResponse as broken:
            raise TransientFault(f"the response from {self.where} is broken: {self._shown(broken)}") from None
        finally:
            if inner is not None:
                inner.close()
            self._give_back(kept)

    def _send(self, kept: KeptConnection, request: Callable[[str], httpx.Request], limit: float) -> httpx.Response:
        """The response. If the token is refused and there is a new one, the request is sent again with that."""
        if self._is_refused and self._token:
            self._token.reread()
        token = self._token
        inner = kept.send(request(token.value if token else ""), limit)
        if inner.status_code == httpx.codes.UNAUTHORIZED and token and token.reread():
            inner.close()
            inner = kept.send(request(token.value), limit)
        self._is_refused = inner.status_code == httpx.codes.UNAUTHORIZED
        self._date = (inner.headers.get("date", ""), time.time())
        return inner

    def _packed(self, inner: httpx.Response, kept: KeptConnection) -> Iterator[bytes]:
        try:
            yield from inner.iter_raw()
        except FAULTS as error:
            raise self._translated(error, kept) from error

    def _take(self) -> KeptConnection:
        """A connection that no other thread uses until it is given back."""
        with self._lock:
            kept = self._idle.pop()[1] if self._idle else None
        return kept or KeptConnection(self.url, self._tls, _httpx_proxy(self.proxy))

    def _give_back(self, kept: KeptConnection) -> None:
        now = time.monotonic()
        with self._lock:
            self._idle.append((now, kept))
            unused = self._idle.pop(0)[1] if self._idle[0][0] < now - IDLE_LIMIT else None
        if unused:
            unused.close()

    def _shown(self, broken: BrokenResponse) -> str:
        text = without_token(broken.text, self._token.value) if self._token else broken.text
        return f"{broken} {text[: broken.shown]!r}" if text else str(broken)

    def _translated(self, error: Exception, kept: KeptConnection) -> NoUsableAnswer:
        """The *error* in our words: what happened, with which host and port."""
        is_proxy = self.proxy is not None and not kept.has_reached_host
        where = f"{self.proxy.label} on the way to {self.where}" if self.proxy and is_proxy else self.where
        cause = _root_cause(error)
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return self._tls_fault(cause, where)
        hint = f"if {self.host} can be reached without the proxy, add it to NO_PROXY" if is_proxy else None
        if isinstance(error, httpcore.ConnectTimeout):
            return TransientFault(f"could not connect to {where}: no response in time", hint=hint)
        if isinstance(error, httpcore.TimeoutException):
            return TransientFault(f"{where} did not respond in time", hint=hint)
        why = str(getattr(cause, "strerror", None) or error).rstrip(".")
        why = without_token(why, self._token.value) if self._token else why
        if isinstance(error, httpcore.ProxyError) and self.proxy:
            return TransientFault(f"{self.proxy.label} did not connect to {self.where}: {why}", hint=hint)
        if isinstance(error, httpcore.ConnectError):
            return TransientFault(f"could not connect to {where}: {why}", hint=hint)
        return TransientFault(f"the connection to {where} broke: {why}", hint=hint)

    def _tls_fault(self, cause: ssl.SSLError, where: str) -> NoUsableAnswer:
        problem = tls_problem(cause, has_certificate=self._has_certificate)
        message = problem.message.format(where=where)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UntrustedCertificate(message, hint=problem.hint)
        return (NoUsableAnswer if problem.is_final else TransientFault)(message, hint=problem.hint)


def _httpx_proxy(proxy: Proxy | None) -> httpx.Proxy | None:
    if proxy is None:
        return None
    return httpx.Proxy(proxy.url, ssl_context=tls_context(None) if proxy.url.startswith("https:") else None)


def _headers(token: str) -> dict[str, str]:
    return {**_HEADERS, "X-Authentication": token} if token else _HEADERS


def _extensions(limit: float) -> dict[str, Any]:
    return {"timeout": httpx.Timeout(limit, connect=min(limit, _CONNECT_LIMIT), pool=None).as_dict()}


@lru_cache(maxsize=1024)  # while a job is silent, the same request is repeated
def _get(url: str, token: str, limit: float) -> httpx.Request:
    return httpx.Request("GET", url, headers=_headers(token), extensions=_extensions(limit))


def _post(url: str, token: str, limit: float, content: bytes) -> httpx.Request:
    headers = {**_headers(token), "Content-Type": "application/json"}
    return httpx.Request("POST", url, headers=headers, content=content, extensions=_extensions(limit))


def _root_cause(error: BaseException) -> BaseException:
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return error
