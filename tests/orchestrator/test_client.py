"""The client turns all that httpx may raise into errors of ours."""

import httpx
import pytest

from jobevents_cli.errors import NoUsableAnswer, TransientFault
from jobevents_cli.http.token import Token
from jobevents_cli.orchestrator.client import OrchestratorClient


def _all_below(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(deeper for below in kind.__subclasses__() for deeper in _all_below(below))]


@pytest.mark.parametrize("kind", _all_below(httpx.RequestError))
def test_every_error_of_the_library_is_translated(kind: type[httpx.RequestError]) -> None:
    """Whatever may go wrong with a request becomes a fault that says which host and port, and may pass."""
    client = OrchestratorClient("http://127.0.0.1:1", Token("t0ken", "a token"))
    told = client._translated(kind("it failed with t0ken."))  # noqa: SLF001 - the table itself
    assert isinstance(told, TransientFault)
    assert isinstance(told, NoUsableAnswer)
    assert "127.0.0.1:1" in told.message
    assert "t0ken" not in told.message
