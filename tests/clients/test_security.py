"""The token goes to the configured origin alone and is seen nowhere; TLS is verified for real."""

import json
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme
from support import misbehaving
from support.misbehaving import TestServer, job
from support.program import TOKEN, Home

Serve = Callable[..., TestServer]
ESCAPED = "".join(f"\\u{ord(character):04x}" for character in TOKEN)
GOOD = ("n1:running", "n1:finished", "job:finished")


@pytest.fixture(name="ca", scope="module")
def _ca() -> trustme.CA:
    """A private CA, as every PE installation has one."""
    return trustme.CA()


@pytest.fixture(name="serve_tls")
def _serve_tls(ca: trustme.CA) -> Iterator[Callable[[str], TestServer]]:
    """Starts an orchestrator with a certificate of that CA for a name."""
    servers = []

    def serve(name: str) -> TestServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(name).configure_cert(context)
        server = TestServer([job(*GOOD)], tls=context)
        server.__enter__()
        servers.append(server)
        return server

    yield serve
    for server in servers:
        server.__exit__(None, None, None)


def test_a_private_ca_is_trusted_where_it_is_named(
    home: Home, ca: trustme.CA, serve_tls: Callable[[str], TestServer], tmp_path: Path
) -> None:
    """`--cacert` or JOBEVENTS_CACERT name the CA; without it the certificate is not verified: 7, at once."""
    ca_file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    server = serve_tls("localhost")
    assert home.run("tail", "352", "--url", server.url, "--cacert", str(ca_file)).status == 0
    assert home.with_(JOBEVENTS_CACERT=str(ca_file)).run("tail", "352", "--url", server.url).status == 0
    before = time.monotonic()
    ran = home.run("tail", "352", "--url", server.url)
    assert time.monotonic() - before < 4
    assert ran.status == 7
    assert f"the certificate of localhost:{server.port} could not be verified: " in ran.err
    assert "--cacert FILE" in ran.err


def test_a_certificate_for_another_name_is_refused(
    home: Home, ca: trustme.CA, serve_tls: Callable[[str], TestServer], tmp_path: Path
) -> None:
    """The right CA does not make a certificate good for every host."""
    ca_file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    server = serve_tls("other.example.com")
    ran = home.run("tail", "352", "--url", server.url, "--cacert", str(ca_file))
    assert ran.status == 7
    assert "could not be verified" in ran.err
    assert server.seen == []


def test_a_ca_file_that_holds_no_certificate(home: Home, tmp_path: Path) -> None:
    """A CA file with something else in it is a matter of configuration: 2."""
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    ran = home.run("tail", "352", "--url", "localhost", "--cacert", str(path))
    assert ran.status == 2
    assert f"the CA file {path} cannot be used" in ran.err


def test_a_redirect_takes_the_token_nowhere(home: Home, serve: Serve) -> None:
    """Neither a redirect nor a link in an answer is ever asked."""
    elsewhere = serve()
    for code in (301, 302, 303, 307, 308):
        fault = misbehaving.status(code, Location=f"{elsewhere.url}/orchestrator/v1/jobs/352/events")
        ran = home.run("tail", "352", "--url", serve(job(*GOOD), faults={0: fault}).url)
        assert ran.status == 7
    linked = serve(job(*GOOD))
    linked.orchestrator.base = elsewhere.url
    assert home.run("tail", "352", "--url", linked.url).status == 0
    assert elsewhere.seen == []


def test_a_redirect_to_no_address_is_final_too(home: Home, serve: Serve) -> None:
    """A Location that is not a URL is not a broken connection: 7 at once, after one request."""
    for location in ("https://[", "http://a..b:99999999/", "", "//"):
        server = serve(job(*GOOD), faults={0: misbehaving.status(302, Location=location)})
        assert home.run("tail", "352", "--json", "--url", server.url).status == 7
        assert len(server.seen) == 1


def test_a_netrc_file_is_ignored(home: Home, serve: Serve) -> None:
    """Neither its user nor its password is sent."""
    netrc = home.folder / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password s3cret\n")
    netrc.chmod(0o600)
    server = serve(job(*GOOD))
    assert home.with_(NETRC=str(netrc)).run("list", "352", "--url", server.url).status == 0
    assert not any(name.lower() == "authorization" for _, headers in server.seen for name in headers)


def test_cookies_are_not_sent_back(home: Home, serve: Serve) -> None:
    """The token is all that tells a server who asks: a cookie that it sets is forgotten."""
    server = serve(job(*GOOD))
    server.faults[0] = lambda handler, answer: handler.send(
        replace(answer, headers={**answer.headers, "Set-Cookie": "session=1"})
    )
    assert home.run("tail", "352", "--url", server.url).status == 0
    assert len(server.seen) > 1
    assert not any("cookie" in name.lower() for _, headers in server.seen for name in headers)


def test_a_proxy_of_the_environment_is_not_told_a_token_in_the_open(home: Home, serve: Serve) -> None:
    """Plain http to loopback goes there and not to the proxy that http_proxy names."""
    proxy = serve()
    named = home.with_(http_proxy=proxy.url, HTTP_PROXY=proxy.url, ALL_PROXY=proxy.url)
    assert named.run("tail", "352", "--url", serve(job(*GOOD)).url).status == 0
    assert proxy.seen == []


def test_the_token_is_in_no_output(home: Home, serve: Serve) -> None:
    """Whatever goes wrong, and though the server says it back, no output and no file shows the token."""
    echo = f"token {TOKEN} is bad"
    faults = [
        misbehaving.error(400, "x/validation-error", echo),
        misbehaving.error(401, "puppetlabs.rbac/token-expired", echo),
        misbehaving.error(403, "x/not-permitted", echo),
        misbehaving.error(404, "x/unknown-job", echo),
        misbehaving.error(500, "x/unknown-error", echo),
        misbehaving.status(502, f"<html>{echo}</html>".encode()),
        misbehaving.status(418, echo.encode()),
        misbehaving.status(400, json.dumps({"msg": "%"}).replace("%", ESCAPED).encode()),
        misbehaving.status(502, f"<p>{TOKEN[:9]}<b>{TOKEN[9:]}</b></p>".encode()),
        misbehaving.status(403, quote(" ".join(TOKEN)).encode()),
        misbehaving.status(302, Location=f"https://[/{TOKEN}"),
        misbehaving.status(302, Location=f"https://evil.example/{TOKEN}?{TOKEN}"),
        misbehaving.other_body(f"<{echo}".encode()),
        misbehaving.other_body(f'{{"items": [], "x": {echo}'.encode()),
        misbehaving.reset,
        misbehaving.cut(50),
    ]
    outputs = []
    for fault in faults:
        server = serve(job(*GOOD), faults={0: fault})
        ran = home.run("tail", "352", "--resume", "--json", "--retry-for", "0", "--url", server.url)
        assert ran.status in (4, 6, 7)
        outputs.append(ran.out + ran.err)
    live = home.start("tail", "352", "--url", serve(job("n1:running")).url)
    live.line()
    live.signal(signal.SIGINT)
    outputs.append(live.finish().err)
    state = home.folder / ".local" / "state"
    outputs += [path.read_bytes().decode(errors="replace") for path in state.rglob("*") if path.is_file()]
    assert len(outputs) > 17
    assert [output for output in outputs if TOKEN in output] == []
