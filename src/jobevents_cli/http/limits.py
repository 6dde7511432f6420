"""Limits on how long a whole response may take, headers included.

Only waiting for the network counts: if the consumer, perhaps a pager, holds a piece for minutes, the server is not to
blame.
"""

import time
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import httpcore

SLOWEST: Final = 1024
"""Bytes of a body that must come within the limit: fewer is a stalled response, however often a byte comes."""

_PIECE: Final = 256 * 1024
"""Bytes that are read at once: httpcore wants fewer, but each piece costs the same however long it is."""

_FREED_ONCE: Final = 8 * 1024 * 1024
"""Bytes of a block that, once freed, make glibc's malloc keep twice as many for later."""


class ResponseClock:
    """How long we have waited for one response."""

    def __init__(self) -> None:
        self.limit = 0.0
        self._waited = 0.0
        self._received = 0
        self._is_body = False

    def begin(self, limit: float) -> None:
        """A request is about to be sent: its response's headers must be whole within *limit* seconds."""
        self.limit, self._waited, self._received, self._is_body = limit, 0.0, 0, False

    def begin_body(self, limit: float) -> None:
        """The headers are whole: from now on, `SLOWEST` bytes must come within every *limit* seconds."""
        self.begin(limit)
        self._is_body = True

    @property
    def left(self) -> float:
        """Seconds left to wait."""
        return self.limit - self._waited

    def add(self, waited: float, received: int) -> None:
        """Count *waited* seconds, in which *received* bytes came."""
        self._waited += waited
        self._received += received
        if self._is_body and self._received >= SLOWEST:
            self._waited, self._received = 0.0, 0


class LimitedStream(httpcore.NetworkStream):
    """A connection that gives up when the clock's time is spent."""

    def __init__(self, stream: httpcore.NetworkStream, backend: "LimitedBackend") -> None:
        self._stream = stream
        self._backend = backend
        self._clock = backend.clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - httpcore's signature
        """At most *max_bytes* that came, or `_PIECE` if that is more."""
        left = self._clock.left
        if left <= 0:
            raise httpcore.ReadTimeout("too slow")
        since, received = time.monotonic(), b""
        try:
            received = self._stream.read(max(max_bytes, _PIECE), left)
        finally:
            self._clock.add(time.monotonic() - since, len(received))
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - httpcore's signature
        """Send *buffer*."""
        self._stream.write(buffer, self._clock.limit)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted."""
        self._backend.note_reached(server_hostname)
        return LimitedStream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._backend)

    def get_extra_info(self, info: str) -> Any:
        """Information about the connection, for httpcore."""
        return self._stream.get_extra_info(info)


class LimitedBackend(httpcore.SyncBackend):
    """Makes connections that obey a clock."""

    def __init__(self, host: str) -> None:
        """Connect to *host*, perhaps through a proxy."""
        self.clock = ResponseClock()
        self._host = host
        self.has_reached_host = False
        """Whether the last attempt got further than to a proxy."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to *host*, which may be the proxy."""
        self.has_reached_host = False
        stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        self.note_reached(host)
        _keep_freed_memory()
        return LimitedStream(stream, self)

    def note_reached(self, host: str | None) -> None:
        """Note that *host* was reached: through a proxy once encryption with it begins."""
        self.has_reached_host = self.has_reached_host or host == self._host


@cache
def _keep_freed_memory() -> None:
    """Have malloc keep what is freed after a piece: to get it from the system again takes longer than reading a piece.

    Once for the process: a second block would come from what is kept, and stay there.
    """
    bytes(_FREED_ONCE)
