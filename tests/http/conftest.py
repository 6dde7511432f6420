"""Fixtures: connections to servers, closed when the test ends."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from support.misbehaving import TestServer
from support.program import TOKEN

from jobevents_cli.http.connection import Connection
from jobevents_cli.http.token import Token
from jobevents_cli.http.transport import ServerConnection

Connect = Callable[[TestServer], ServerConnection]


@pytest.fixture(name="connect")
def _connect() -> Iterator[Connect]:
    """Connects with the token that test servers accept."""
    with ExitStack() as stack:

        def connect(server: TestServer) -> ServerConnection:
            connection = ServerConnection(Connection(server.url, Token(TOKEN, "the token in a test")))
            stack.callback(connection.close)
            return connection

        yield connect
