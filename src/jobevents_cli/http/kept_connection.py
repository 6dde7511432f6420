"""One connection to a server, kept between requests. It is httpcore's own: httpx can only manage a pool of them."""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final, cast

import httpcore
import httpx

from jobevents_cli.http.limits import LimitedBackend

FAULTS: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpx.StreamError,
)
"""What sending a request and reading its response can raise."""

IDLE_LIMIT: Final = 25.0
"""Seconds that an idle connection is kept: the server closes it after 30 (Jetty's default)."""

_ERROR_LIMIT: Final = 10.0
"""Seconds that the text of an error is waited for: its status says enough."""


class KeptConnection:
    """A connection for one request at a time. Follows no redirect, keeps no cookie, reads no netrc.

    httpx's transport has no parameter for what watches the limits, and looks after a pool even for one connection,
    which is a quarter of the work of a poll.
    """

    def __init__(self, url: str, tls: ssl.SSLContext, proxy: httpx.Proxy | None) -> None:
        """Connect to the server of *url* once a request is sent, directly or through *proxy*."""
        self._backend = LimitedBackend(httpx.URL(url).raw_host.decode("ascii"))
        self._maker = _maker(tls, proxy, self._backend)
        self._connection: httpcore.ConnectionInterface | None = None

    @property
    def has_reached_host(self) -> bool:
        """Whether the last attempt to connect got further than to a proxy."""
        return self._backend.has_reached_host

    def send(self, request: httpx.Request, limit: float) -> httpx.Response:
        """The response to *request*, its headers whole within *limit* seconds, its body still to be read.

        One of FAULTS if there is none.
        """
        raw = httpcore.Request(
            request.method,
            _raw_url(request.url),
            headers=request.headers.raw,
            content=cast("Iterable[bytes]", request.stream),
            extensions=request.extensions,
        )
        answer = self._answer(raw, limit)
        response = httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )
        self._backend.clock.begin_body(limit if response.is_success else min(limit, _ERROR_LIMIT))
        return response

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _answer(self, request: httpcore.Request, limit: float) -> httpcore.Response:
        connection, clock = self._connection, self._backend.clock
        if connection and connection.is_available() and not connection.has_expired():
            # That the server closes the connection just now is no fault: a new one is tried.
            with suppress(httpcore.RemoteProtocolError, httpcore.ReadError):
                clock.begin(limit)
                return connection.handle_request(request)
        self.close()
        clock.begin(limit)
        self._connection = self._maker.create_connection(request.url.origin)
        return self._connection.handle_request(request)


class _Body(httpx.SyncByteStream):
    """The body of httpcore's *answer*, as httpx wants it."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return iter(cast("Iterable[bytes]", self._answer.stream))

    def close(self) -> None:
        self._answer.close()


def _maker(tls: ssl.SSLContext, proxy: httpx.Proxy | None, backend: LimitedBackend) -> httpcore.ConnectionPool:
    """What makes connections, directly or through *proxy*; it is not used as a pool."""
    if proxy is None:
        return httpcore.ConnectionPool(ssl_context=tls, keepalive_expiry=IDLE_LIMIT, network_backend=backend)
    return httpcore.HTTPProxy(
        _raw_url(proxy.url),
        proxy_auth=proxy.raw_auth,
        proxy_headers=proxy.headers.raw,
        ssl_context=tls,
        proxy_ssl_context=proxy.ssl_context,
        keepalive_expiry=IDLE_LIMIT,
        network_backend=backend,
    )


def _raw_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
