"""One connection: kept between requests, made anew when the server closed it, and directly or through a proxy."""

import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import httpx
import pytest
import trustme
from support import misbehaving
from support.misbehaving import RecordingHandler, TestServer, job
from support.program import TOKEN

from jobevents_cli.demo.server import Answer
from jobevents_cli.errors import TransientFault
from jobevents_cli.http.connection import Connection
from jobevents_cli.http.kept_connection import IDLE_LIMIT, KeptConnection
from jobevents_cli.http.token import Token
from jobevents_cli.http.transport import Probe, ServerConnection

PATH = "/orchestrator/v1/jobs/352"
LIMIT = 10.0

Serve = Callable[..., TestServer]
ServeTls = Callable[..., TestServer]
StartProxy = Callable[..., tuple[str, list[bytes]]]


def _close_after(handler: RecordingHandler, answer: Answer) -> None:
    handler.send(answer)
    handler.close_connection = True


def _request(url: str) -> httpx.Request:
    timeout = httpx.Timeout(LIMIT).as_dict()
    return httpx.Request("GET", f"{url}{PATH}", headers={"X-Authentication": TOKEN}, extensions={"timeout": timeout})


def _kept(url: str, tls: ssl.SSLContext | None = None, proxy: httpx.Proxy | None = None) -> KeptConnection:
    return KeptConnection(url, tls or ssl.create_default_context(), proxy)


def _status(kept: KeptConnection, url: str, limit: float = LIMIT) -> int:
    response = kept.send(_request(url), limit)
    try:
        b"".join(response.iter_raw())
    finally:
        response.close()
    return response.status_code


@pytest.mark.parametrize("fault", [_close_after, misbehaving.reset])
def test_a_connection_that_the_server_closed_is_replaced(serve: Serve, fault: misbehaving.Fault) -> None:
    """Whether it is closed after a response or at the next request, that is no fault."""
    server = serve(job("n1:running"), faults={2: fault})
    kept = _kept(server.url)
    assert [_status(kept, server.url) for _ in range(4)] == [200] * 4
    assert server.connections == 2
    kept.close()


def test_a_connection_is_not_kept_longer_than_the_server_does(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 25 idle seconds a new one is made."""
    server = serve(job("n1:running"))
    kept, clock, ahead = _kept(server.url), time.monotonic, [0.0]
    monkeypatch.setattr("jobevents_cli.http.limits.time.monotonic", lambda: clock() + ahead[0])
    for seconds in (0, IDLE_LIMIT - 1, IDLE_LIMIT + 1):
        ahead[0] += seconds
        assert _status(kept, server.url) == 200
    assert server.connections == 2
    kept.close()


def test_a_new_connection_has_the_whole_limit(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """However late the server closes the one that was kept."""
    server = serve(job("n1:running"), faults={2: misbehaving.reset})
    kept, clock, ahead = _kept(server.url), time.monotonic, [0.0]
    assert _status(kept, server.url) == 200

    def later() -> float:
        ahead[0] += 3.0
        return clock() + ahead[0]

    monkeypatch.setattr("jobevents_cli.http.limits.time.monotonic", later)
    assert _status(kept, server.url, limit=2.0) == 200
    kept.close()


@pytest.fixture(name="server")
def _server(serve_tls: ServeTls) -> TestServer:
    return serve_tls()


@pytest.fixture(name="trust")
def _trust(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


def test_a_proxy_passes_the_connection_on(server: TestServer, trust: ssl.SSLContext, start_proxy: StartProxy) -> None:
    """It gets user and password, and nothing of what is sent through it; one tunnel serves all requests."""
    proxy, seen = start_proxy()
    kept = _kept(server.url, trust, httpx.Proxy(f"http://user:secret@{proxy}"))
    assert [_status(kept, server.url) for _ in range(2)] == [200, 200]
    assert kept.has_reached_host
    (head,) = seen
    assert head.startswith(f"CONNECT localhost:{server.port} ".encode())
    assert b"Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n" in head
    assert TOKEN.encode() not in head
    kept.close()


def test_a_proxy_may_speak_tls_itself(
    ca: trustme.CA, server: TestServer, trust: ssl.SSLContext, start_proxy: StartProxy
) -> None:
    """Its certificate is verified as the system's trust store says, or as the context of the proxy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    proxy, _ = start_proxy(b"HTTP/1.1 403 Forbidden\r\n\r\n", tls=context)
    kept = _kept(server.url, trust, httpx.Proxy(f"https://{proxy}", ssl_context=trust))
    with pytest.raises(Exception, match="403 Forbidden"):
        _status(kept, server.url)
    assert not kept.has_reached_host
    kept.close()


def test_the_limit_holds_behind_a_proxy(server: TestServer, trust: ssl.SSLContext, start_proxy: StartProxy) -> None:
    """A server that never answers is given up, as without one."""
    until = threading.Event()
    server.faults[0] = misbehaving.hang(until)
    kept = _kept(server.url, trust, httpx.Proxy(f"http://{start_proxy()[0]}"))
    try:
        with pytest.raises(Exception, match=r"timed out|too slow"):
            _status(kept, server.url, limit=0.5)
    finally:
        until.set()
        kept.close()


@pytest.mark.parametrize("says", [b"", b"what?\r\n\r\n", b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"])
def test_a_fault_of_the_proxy_is_not_the_servers(
    monkeypatch: pytest.MonkeyPatch, start_proxy: StartProxy, says: bytes
) -> None:
    """Until the server is reached through it, the proxy is named, and how to do without."""
    proxy, _ = start_proxy(says)
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
    connection = ServerConnection(Connection("https://pe.example.invalid:8143", Token(TOKEN, "the token in a test")))
    named = rf"the proxy {proxy} \(HTTPS_PROXY\)"
    with pytest.raises(TransientFault, match=named) as raised, connection.get(PATH, {}, LIMIT):
        pass
    assert raised.value.hint == "if pe.example.invalid can be reached without the proxy, add it to NO_PROXY"
    connection.close()


def test_a_probe_of_a_server_that_leaves_at_once_is_no_defect(serve: Serve) -> None:
    """The address of a connection that was reset after the response is not known any more."""

    def answer_and_reset(handler: RecordingHandler, answer: Answer) -> None:
        handler.send(answer)
        misbehaving.reset(handler, answer)

    server = serve(job("n1:running"), faults={0: answer_and_reset})
    connection = ServerConnection(Connection(server.url))
    for _ in range(50):
        with suppress(TransientFault):
            assert isinstance(connection.probe(PATH, LIMIT), Probe)
    connection.close()
