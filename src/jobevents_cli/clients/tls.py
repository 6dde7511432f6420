"""TLS: which certificates we trust, and what a failed handshake means."""

import os
import ssl
from typing import Final, NamedTuple

from jobevents_cli.errors import UsageProblem

CA_HINT: Final = (
    "trust PE's own CA with --cacert FILE; on a machine with a Puppet agent that is "
    "/etc/puppetlabs/puppet/ssl/certs/ca.pem"
)

_VERIFY_HINTS: Final = {
    9: "compare this machine's clock with the server's",
    10: "renew the server's certificate; if it is still valid, this machine's clock is wrong",
    62: "connect by a name in the certificate: usually the primary server's certname",
    64: "connect by a name in the certificate: usually the primary server's certname",
}
"""Hints by OpenSSL's error number. For any other number the CA is not trusted."""

_CERTIFICATE_HINT: Final = (
    "for PuppetDB set JOBEVENTS_PUPPETDB_CERT and JOBEVENTS_PUPPETDB_KEY; "
    "the orchestrator asks for none: is its port 8143?"
)

_NOT_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})
_TOO_OLD: Final = frozenset({"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION"})
_ALERT_ON_CERTIFICATE: Final = ("CERTIFICATE", "UNKNOWN_CA", "HANDSHAKE_FAILURE")


class TlsProblem(NamedTuple):
    """What is wrong with the TLS connection to a server."""

    message: str
    """A sentence about the server, with `{where}` for its name."""
    hint: str | None = None
    is_final: bool = True
    """Whether trying again is useless."""


def tls_context(cacert: str | None, cert: str | None = None, key: str | None = None) -> ssl.SSLContext:
    """A context that trusts the CA file *cacert*, or else the system's trust store.

    *cert* and *key* are the files of a client certificate. UsageProblem, naming the file, if one cannot be used.
    """
    key_log = os.environ.get("SSLKEYLOGFILE")
    try:
        context = ssl.create_default_context(cafile=cacert)
    except OSError as error:
        if key_log and error.filename == key_log:
            raise UsageProblem(f"SSLKEYLOGFILE: {key_log} cannot be written: {error.strerror}") from None
        raise UsageProblem(f"the CA file {cacert} cannot be used: {error.strerror or error}") from None
    # Python 3.13 rejects CAs without extensions that private CAs, such as Puppet's older ones, never had.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cert:
        _load_client_certificate(context, cert, key)
    return context


def _load_client_certificate(context: ssl.SSLContext, cert: str, key: str | None) -> None:
    files = f"{cert} with the key {key}" if key else cert
    try:
        # Without a password of ours OpenSSL would ask for one on the terminal.
        context.load_cert_chain(cert, key, password=lambda: b"")
    except ssl.SSLError as error:
        why = "it does not belong to the key" if "MISMATCH" in (error.reason or "") else "not PEM, or encrypted"
        raise UsageProblem(f"the client certificate {files} cannot be used: {why}") from None
    except OSError as error:
        raise UsageProblem(f"the client certificate {files} cannot be used: {error.strerror or error}") from None


def tls_problem(error: ssl.SSLError, *, has_certificate: bool) -> TlsProblem:
    """What *error* means; *has_certificate*: we sent a client certificate."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsProblem(
            f"the certificate of {{where}} could not be verified: {_plain(error.verify_message)}",
            _VERIFY_HINTS.get(error.verify_code, CA_HINT),
        )
    reason = error.reason or ""
    if "ALERT" in reason and any(word in reason for word in _ALERT_ON_CERTIFICATE):
        return _certificate_problem(reason, has_certificate=has_certificate)
    if reason in _NOT_TLS:
        return TlsProblem("{where} does not speak TLS", "is this the right port?", is_final=False)
    if reason in _TOO_OLD:
        return TlsProblem("{where} does not speak TLS 1.2 or newer")
    words = reason.replace("_", " ").lower() or str(error)
    return TlsProblem(f"the TLS connection to {{where}} failed: {_plain(words)}", is_final=False)


def _certificate_problem(reason: str, *, has_certificate: bool) -> TlsProblem:
    if has_certificate:
        return TlsProblem("{where} does not accept the client certificate", "was it issued by the server's CA?")
    if "HANDSHAKE" in reason:  # it gives no reason
        return TlsProblem(
            "{where} refuses the TLS handshake", f"perhaps it demands a client certificate: {_CERTIFICATE_HINT}"
        )
    return TlsProblem("{where} demands a client certificate", _CERTIFICATE_HINT)


def _plain(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")
