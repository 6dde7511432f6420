"""`doctor`: check every step from the configuration to the first response, and PuppetDB."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, Final, NamedTuple

from jobevents_cli.clients.faults import UntrustedCertificate
from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.clients.pages import value_in
from jobevents_cli.clients.puppetdb import ADDRESS_HINT, HINTS, QUERY_PATH
from jobevents_cli.clients.session import LARGEST_DOCUMENT, Probe, Response, Session
from jobevents_cli.clients.statuses import error_of
from jobevents_cli.config.address import API_PATH, puppetdb_url
from jobevents_cli.config.configuration import Configuration
from jobevents_cli.config.connection import Connection
from jobevents_cli.errors import AccessDenied, JobEventsError, NoUsableAnswer, TransientFault
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.render.escape import safe
from jobevents_cli.render.tables import Cell, Column, View, table
from jobevents_cli.runtime.event_loop import Ask, Requests

_CLOCKS_AGREE: Final = 5.0
_SLOW: Final = 3.0
"""Seconds after which a connection is no good one: every command has to wait for it."""

_OK: Final = 200
_SERVER_ERROR: Final = 500

_VERSION_PATH: Final = "/pdb/meta/v1/version"
_TINY_QUERY: Final = ["from", "reports", ["extract", ["certname"]], ["limit", 1]]

_NAME: Final = 20
"""Columns of a check's name."""


class Check(NamedTuple):
    """The result of one check."""

    name: str
    is_good: bool | None
    """None if the check was skipped, or if what it checks is not needed."""
    found: str
    cure: str | None = None
    status: ExitStatus = ExitStatus.DONE
    """The exit status that a tail would have. A failed check with status 0 is a warning."""

    def lines(self, view: View) -> list[str]:
        """Return the check as people see it: a line, and one for the cure."""
        if self.is_good is False and not self.status:
            mark, style = "!", "magenta"
        else:
            mark, style = {
                True: ("✔" if view.symbols else "+", "green"),
                False: ("✘" if view.symbols else "x", "bold red"),
                None: ("-", ""),
            }[self.is_good]
        rows = [[Cell([(mark, style), (f" {self.name}", "")]), Cell([(safe(self.found), "")], wraps=True)]]
        if self.cure:
            rows.append([Cell([]), Cell([(safe(self.cure), "")], wraps=True)])
        return list(table((Column("", width=2 + _NAME), Column("", least=_NAME)), rows, view, titles=False))

    def as_object(self) -> dict[str, object]:
        """Return the check as a JSON object."""
        return {"check": self.name, "ok": self.is_good, "found": self.found, "cure": self.cure}


class _Step(NamedTuple):
    """A check to make: *look* returns what it finds or raises our error. *needs* are checks that must pass first."""

    name: str
    look: Callable[[], str]
    needs: tuple[str, ...] = ()


def examine(configuration: Configuration, tell: Callable[[Check], object]) -> Requests[ExitStatus]:
    """Make every check and *tell* its result. Return the exit status of the first that failed.

    Following works without PuppetDB: its failures are warnings, or notes if its address was derived.
    """
    with closing(OrchestratorChecks(configuration)) as orchestrator:
        status = yield from _make(orchestrator.steps(), tell)
    try:
        is_configured = configuration.puppetdb_is_configured
        urls = configuration.puppetdb_settings.urls
    except JobEventsError as error:
        tell(Check("puppetdb address", is_good=False, found=error.message, cure=error.hint))
        return status
    if not urls:
        found = "not configured: `why` prints only what the orchestrator knows"
        tell(Check("puppetdb address", is_good=None, found=found, cure=ADDRESS_HINT))
        return status

    def tell_less(check: Check) -> None:
        # An address that was derived, not set, need not work.
        is_good = None if check.is_good is False and not is_configured else check.is_good
        tell(check._replace(is_good=is_good, status=ExitStatus.DONE))

    with closing(PuppetdbChecks(configuration)) as puppetdb:
        yield from _make(puppetdb.steps(), tell_less)
    return status


def _make(steps: Sequence[_Step], tell: Callable[[Check], object]) -> Requests[ExitStatus]:
    """Make the checks *steps*, and *tell* each one's result. If one fails, those that need it are skipped."""
    failed: set[str] = set()
    status = ExitStatus.DONE
    for step in steps:
        if failed.intersection(step.needs):
            failed.add(step.name)
            tell(Check(step.name, is_good=None, found="skipped"))
            continue
        try:
            tell(Check(step.name, is_good=True, found=(yield Ask(step.look))))
        except _Warning as warning:
            tell(Check(step.name, is_good=False, found=warning.message, cure=warning.hint))
        except JobEventsError as error:
            failed.add(step.name)
            status = status or error.status
            tell(Check(step.name, is_good=False, found=error.message, cure=error.hint, status=error.status))
    return status


class _Warning(JobEventsError):
    """What a check found works, but not well."""


class OrchestratorChecks:
    """What a tail needs, in order."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._client: Orchestrator | None = None
        self._reached = _Reached()

    def steps(self) -> tuple[_Step, ...]:
        """The checks to make."""
        return (
            _Step("configuration", self._file),
            _Step("address", self._address, ("configuration",)),
            _Step("connection", self._connection, ("address",)),
            _Step("certificate", self._reached.certificate, ("connection",)),
            _Step("token", self._token, ("configuration",)),
            _Step("token file", self._token_file, ("token",)),
            _Step("accepted", self._accepted, ("certificate", "token")),
            _Step("clock", self._clock, ("accepted",)),
        )

    def close(self) -> None:
        """Close the connections."""
        if self._client:
            self._client.close()

    def _file(self) -> str:
        file = self._configuration.file
        profile = self._configuration.profile_name
        if profile is not None:
            file.profile(profile)
        if not file.exists:
            return "no configuration file is used"
        return f"{file.path}" + (f", profile {profile}" if profile else "")

    def _address(self) -> str:
        setting = self._configuration.setting("url")
        return f"{self._configuration.url} ({setting.origin if setting else ''})"

    def _connection(self) -> str:
        cacert = self._configuration.cacert
        trusted = f"{cacert.value} ({cacert.origin})" if cacert else "the system's trust store"
        connection = Connection(self._configuration.url, cacert=cacert.value if cacert else None)
        with closing(Session(connection)) as session:
            return self._reached.connect(session, API_PATH, trusted)

    def _token(self) -> str:
        return self._configuration.token.description

    def _token_file(self) -> str:
        token = self._configuration.token
        if token.warning:
            found, _, cure = token.warning.partition(": ")
            raise AccessDenied(found, hint=cure)
        return "only its owner can read it" if token.is_renewable else "none: the token is from the environment"

    def _accepted(self) -> str:
        client = self._client = Orchestrator(self._configuration.orchestrator)
        jobs = client.jobs(1, 0)
        return f"the token may see jobs; the newest is {jobs[0].number}" if jobs else "the token may see jobs: none yet"

    def _clock(self) -> str:
        ahead = (self._client.server_time() if self._client else time.time()) - time.time()
        if abs(ahead) > _CLOCKS_AGREE:
            raise NoUsableAnswer(
                f"the orchestrator's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} ours",
                hint="the durations of running jobs are wrong; set both clocks by NTP",
            )
        return "agrees with the orchestrator's within a few seconds"


class PuppetdbChecks:
    """What `why` needs of PuppetDB, in order."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._server: Session | None = None
        self._reached = _Reached()

    def steps(self) -> tuple[_Step, ...]:
        """The checks to make."""
        return (
            _Step("puppetdb address", self._address),
            _Step("puppetdb connection", self._connection, ("puppetdb address",)),
            _Step("puppetdb certificate", self._reached.certificate, ("puppetdb connection",)),
            _Step("puppetdb version", self._version, ("puppetdb certificate",)),
            _Step("puppetdb access", self._access, ("puppetdb certificate",)),
        )

    def close(self) -> None:
        """Close the connections."""
        if self._server:
            self._server.close()

    def _address(self) -> str:
        urls = self._configuration.puppetdb_settings.urls
        return f"{', '.join(puppetdb_url(url) for url in urls)} ({urls[0].origin})"

    def _connection(self) -> str:
        """Connect to the first address that can be reached and does not answer 5xx, or else to the last."""
        fault: JobEventsError = NoUsableAnswer("it has no address")
        connections = self._configuration.puppetdb
        for connection in connections:
            self.close()
            self._server = Session(connection, "PuppetDB")
            trusted = connection.cacert or "the system's trust store"
            try:
                found = self._reached.connect(self._server, _VERSION_PATH, trusted)
            except TransientFault as error:
                fault = error
                continue
            if connection is connections[-1] or not self._reached.is_failing:
                return found
        raise type(fault)(fault.message, hint=fault.hint or ADDRESS_HINT)

    def _version(self) -> str:
        document = _value(self._used.get(_VERSION_PATH, largest=LARGEST_DOCUMENT))
        version = document.get("version") if isinstance(document, dict) else None
        if not isinstance(version, str):
            raise NoUsableAnswer(f"{self._used.where} does not say its version", hint=HINTS[404])
        return version

    def _access(self) -> str:
        connection = self._configuration.puppetdb[0]
        rows = _value(self._used.post_json(QUERY_PATH, {"query": _TINY_QUERY}, largest=LARGEST_DOCUMENT))
        if not isinstance(rows, list):
            raise NoUsableAnswer(f"{self._used.where} did not return a list for a query")
        with_what = "the token" if connection.token else f"the certificate {connection.cert}"
        return f"{with_what} may query reports"

    @property
    def _used(self) -> Session:
        if self._server is None:
            raise NoUsableAnswer("it was not reached")
        return self._server


class _Reached:
    """The result of connecting to a server. Two checks use it: one for the connection, one for the certificate."""

    def __init__(self) -> None:
        self._probe: Probe | None = None
        self._untrusted: UntrustedCertificate | None = None
        self._trusted = ""
        self._host = ""

    def connect(self, server: Session, path: str, trusted: str) -> str:
        """Connect to *server* as every request does; return the result in words. *trusted* names the CAs."""
        self._trusted, self._host, self._untrusted, self._probe = trusted, server.host, None, None
        try:
            probe = self._probe = server.probe(path)
        except UntrustedCertificate as error:
            self._untrusted = error
            return f"{server.where} was reached"
        through = f", through {probe.proxy}" if probe.proxy else ""
        found = f"{probe.address} in {probe.seconds * 1000:.0f} ms{through}"
        if probe.seconds > _SLOW:
            raise _Warning(found, hint="every command waits as long: is the first of the host's addresses dead?")
        return found

    @property
    def is_failing(self) -> bool:
        """Whether the server answered with an error of its own."""
        return self._probe is not None and self._probe.status >= _SERVER_ERROR

    def certificate(self) -> str:
        """The server's certificate in words. UntrustedCertificate if it cannot be verified."""
        if self._untrusted:
            raise self._untrusted
        certificate = self._probe.certificate if self._probe else None
        if not certificate:
            return "none: plain http to loopback"
        return (
            f"of {_name(certificate, 'subject', self._host)}, by {_name(certificate, 'issuer', 'unknown')}, "
            f"valid until {certificate.get('notAfter')}; verified with {self._trusted}"
        )


def _value(response: Response) -> Any:
    """The JSON value that PuppetDB returned; the error of a response that is not a 200."""
    if response.status != _OK:
        raise error_of(response, hints=HINTS)
    return value_in(response)


def _name(certificate: Mapping[str, Any], of: str, otherwise: str) -> str:
    """The common name of a *certificate*'s subject or issuer."""
    for entry in certificate.get(of) or ():
        for key, value in entry:
            if key == "commonName":
                return str(value)
    return otherwise
