"""Connections to one orchestrator, kept open between requests: the one place that sets httpx up."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

import httpx

from jobevents_cli import __version__

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
