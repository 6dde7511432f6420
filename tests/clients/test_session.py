"""Requests to one server: connections are kept, faults become our errors, a new token is tried at once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support import misbehaving
from support.misbehaving import TestServer, job
from support.program import TOKEN

from jobevents_cli.clients.session import Session
from jobevents_cli.config.connection import Connection
from jobevents_cli.config.token import Token
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
