"""A server on 127.0.0.1, for the demo's orchestrator and its PuppetDB."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class _QuietServer(ThreadingHTTPServer):
    """Prints nothing when a client disconnects early."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing."""


class LoopbackServer:
    """Serves HTTP on 127.0.0.1 while it is entered."""

    def __init__(self, handler: type[BaseHTTPRequestHandler], *, port: int = 0) -> None:
        """Listen on *port*, 0 for any that is free. OSError if that fails."""
        self.http = _QuietServer(("127.0.0.1", port), handler)
        self.port: int = self.http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Start to serve."""
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Stop serving."""
        self.http.shutdown()
        self.http.server_close()
