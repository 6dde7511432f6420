"""TLS: whom we trust, which versions we speak, and what a failed handshake is said to mean."""

import datetime as dt
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from support.misbehaving import TestServer, job
from support.program import TOKEN, Home

from jobevents_cli.clients.faults import UntrustedCertificate
from jobevents_cli.clients.session import Session
from jobevents_cli.clients.tls import CA_HINT, tls_context
from jobevents_cli.config.connection import Connection
from jobevents_cli.config.token import Token
from jobevents_cli.errors import NoUsableAnswer, UsageProblem

GOOD = ("n1:running", "n1:finished", "job:finished")
ServeTls = Callable[..., TestServer]
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(name="ca_file")
def _ca_file(ca: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(name="client_files")
def _client_files(ca: trustme.CA, tmp_path: Path) -> tuple[str, str]:
    """A client certificate and its key."""
    issued = ca.issue_cert("client.example.com")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(str(cert))
    issued.private_key_pem.write_to_path(str(key))
    return str(cert), str(key)


def _demand_certificate(ca: trustme.CA) -> Callable[[ssl.SSLContext], None]:
    def change(context: ssl.SSLContext) -> None:
        ca.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED

    return change


def _status(server: TestServer, ca_file: str | None, cert: str | None = None, key: str | None = None) -> int:
    token = None if cert else Token(TOKEN, "the token in a test")
    connection = Session(Connection(server.url, token, ca_file, cert, key))
    try:
        return connection.get("/orchestrator/v1/jobs/352").status
    finally:
        connection.close()


def test_each_fault_of_a_certificate_has_its_own_hint(home: Home, serve_tls: ServeTls, ca_file: str) -> None:
    """Only for a CA that is not trusted is --cacert what to do."""
    for server, hint in (
        (serve_tls(not_after=LONG_AGO), "renew the server's certificate"),
        (serve_tls(name="other.example.com"), "connect by a name in the certificate"),
    ):
        ran = home.run("list", "352", "--url", server.url, "--cacert", ca_file)
        assert ran.status == 7
        assert "could not be verified: " in ran.err
        assert hint in ran.err
        assert "--cacert FILE" not in ran.err


def test_an_unknown_ca_is_what_cacert_is_for(serve_tls: ServeTls) -> None:
    """A certificate that cannot be verified is final."""
    with pytest.raises(UntrustedCertificate) as caught:
        _status(serve_tls(), None)
    assert caught.value.hint == CA_HINT


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_is_sent_if_there_is_one(
    ca: trustme.CA, serve_tls: ServeTls, ca_file: str, client_files: tuple[str, str], version: ssl.TLSVersion
) -> None:
    """With one no token is sent; without one, the message says that it is demanded."""

    def change(context: ssl.SSLContext) -> None:
        _demand_certificate(ca)(context)
        context.maximum_version = version

    server = serve_tls(change)
    assert _status(server, ca_file, *client_files) in (200, 401)
    assert "X-Authentication" not in server.seen[0][1]
    with pytest.raises(NoUsableAnswer, match=r"demands a client certificate|refuses the TLS handshake") as caught:
        _status(server, ca_file)
    assert caught.value.hint
    assert "JOBEVENTS_PUPPETDB_CERT" in caught.value.hint


def test_nothing_older_than_tls_1_2_is_spoken(serve_tls: ServeTls, ca_file: str) -> None:
    """The context refuses it, and a server that speaks nothing else gets a message that says so."""
    assert tls_context(None).minimum_version is ssl.TLSVersion.TLSv1_2

    def change(context: ssl.SSLContext) -> None:
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")

    with pytest.warns(DeprecationWarning, match="deprecated"):
        server = serve_tls(change)
    with pytest.raises(NoUsableAnswer) as caught:
        _status(server, ca_file)
    assert "TLS" in caught.value.message


def test_cas_without_modern_extensions_are_accepted(ca_file: str) -> None:
    """Python 3.13 would refuse them; Puppet's older CAs have none."""
    for context in (tls_context(None), tls_context(ca_file)):
        assert not context.verify_flags & ssl.VERIFY_X509_STRICT
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname


def test_plain_http_on_a_tls_port_is_said_so(ca_file: str) -> None:
    """What answers there does not speak TLS."""
    with TestServer([job(*GOOD)]) as server:
        server.url = server.url.replace("http://", "https://")
        with pytest.raises(NoUsableAnswer, match="does not speak TLS"):
            _status(server, ca_file)


def test_files_that_cannot_be_used_are_named(tmp_path: Path, client_files: tuple[str, str]) -> None:
    """CA file, certificate and key: missing, of another kind, or not belonging to each other."""
    cert, key = client_files
    other, _ = str(tmp_path / "other.pem"), Path(tmp_path / "other.pem").write_text("nothing")
    own_key = tmp_path / "own.pem"
    trustme.CA().issue_cert("x.example.com").private_key_pem.write_to_path(str(own_key))
    for arguments, named in [
        ((str(tmp_path / "missing"),), "missing"),
        ((other,), "other.pem"),
        ((None, str(tmp_path / "missing"), key), "missing"),
        ((None, other, key), "other.pem"),
        ((None, cert, str(own_key)), "it does not belong to the key"),
    ]:
        with pytest.raises(UsageProblem, match=named):
            tls_context(*arguments)


def test_a_key_log_that_cannot_be_written_is_named(home: Home, serve_tls: ServeTls, ca_file: str) -> None:
    """The variable is named, and not the CA file."""
    named = home.with_(SSLKEYLOGFILE=str(home.folder / "missing" / "keys"))
    for options in ([], ["--cacert", ca_file]):
        ran = named.run("list", "352", "--url", serve_tls().url, *options)
        assert ran.status == 2
        assert ran.err.startswith("Error: SSLKEYLOGFILE: ")


def test_a_probe_shows_what_a_request_would_meet(serve_tls: ServeTls, ca_file: str) -> None:
    """The address, the certificate and no proxy; the token is not sent."""
    server = serve_tls()
    connection = Session(Connection(server.url, Token(TOKEN, "the token in a test"), ca_file))
    probe = connection.probe("/")
    connection.close()
    assert (probe.address, probe.proxy) == ("127.0.0.1", None)
    assert probe.certificate
    assert ("DNS", "localhost") in probe.certificate["subjectAltName"]
    assert "X-Authentication" not in server.seen[0][1]
