"""Limits hold for whole responses, headers included, and only while we wait for the network."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import cast

import httpcore
import pytest
from support import misbehaving
from support.misbehaving import TestServer, big_job, job

from jobevents_cli.errors import TransientFault
from jobevents_cli.http.limits import SLOWEST, LimitedBackend, LimitedStream
from jobevents_cli.http.transport import ServerConnection
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.orchestrator.client import OrchestratorClient

Serve = Callable[..., TestServer]
Connect = Callable[[TestServer], ServerConnection]
PATH = "/orchestrator/v1/jobs/352/events"


@pytest.fixture(name="gap")
def _gap() -> Iterator[threading.Event]:
    """Set at the end of the test, so that servers that dawdle let go."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.1, b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000),
        (0.0, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        (0.1, b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
    ids=["a byte now and then", "103 after 103 at full speed", "103 after 103 slowly"],
)
def test_headers_that_never_end_are_given_up(
    serve: Serve, connect: Connect, gap: threading.Event, seconds: float, text: bytes
) -> None:
    """However much comes: the headers must be whole within the limit."""
    server = serve(job("n1:running"), faults={0: misbehaving.drip_head(gap, seconds, text)})
    with pytest.raises(TransientFault, match="did not respond in time"), connect(server).get(PATH, {}, 0.5):
        pass


def test_a_body_that_hardly_comes_is_given_up(serve: Serve, connect: Connect, gap: threading.Event) -> None:
    """A byte now and then is not progress."""
    server = serve(job("n1:running"), faults={0: misbehaving.drip(gap, 0.05)})
    with connect(server).get(PATH, {}, 0.5) as response, pytest.raises(TransientFault, match="did not respond in time"):
        b"".join(response.pieces())


def test_a_consumer_that_pauses_is_not_the_servers_fault(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, connect: Connect
) -> None:
    """The clock does not run while we hold a piece, however long."""
    events = OrchestratorClient(connect(serve(big_job(3000)))).events(JobRef.job(352), None, 60)
    first = next(events)
    now = time.monotonic
    monkeypatch.setattr("jobevents_cli.http.limits.time.monotonic", lambda: now() + 1000)
    assert len(first) + sum(len(piece) for piece in events) == 6001


class _Scripted(httpcore.NetworkStream):
    """Takes its time over each read, as scripted, by a clock that is moved on."""

    def __init__(self, moments: list[tuple[float, int]], now: list[float]) -> None:
        self._moments = iter(moments)
        self._now = now

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        seconds, size = next(self._moments)
        assert timeout is not None
        self._now[0] += min(seconds, timeout)
        if seconds > timeout:
            raise httpcore.ReadTimeout
        return b"x" * min(size, max_bytes)


@pytest.mark.parametrize(
    ("moments", "is_enough"),
    [
        ([(9.0, SLOWEST)] * 5, True),
        ([(9.0, SLOWEST - 1), (2.0, 1)], False),
        ([(9.0, SLOWEST - 1), (0.5, 1), (9.0, SLOWEST)], True),
        ([(11.0, SLOWEST)], False),
    ],
)
def test_a_body_needs_a_kilobyte_within_every_limit(
    monkeypatch: pytest.MonkeyPatch,
    moments: list[tuple[float, int]],
    is_enough: bool,  # noqa: FBT001 - a table
) -> None:
    """With a limit of 10 s: what came counts, and the time begins again."""
    now = [0.0]
    monkeypatch.setattr("jobevents_cli.http.limits.time.monotonic", lambda: now[0])
    backend = LimitedBackend("pe.example.com")
    backend.clock.begin_body(10.0)
    stream = LimitedStream(cast("httpcore.NetworkStream", _Scripted(moments, now)), backend)

    def read_all() -> bool:
        with suppress(StopIteration):
            while True:
                stream.read(65536)
        return True

    if is_enough:
        assert read_all()
    else:
        with pytest.raises(httpcore.ReadTimeout):
            read_all()


def test_a_connection_that_is_not_answered_is_given_up(connect: Connect) -> None:
    """A port that accepts and then says nothing at all."""

    class Mute:
        url = ""

    with socket.create_server(("127.0.0.1", 0)) as listener:
        mute = Mute()
        mute.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        connection = connect(cast("TestServer", mute))
        with pytest.raises(TransientFault, match="did not respond in time"), connection.get("/", {}, 0.3):
            pass
