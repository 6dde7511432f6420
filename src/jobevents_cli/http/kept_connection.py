"""One connection to a server, kept between requests: our own transport for httpx."""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final, cast

import httpcore
import httpx

from jobevents_cli.http.limits import LimitedBackend, ResponseClock

FAULTS: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.ConnectionNotAvailable,
)
"""The exceptions that a request and the reading of its response can raise."""

_IDLE_LIMIT: Final = 25.0
"""Seconds that an idle connection is kept: the server closes it after 30 (Jetty's default)."""

_ERROR_LIMIT: Final = 10.0


class KeptConnection(httpx.BaseTransport):
    """One connection, for one request at a time. Follows no redirect, keeps no cookie, reads no netrc.

    httpx's own transport has no parameter for what watches the limits, and manages a pool even for one connection,
    which is a quarter of the work of a poll.
    """

    def __init__(self, tls: ssl.SSLContext, proxy: httpx.Proxy | None) -> None:
        self._clock = ResponseClock()
        self.backend = LimitedBackend(self._clock)
        self._pool = _pool(tls, proxy, self.backend)
        """It only makes connections: directly, or through the proxy."""
        self._connection: httpcore.ConnectionInterface | None = None

    def send(self, request: httpx.Request, limit: float) -> httpx.Response:
        """The response to *request*, its headers whole within *limit* seconds, its body still to be read.

        One of FAULTS if there is none.
        """
        self._clock.begin(limit)
        response = self.handle_request(request)
        self._clock.begin_body(limit if response.is_success else min(limit, _ERROR_LIMIT))
        return response

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The response to *request*: the method that httpx wants of a transport."""
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        content, extensions = cast("Iterable[bytes]", request.stream), request.extensions
        sent = httpcore.Request(
            request.method, target, headers=request.headers.raw, content=content, extensions=extensions
        )
        response = self._response(sent)
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions
        )

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _response(self, request: httpcore.Request) -> httpcore.Response:
        kept = self._connection
        if kept and kept.is_available() and not kept.has_expired():
            # That the server closes a kept connection at this moment is no fault: a new connection is tried.
            with suppress(httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError):
                return kept.handle_request(request)
        self.close()
        self._connection = self._pool.create_connection(request.url.origin)
        return self._connection.handle_request(request)


class _Body(httpx.SyncByteStream):
    """The body of httpcore's *response*, as httpx wants it."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return iter(cast("Iterable[bytes]", self._response.stream))

    def close(self) -> None:
        self._response.close()


def _pool(tls: ssl.SSLContext, proxy: httpx.Proxy | None, backend: LimitedBackend) -> httpcore.ConnectionPool:
    if proxy is None:
        return httpcore.ConnectionPool(ssl_context=tls, keepalive_expiry=_IDLE_LIMIT, network_backend=backend)
    url = proxy.url
    return httpcore.HTTPProxy(
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        proxy_auth=proxy.raw_auth,
        proxy_headers=proxy.headers.raw,
        ssl_context=tls,
        proxy_ssl_context=proxy.ssl_context,
        keepalive_expiry=_IDLE_LIMIT,
        network_backend=backend,
    )
