"""Requests to one server: connections are kept, limits hold, a new token is tried at once."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import misbehaving
from support.misbehaving import TestServer, big_job, job
from support.program import TOKEN

from jobevents_cli.clients import session
from jobevents_cli.clients.session import Session, TooLarge
from jobevents_cli.config.connection import Connection
from jobevents_cli.config.token import Token
from jobevents_cli.demo.server import Answer
from jobevents_cli.errors import TransientFault, UsageProblem

Serve = Callable[..., TestServer]
Connect = Callable[[TestServer], Session]
PATH = "/orchestrator/v1/jobs/352"


def _status(connection: Session) -> int:
    return connection.get(PATH).status


def test_one_connection_serves_many_requests(serve: Serve, connect: Connect) -> None:
    """Every request carries the token."""
    server = serve(job("n1:running"))
    connection = connect(server)
    assert [_status(connection) for _ in range(3)] == [200, 200, 200]
    assert server.connections == 1
    assert {headers["X-Authentication"] for _, headers in server.seen} == {TOKEN}


def test_a_kept_connection_that_was_closed_is_no_fault(serve: Serve, connect: Connect) -> None:
    """A first connection that breaks is one."""
    server = serve(job("n1:running"), faults={2: misbehaving.reset})
    connection = connect(server)
    assert [_status(connection) for _ in range(2)] == [200, 200]
    assert server.connections == 2
    server.faults[0] = misbehaving.reset
    with pytest.raises(TransientFault, match=f"the connection to 127.0.0.1:{server.port} broke"):
        _status(connect(server))


def test_a_refused_token_is_read_again(serve: Serve, tmp_path: Path) -> None:
    """The request is repeated with what the file holds now."""
    server = serve(job("n1:running"))
    path = tmp_path / "token"
    path.write_text("an-old-token")
    token = Token.from_file(str(path), "--token-file")
    path.write_text(TOKEN)
    connection = Session(Connection(server.url, token))
    try:
        assert _status(connection) == 200
    finally:
        connection.close()
    assert [headers["X-Authentication"] for _, headers in server.seen] == ["an-old-token", TOKEN]


def test_a_probe_does_not_show_the_token(serve: Serve, connect: Connect) -> None:
    """Any status will do: the server has answered."""
    server = serve(job("n1:running"))
    probe = connect(server).probe(PATH)
    assert (probe.address, probe.certificate) == ("127.0.0.1", None)
    assert "X-Authentication" not in server.seen[0][1]


def test_what_is_no_address_is_refused_before_any_request() -> None:
    """The error says where the address comes from."""
    with pytest.raises(UsageProblem, match="--url"):
        Session(Connection("http://-☃.example:80", origin="--url"))


@pytest.fixture(name="gap")
def _gap() -> Iterator[threading.Event]:
    """Set at the end of the test, so that servers that dawdle let go."""
    event = threading.Event()
    yield event
    event.set()


def test_a_server_that_is_silent_is_given_up(
    serve: Serve, connect: Connect, gap: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the response and within it."""
    monkeypatch.setattr(session, "_SILENCE", 0.3)
    for fault in (misbehaving.hang(gap), misbehaving.drip(gap, 60)):
        server = serve(job("n1:running"), faults={0: fault})
        with pytest.raises(TransientFault, match=f"127.0.0.1:{server.port} did not respond in time"):
            connect(server).get(PATH)


def test_a_body_that_hardly_comes_is_given_up(
    serve: Serve, connect: Connect, gap: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """64 KB must come every 10 s: a byte now and then is not progress."""
    monkeypatch.setattr(session, "_SILENCE", 0.3)
    server = serve(big_job(100), faults={0: misbehaving.drip(gap, 0.05)})
    with pytest.raises(TransientFault, match="responds too slowly"):
        connect(server).get(f"{PATH}/events")


def test_a_response_has_a_total_time(serve: Serve, connect: Connect, gap: threading.Event) -> None:
    """However steadily it comes."""
    server = serve(big_job(100), faults={0: misbehaving.drip(gap, 0.05)})
    began = time.monotonic()
    with pytest.raises(TransientFault, match="did not respond in time"):
        connect(server).get(f"{PATH}/events", limit=0.5)
    assert time.monotonic() - began < 2


def test_a_response_has_a_largest_size(serve: Serve, connect: Connect) -> None:
    """One that is larger is refused, and not requested again."""
    server = serve(big_job(100))
    connection = connect(server)
    size = len(connection.get(f"{PATH}/events").body)
    assert len(connection.get(f"{PATH}/events", largest=size).body) == size
    with pytest.raises(TooLarge):
        connection.get(f"{PATH}/events", largest=size - 1)


def test_of_an_error_only_the_beginning_is_read(serve: Serve, connect: Connect) -> None:
    """Its status says enough, even if the rest does not come."""
    server = serve(faults={1: misbehaving.status(500, b"x" * 10**6), 2: _cut_error})
    connection = connect(server)
    assert [len(connection.get(PATH).body) for _ in range(2)] == [16 * 1024, 100]


def _cut_error(handler: misbehaving.RecordingHandler, _answer: Answer) -> None:
    misbehaving.cut(100)(handler, Answer(500, b"x" * 200))


def test_what_a_server_sends_has_no_token(serve: Serve, connect: Connect) -> None:
    """It is gone before a text is shortened."""
    server = serve(faults={0: misbehaving.other_body(f'["{TOKEN}"]'.encode())})
    assert bytes(connect(server).get(PATH).body) == b'["(the token)"]'


def test_httpx_is_imported_without_its_command_line() -> None:
    """That would load Rich and more; a host program that wants it still can have it."""
    code = (
        "import sys, jobevents_cli.clients.session, httpx\n"
        "assert not [name for name in sys.modules if name.startswith(('rich', 'httpx._main'))]\n"
        "import httpx._main"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
