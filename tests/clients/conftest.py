"""Fixtures: connections to servers, servers with a certificate, proxies; closed when the test ends."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
import trustme
from support.misbehaving import TestServer, job
from support.program import TOKEN

from jobevents_cli.clients.session import Session
from jobevents_cli.config.connection import Connection
from jobevents_cli.config.token import Token

Connect = Callable[[TestServer], Session]
ServeTls = Callable[..., TestServer]
StartProxy = Callable[..., tuple[str, list[bytes]]]

GOOD = ("n1:running", "n1:finished", "job:finished")


@pytest.fixture(name="connect")
def _connect() -> Iterator[Connect]:
    """Connects with the token that test servers accept."""
    with ExitStack() as stack:

        def connect(server: TestServer) -> Session:
            connection = Session(Connection(server.url, Token(TOKEN, "the token in a test")))
            stack.callback(connection.close)
            return connection

        yield connect


@pytest.fixture(name="ca", scope="module")
def _ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(name="serve_tls")
def _serve_tls(ca: trustme.CA) -> Iterator[ServeTls]:
    """Starts orchestrators with a certificate of that CA; *change* may change their TLS context."""
    with ExitStack() as stack:

        def serve(
            change: Callable[[ssl.SSLContext], object] = lambda _: None,
            name: str = "localhost",
            not_after: dt.datetime | None = None,
        ) -> TestServer:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            ca.issue_cert(name, not_after=not_after).configure_cert(context)
            change(context)
            server = TestServer([job(*GOOD)], tls=context)
            stack.enter_context(server)
            return server

        yield serve


@pytest.fixture(name="start_proxy")
def _start_proxy() -> Iterator[StartProxy]:
    """Starts proxies: each gives its port and the requests that it got, and passes on what follows, or *says* that."""
    with ExitStack() as stack:

        def start(says: bytes | None = None, tls: ssl.SSLContext | None = None) -> tuple[str, list[bytes]]:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            seen: list[bytes] = []
            threading.Thread(target=_proxy, args=(listener, seen, says, tls), daemon=True).start()
            return f"127.0.0.1:{listener.getsockname()[1]}", seen

        yield start


def _proxy(listener: socket.socket, seen: list[bytes], says: bytes | None, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            with suppress(OSError):
                client = tls.wrap_socket(client, server_side=True) if tls else client
                seen.append(client.recv(65536))
                if says is not None:
                    client.sendall(says)
                    client.close()
                    continue
                host, _, port = seen[-1].split()[1].decode().rpartition(":")
                server = socket.create_connection((host, int(port)))
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with one, suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
