"""What each of httpx's exceptions means, as one of our errors: what happened, with which host and port."""

import ssl
from collections.abc import Mapping
from typing import Final, NamedTuple

from jobevents_cli.clients.httpx_import import httpx
from jobevents_cli.clients.proxies import Proxy
from jobevents_cli.clients.tls import tls_problem
from jobevents_cli.errors import NoUsableAnswer, TransientFault

_BROKE: Final = "the connection to {where} broke: {why}"
_LATE: Final = "{where} did not respond in time"
_NOT_MADE: Final = "no request to {where} could be made: {why}"

MEANINGS: Final[Mapping[type[Exception], str]] = {
    httpx.ConnectError: "could not connect to {where}: {why}",
    httpx.ConnectTimeout: "could not connect to {where}: no response in time",
    httpx.TimeoutException: _LATE,
    httpx.ReadTimeout: _LATE,
    httpx.WriteTimeout: _LATE,
    httpx.PoolTimeout: _LATE,
    httpx.ProxyError: "{proxy} did not connect to {server}: {why}",
    httpx.DecodingError: "the response from {where} is broken: it cannot be unpacked",
    httpx.HTTPError: _BROKE,
    httpx.RequestError: _BROKE,
    httpx.TransportError: _BROKE,
    httpx.NetworkError: _BROKE,
    httpx.ReadError: _BROKE,
    httpx.WriteError: _BROKE,
    httpx.CloseError: _BROKE,
    httpx.ProtocolError: _BROKE,
    httpx.RemoteProtocolError: _BROKE,
    httpx.HTTPStatusError: _BROKE,
    httpx.StreamError: _BROKE,
    httpx.StreamConsumed: _BROKE,
    httpx.StreamClosed: _BROKE,
    httpx.ResponseNotRead: _BROKE,
    httpx.RequestNotRead: _BROKE,
    httpx.LocalProtocolError: _NOT_MADE,
    httpx.UnsupportedProtocol: _NOT_MADE,
    httpx.InvalidURL: _NOT_MADE,
    httpx.TooManyRedirects: _NOT_MADE,
    httpx.CookieConflict: _NOT_MADE,
    # What escapes httpx: texts from the server that Python cannot read, and the system's errors while closing.
    ValueError: "{where} sent what cannot be read: {why}",
    OSError: _BROKE,
}

FAULTS: Final = tuple(MEANINGS)
"""What sending a request and reading its response can raise."""


class UntrustedCertificate(NoUsableAnswer):
    """The server was reached, but its certificate cannot be verified."""


class Way(NamedTuple):
    """How a server is reached, for messages."""

    server: str
    """Its host and port."""
    host: str
    proxy: Proxy | None = None
    has_certificate: bool = False
    """We send a client certificate."""


def fault_of(error: Exception, way: Way) -> NoUsableAnswer:
    """Return the *error*, one of FAULTS, of a request on this *way* in our words."""
    cause = _root_cause(error)
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
        return _tls_fault(cause, way)
    # Once the proxy has connected us, its silence looks like the server's.
    is_proxy = way.proxy is not None and isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError)
    proxy = way.proxy.label if way.proxy else ""
    where = f"{proxy} on the way to {way.server}" if is_proxy else way.server
    why = str(getattr(cause, "strerror", None) or error).rstrip(".")
    kind = next(known for known in type(error).__mro__ if known in MEANINGS)
    message = MEANINGS[kind].format(where=where, server=way.server, proxy=proxy, why=why)
    if MEANINGS[kind] is _NOT_MADE:
        return NoUsableAnswer(message)
    hint = f"if {way.host} can be reached without the proxy, add it to NO_PROXY" if is_proxy else None
    return TransientFault(message, hint=hint)


def _tls_fault(cause: ssl.SSLError, way: Way) -> NoUsableAnswer:
    # Only a proxy that is itself reached by TLS could have failed instead, and that is rare.
    problem = tls_problem(cause, has_certificate=way.has_certificate)
    message = problem.message.format(where=way.server)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return UntrustedCertificate(message, hint=problem.hint)
    return (NoUsableAnswer if problem.is_final else TransientFault)(message, hint=problem.hint)


def _root_cause(error: BaseException) -> BaseException:
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return error
