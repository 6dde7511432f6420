"""What httpx raises becomes one of our errors: all of it, with which host and port."""

import httpx
import pytest

from jobevents_cli.clients.faults import MEANINGS, Way, fault_of
from jobevents_cli.clients.proxies import Proxy
from jobevents_cli.errors import NoUsableAnswer, TransientFault

DIRECT = Way("pe.example.com:8143", "pe.example.com")
BEHIND_PROXY = DIRECT._replace(proxy=Proxy("http://proxy:3128", "the proxy proxy:3128 (HTTPS_PROXY)"))

RAISED = [
    value
    for value in vars(httpx).values()
    if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == "httpx"
]


def test_the_table_is_complete() -> None:
    """Every exception class that httpx has is in it, so that a new version's new one is noticed."""
    assert len(RAISED) > 20
    assert [kind for kind in RAISED if kind not in MEANINGS] == []


@pytest.mark.parametrize("kind", MEANINGS)
def test_every_exception_is_an_error_that_names_the_server(kind: type[Exception]) -> None:
    """Directly and through a proxy."""
    error = kind.__new__(kind)
    Exception.__init__(error, "for some reason")
    for way in (DIRECT, BEHIND_PROXY):
        fault = fault_of(error, way)
        assert isinstance(fault, NoUsableAnswer)
        assert "pe.example.com:8143" in fault.message


def test_a_fault_of_the_proxy_is_not_the_servers() -> None:
    """Until the server is reached through it, the proxy is named, and how to do without."""
    fault = fault_of(httpx.ConnectError("refused"), BEHIND_PROXY)
    assert fault.message.startswith("could not connect to the proxy proxy:3128 (HTTPS_PROXY) on the way to pe.example")
    assert "NO_PROXY" in (fault.hint or "")
    assert fault_of(httpx.ReadTimeout("late"), BEHIND_PROXY).message == "pe.example.com:8143 did not respond in time"


def test_a_request_that_cannot_be_made_is_final() -> None:
    """Trying again would change nothing."""
    assert not isinstance(fault_of(httpx.LocalProtocolError("no"), DIRECT), TransientFault)
    assert isinstance(fault_of(httpx.ReadError("no"), DIRECT), TransientFault)
