"""One server: sends requests, reads whole responses within their limits, turns every fault into one of our errors."""

import ssl
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from jobevents_cli.clients.faults import FAULTS, Way, fault_of
from jobevents_cli.clients.httpx_import import httpx
from jobevents_cli.clients.proxies import Proxy, proxy_for
from jobevents_cli.clients.statuses import skew
from jobevents_cli.clients.tls import tls_context
from jobevents_cli.config.connection import Connection
from jobevents_cli.config.redaction import redact
from jobevents_cli.config.token import Token
from jobevents_cli.errors import NoUsableAnswer, TransientFault, UsageProblem
from jobevents_cli.model.json_text import encoded
from jobevents_cli.version import __version__

LARGEST: Final = 256 * 1024 * 1024
"""Bytes that a response may have."""

LARGEST_DOCUMENT: Final = 64 * 1024 * 1024
"""Bytes that a response with one document may have."""

TOTAL: Final = 300.0
"""Seconds that a request may take."""

_SILENCE: Final = 10.0
"""Seconds for which a connection may bring nothing, while connecting, before the response and within it."""

_PACE: Final = 64 * 1024
"""Bytes of a body that must come within that time."""

_IDLE: Final = 25.0
"""Seconds that an idle connection is kept: the server closes it after 30 (Jetty's default)."""

_MOST_CONNECTIONS: Final = 16

_GZIP: Final = 16 + zlib.MAX_WBITS

_ERROR_BODY: Final = 16 * 1024
"""Bytes that are read of what a server says about an error."""

_OK: Final = 200
_UNAUTHORIZED: Final = 401

_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
    "User-Agent": f"jobevents/{__version__}",
}


class TooLarge(NoUsableAnswer):
    """The response is larger than allowed."""


@dataclass(slots=True)
class Response:
    """What a server sent, unpacked and without tokens; of an error's body only the beginning."""

    status: int
    headers: Mapping[str, str]
    body: bytes | bytearray
    """Whoever reads it may take it away: it can be large."""
    where: str
    """The server, for messages."""
    token: Token | None
    """The token that was sent."""
    location: str = ""
    """Where a redirect leads."""


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


class Session:
    """One server and the connections to it. May be used from several threads.

    Redirects are not followed, cookies not kept, netrc files not read.
    """

    def __init__(self, connection: Connection, name: str = "") -> None:
        """*name* begins the server's name in messages, such as `PuppetDB`; empty for the orchestrator.

        UsageProblem if the CA file, the client certificate or the environment's proxy cannot be used.
        """
        parts = urlsplit(connection.url)
        host = parts.hostname or ""
        place = f"{f'[{host}]' if ':' in host else host}:{parts.port}"
        self.url = connection.url
        self.host = host.lower()
        self.where = f"{name} at {place}" if name else place
        self.proxy = proxy_for(connection.url)
        self._token = connection.token
        self._way = Way(self.where, self.host, self.proxy, has_certificate=connection.cert is not None)
        self._is_refused = False
        self._date = ("", 0.0)
        try:
            self._client = _client(connection, self.proxy)
        except httpx.InvalidURL as error:
            origin = connection.origin or "the configuration"
            raise UsageProblem(f"{connection.url!r} ({origin}) is not an address: {error}") from None

    def get(
        self, path: str, query: Mapping[str, str] | None = None, *, largest: int = LARGEST, limit: float = TOTAL
    ) -> Response:
        """Return the response to a GET of *path*, whatever its status.

        *largest* is in bytes, *limit* in seconds. TooLarge, TransientFault or NoUsableAnswer if there is no response.
        """
        url = f"{self.url}{path}?{urlencode(query)}" if query else f"{self.url}{path}"
        return self._request(lambda token: self._client.build_request("GET", url, headers=token), largest, limit)

    def post_json(self, path: str, document: Any, *, largest: int = LARGEST, limit: float = TOTAL) -> Response:
        """Return the response to a POST of *document* as JSON to *path*. Otherwise as `get`."""
        url, content, headers = f"{self.url}{path}", encoded(document), {"Content-Type": "application/json"}
        return self._request(
            lambda token: self._client.build_request("POST", url, headers={**headers, **token}, content=content),
            largest,
            limit,
        )

    def server_time(self) -> float:
        """Return the server's clock, in seconds since 1970, by its last response."""
        return time.time() + skew(*self._date)

    def close(self) -> None:
        """Close the connections. Requests under way break."""
        self._client.close()

    def probe(self, path: str) -> Probe:
        """Connect as every request does, and request *path* without the token: any status will do.

        UntrustedCertificate if the server's certificate cannot be verified; otherwise the errors of `get`.
        """
        since = time.monotonic()
        try:
            inner = self._client.send(self._client.build_request("GET", f"{self.url}{path}"), stream=True)
            try:
                stream = inner.extensions["network_stream"]
                secure = stream.get_extra_info("ssl_object")
                certificate = secure and secure.getpeercert()
                address = stream.get_extra_info("server_addr")[0]
            finally:
                inner.close()
        except FAULTS as error:
            raise fault_of(error, self._way) from error
        proxy = self.proxy.label if self.proxy else None
        return Probe(address, proxy, certificate or None, time.monotonic() - since, inner.status_code)

    def _request(self, request: Callable[[dict[str, str]], httpx.Request], largest: int, limit: float) -> Response:
        """Return the response to *request*, a function of the token's header.

        If the token is refused and there is a new one, the request is sent again with that.
        """
        if self._is_refused and self._token:
            self._token.reread()
        response = self._exchange(request(self._token_header), largest, limit)
        if response.status == _UNAUTHORIZED and self._token and self._token.reread():
            response = self._exchange(request(self._token_header), largest, limit)
        self._is_refused = response.status == _UNAUTHORIZED
        return response

    @property
    def _token_header(self) -> dict[str, str]:
        return {"X-Authentication": self._token.value} if self._token else {}

    def _exchange(self, request: httpx.Request, largest: int, limit: float) -> Response:
        until = time.monotonic() + limit
        if limit < _SILENCE:
            request.extensions["timeout"] = httpx.Timeout(limit, pool=None).as_dict()
        try:
            inner = self._send(request)
            try:
                self._date = (inner.headers.get("date", ""), time.time())
                body = self._body(inner, largest, until)
            finally:
                inner.close()
        except FAULTS as error:
            raise fault_of(error, self._way) from error
        location = inner.extensions.get("location", "")
        return Response(inner.status_code, inner.headers, redact(body), self.where, self._token, location)

    def _send(self, request: httpx.Request) -> httpx.Response:
        """Return the response to *request*. That the server closes a kept connection just now is no fault."""
        try:
            return self._client.send(request, stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if time.time() - self._date[1] > _IDLE:
                raise
            return self._client.send(request, stream=True)

    def _body(self, inner: httpx.Response, largest: int, until: float) -> bytearray:
        """Return the body of *inner*, of an error's its beginning."""
        body = bytearray()
        if inner.status_code == _OK:
            self._read(inner, body, largest, until)
            return body
        with suppress(*FAULTS, NoUsableAnswer):  # the status says enough if the text breaks off
            self._read(inner, body, _ERROR_BODY, until)
        return body[:_ERROR_BODY]

    def _read(self, inner: httpx.Response, body: bytearray, largest: int, until: float) -> None:
        """Add the body of *inner*, unpacked, to *body*, at most *largest* bytes, *until* that time.

        httpx would unpack it too, but gives nothing to do meanwhile: a body can be small and expand without limit, or
        come for ever and expand to nothing.
        """
        encodings = inner.headers.get_list("content-encoding", split_commas=True)
        if len(encodings) > 1:
            raise self._broken("it is packed more than once")
        unpack = zlib.decompressobj(_GZIP) if encodings == ["gzip"] else None
        due, counted = time.monotonic() + _SILENCE, 0
        for piece in inner.iter_raw():
            try:
                body += unpack.decompress(piece, largest + 1 - len(body)) if unpack else piece
            except zlib.error:
                raise self._broken("it cannot be unpacked") from None
            if len(body) > largest:
                raise TooLarge(f"the response from {self.where} is larger than {largest >> 20} MB")
            now = time.monotonic()
            if now >= until:
                raise TransientFault(f"{self.where} did not respond in time")
            if now >= due:
                if inner.num_bytes_downloaded - counted < _PACE:
                    raise TransientFault(f"{self.where} responds too slowly")
                due, counted = now + _SILENCE, inner.num_bytes_downloaded
        if unpack and not unpack.eof:
            raise self._broken("it is cut off")

    def _broken(self, why: str) -> TransientFault:
        return TransientFault(f"the response from {self.where} is broken: {why}")


def _client(connection: Connection, proxy: Proxy | None) -> httpx.Client:
    # Plain http needs no trust store, and loading one takes time: a context that trusts nobody is enough.
    tls = (
        tls_context(connection.cacert, connection.cert, connection.key)
        if connection.url.startswith("https:")
        else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    httpx.URL(connection.url)
    return httpx.Client(
        verify=tls,
        proxy=httpx.Proxy(proxy.url, ssl_context=_proxy_tls(proxy)) if proxy else None,
        trust_env=False,
        headers=_HEADERS,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=httpx.Timeout(_SILENCE, pool=None),
        limits=httpx.Limits(
            max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_MOST_CONNECTIONS, keepalive_expiry=_IDLE
        ),
        event_hooks={"response": [_hide_location]},
    )


def _proxy_tls(proxy: Proxy) -> ssl.SSLContext | None:
    return tls_context(None) if proxy.url.startswith("https:") else None


def _hide_location(response: httpx.Response) -> None:
    """Keep the address of a redirect from httpx: it parses it, though nobody follows it, and fails if it is none."""
    if location := response.headers.pop("location", None):
        response.extensions["location"] = location
