"""Sends requests: connections, TLS, proxies and time limits; the one place that sets httpx up."""

from __future__ import annotations

import ssl
import time
import zlib
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from jobevents_cli.errors import (
    UsageProblem,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
import threading

import httpx

from jobevents_cli.version import __version__

_GZIP: Final = 16 + zlib.MAX_WBITS


_LARGEST_PIECE: Final = 256 * 1024


_SLOWEST: Final = 1024
"""Bytes that must come within a request's limit: fewer is a stalled answer, however often a byte comes."""


CA_HINT: Final = (
    "trust PE's own CA with --cacert FILE; on a machine with a Puppet agent that is "
    "/etc/puppetlabs/puppet/ssl/certs/ca.pem"
)


def tls_context(cacert: str | None) -> ssl.SSLContext:
    """A context that verifies against the CA file *cacert*, else against the system's trust store."""
    try:
        context = ssl.create_default_context(cafile=cacert)
    except (OSError, ssl.SSLError) as error:
        raise UsageProblem(f"the CA file {cacert} cannot be used: {error.strerror or error}") from None
    # Python 3.13 refuses CAs that lack extensions which private CAs, Puppet's older ones among them, never had.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _in_time(response: httpx.Response, limit: float) -> Iterator[bytes]:
    """The body in pieces; a time-out where it comes, but so slowly that it will never end.

    Unpacks by itself: only what comes over the wire tells how fast it comes, and no piece may grow without bound.
    """
    import httpx

    unpack = zlib.decompressobj(_GZIP) if response.headers.get("content-encoding") == "gzip" else None
    since, received = time.monotonic(), 0
    for packed in response.iter_raw():
        if unpack is None:
            yield packed
        else:
            rest = packed
            while piece := unpack.decompress(rest, _LARGEST_PIECE):
                yield piece
                rest = unpack.unconsumed_tail
        received += len(packed)
        now = time.monotonic()
        if now - since > limit:
            if received < _SLOWEST:
                raise httpx.ReadTimeout("stalled", request=response.request)
            since, received = now, 0


def _root_cause(error: BaseException) -> BaseException:
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return error


_IDLE_LIMIT: Final = 25.0
"""Seconds that an idle connection is kept: the server closes it after 30 (Jetty's default)."""


_CONNECT_LIMIT: Final = 10.0


_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
    "User-Agent": f"jobevents/{__version__}",
}


class _NoCookies(httpx.Cookies):
    """Takes none: requests carry none, and looking for them in each answer is a tenth of a poll's work."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Leave those of the *response* alone."""


class _Client(httpx.Client):
    cookies = _NoCookies()  # type: ignore[override]


class Connections:
    """As many connections as there are requests at one time; the one used last is used first.

    A poll takes milliseconds, so a few serve hundreds of jobs, whose threads come and go. httpx's own pool would look
    at every connection it has at every request.
    """

    def __init__(self, tls: ssl.SSLContext, *, may_use_proxy: bool) -> None:
        """*tls* says whom to trust, *may_use_proxy* whether the proxies count that the environment names."""
        self._tls = tls
        self._may_use_proxy = may_use_proxy
        self._lock = threading.Lock()
        self._idle: list[tuple[float, httpx.Client]] = []

    @contextmanager
    def one(self) -> Iterator[httpx.Client]:
        """A client that nobody else uses meanwhile."""
        with self._lock:
            client = self._idle.pop()[1] if self._idle else None
        client = client or self._made()
        try:
            yield client
        finally:
            now = time.monotonic()
            with self._lock:
                self._idle.append((now, client))
                unused = self._idle.pop(0)[1] if self._idle[0][0] < now - _IDLE_LIMIT else None
            if unused:
                unused.close()

    def _made(self) -> httpx.Client:
        return _Client(
            verify=self._tls,
            follow_redirects=False,
            trust_env=self._may_use_proxy,
            limits=httpx.Limits(keepalive_expiry=_IDLE_LIMIT),
        )


@lru_cache(maxsize=1024)  # while a job is silent the same is asked for over and over
def request(url: str, token: str, limit: float) -> httpx.Request:
    """A GET of *url* with the *token*, given up after *limit* seconds without progress."""
    timeout = httpx.Timeout(limit, connect=min(limit, _CONNECT_LIMIT), pool=None)
    headers = {**_HEADERS, "X-Authentication": token}
    return httpx.Request("GET", url, headers=headers, extensions={"timeout": timeout.as_dict()})
