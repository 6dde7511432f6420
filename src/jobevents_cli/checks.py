"""Looks at every step from the configuration to the first answer: what works, what does not, what to do."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from jobevents_cli.config.configuration import Configuration
from jobevents_cli.errors import AccessDenied, JobEventsError, NoUsableAnswer
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.http.tls import CA_HINT, tls_context
from jobevents_cli.orchestrator.client import open_client

_LIMIT: Final = 10.0


_CLOCKS_AGREE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found. *is_good* is None where it could not be made."""

    name: str
    is_good: bool | None
    found: str
    cure: str | None = None
    status: ExitStatus = ExitStatus.DONE


class Diagnosis:
    """Makes the checks one by one; one that fails leaves out those that build on it."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._facts: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Check]:
        """The checks, as they are made."""
        checks: tuple[tuple[str, Callable[[], str], tuple[str, ...]], ...] = (
            ("configuration", self._configured, ()),
            ("address", self._address, ("configuration",)),
            ("connection", self._connection, ("address",)),
            ("certificate", self._certificate, ("connection",)),
            ("token", self._token, ("configuration",)),
            ("token file", self._token_file, ("token",)),
            ("accepted", self._accepted, ("certificate", "token")),
            ("clock", self._clock, ("accepted",)),
        )
        failed: set[str] = set()
        for name, look, needs in checks:
            if failed & set(needs):
                failed.add(name)
                yield Check(name, is_good=None, found="not looked at, as what it needs is missing")
                continue
            try:
                yield Check(name, is_good=True, found=look())
            except JobEventsError as error:
                failed.add(name)
                yield Check(name, is_good=False, found=error.message, cure=error.hint, status=error.status)

    def _configured(self) -> str:
        file = self._configuration.file
        profile = self._configuration.profile_name
        if profile is not None:
            file.profile(profile)
        return f"{file.path}{'' if file.exists else ' (no such file)'}" + (f", profile {profile}" if profile else "")

    def _address(self) -> str:
        self._facts["url"] = self._configuration.url
        setting = self._configuration.setting("url")
        return f"{self._facts['url']} ({setting.origin if setting else ''})"

    def _connection(self) -> str:
        parts = urlsplit(self._facts["url"])
        self._facts["host"], self._facts["port"] = parts.hostname, parts.port
        began = time.monotonic()
        try:
            with socket.create_connection((parts.hostname, parts.port), timeout=_LIMIT) as connection:
                peer = connection.getpeername()[0]
        except OSError as error:
            raise NoUsableAnswer(
                f"{parts.hostname}:{parts.port} cannot be reached: {error.strerror or error}",
                hint="is the name right, the orchestrator running, port 8143 open in the firewall?",
            ) from None
        return f"{peer}:{parts.port} in {(time.monotonic() - began) * 1000:.0f} ms"

    def _certificate(self) -> str:
        if self._facts["url"].startswith("http://"):
            return "none: plain http to loopback"
        cacert = self._configuration.cacert
        context = tls_context(cacert.value if cacert else None)
        host, port = self._facts["host"], self._facts["port"]
        try:
            with (
                socket.create_connection((host, port), timeout=_LIMIT) as connection,
                context.wrap_socket(connection, server_hostname=host) as secure,
            ):
                certificate: dict[str, Any] = dict(secure.getpeercert() or {})
        except ssl.SSLCertVerificationError as error:
            raise NoUsableAnswer(f"not verified: {error.verify_message}", hint=CA_HINT) from None
        except OSError as error:
            raise NoUsableAnswer(f"no TLS with {host}:{port}: {error.strerror or error}") from None
        trusted = f"{cacert.value} ({cacert.origin})" if cacert else "the system's trust store"
        return (
            f"of {_name(certificate.get('subject'), host)}, by {_name(certificate.get('issuer'), 'unknown')}, "
            f"valid until {certificate.get('notAfter')}; verified with {trusted}"
        )

    def _token(self) -> str:
        self._facts["token"] = self._configuration.token
        return f"{self._facts['token'].description}"

    def _token_file(self) -> str:
        warning = self._facts["token"].warning
        if warning:
            raise AccessDenied(warning.split(":")[0], hint=warning.split(": ", 1)[1])
        return "only its owner can read it" if self._facts["token"].is_renewable else "none: from the environment"

    def _accepted(self) -> str:
        client = open_client(self._configuration.orchestrator)
        jobs = client.jobs(1, 0, _LIMIT)
        self._facts["client"] = client
        return (
            f"the token may see jobs; the newest is {jobs[0].number}"
            if jobs
            else "the token may see jobs; there are none"
        )

    def _clock(self) -> str:
        ahead = self._facts["client"].server_time() - time.time()
        if abs(ahead) > _CLOCKS_AGREE:
            raise NoUsableAnswer(
                f"the orchestrator's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} ours",
                hint="durations of what runs are shown wrong; let both follow NTP",
            )
        return "agrees with the orchestrator's within a few seconds"


def _name(entries: Any, otherwise: str) -> str:
    """The common name in a certificate's subject or issuer."""
    for entry in entries or ():
        for key, value in entry:
            if key == "commonName":
                return str(value)
    return otherwise
