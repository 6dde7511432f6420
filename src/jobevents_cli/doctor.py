"""`doctor`: check every step from the configuration to the first response, and PuppetDB."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from functools import partial
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
from jobevents_cli.runtime.loop import Ask, Requests

_CLOCKS_AGREE: Final = 5.0
_SLOW: Final = 3.0
"""Seconds after which a connection is no good one: every command has to wait for it."""

_OK: Final = 200
_SERVER_ERROR: Final = 500

_SYSTEM: Final = "the system's trust store"
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
        if view.is_narrow:
            said = [row for text in (self.found, self.cure) if text for row in view.below(safe(text))]
            return [*view.rows([(mark, style), (f" {self.name}", "")]), *said]
        rows = [[Cell([(mark, style), (f" {self.name}", "")]), Cell([(safe(self.found), "")], wraps=True)]]
        if self.cure:
            rows.append([Cell([]), Cell([(safe(self.cure), "")], wraps=True)])
        return list(table((Column("", width=2 + _NAME), Column("", least=_NAME)), rows, view, titles=False))

    def as_object(self) -> dict[str, object]:
        """Return the check as a JSON object."""
        return {"check": self.name, "ok": self.is_good, "found": self.found, "cure": self.cure}


def examine(configuration: Configuration, tell: Callable[[Check], object]) -> Requests[ExitStatus]:
    """Make every check and *tell* its result. Return the exit status of the first that failed.

    Following works without PuppetDB: its failures are warnings, or notes if its address was derived.
    """
    with ExitStack() as stack:
        doctor = _Doctor(configuration, tell, stack)
        yield from doctor.check_orchestrator()
        yield from doctor.check_puppetdb()
        return doctor.status


class _Warning(JobEventsError):
    """What a check found works, but not well."""


class _Doctor:
    """Makes the checks, in order. *stack* closes the connections."""

    _client: Orchestrator

    def __init__(self, configuration: Configuration, tell: Callable[[Check], object], stack: ExitStack) -> None:
        self.status = ExitStatus.DONE
        self._configuration = configuration
        self._tell = tell
        self._stack = stack
        self._failed: set[str] = set()

    def check_orchestrator(self) -> Requests[None]:
        """Check what a tail needs."""
        configuration, reached = self._configuration, _Reached()
        yield from self._make("configuration", partial(_file, configuration))
        yield from self._make("address", partial(_address, configuration), "configuration")
        yield from self._make("connection", partial(self._connect, reached), "address")
        yield from self._make("certificate", reached.certificate, "connection")
        yield from self._make("token", lambda: configuration.token.description, "configuration")
        yield from self._make("token file", partial(_token_file, configuration), "token")
        yield from self._make("accepted", self._ask, "certificate", "token")
        yield from self._make("clock", lambda: _clock(self._client.server_time()), "accepted")

    def check_puppetdb(self) -> Requests[None]:
        """Check what `why` needs of PuppetDB."""
        try:
            settings = self._configuration.puppetdb_settings
        except JobEventsError as error:
            self._tell(Check("puppetdb address", is_good=False, found=error.message, cure=error.hint))
            return
        if not settings.urls:
            found = "not configured: `why` prints only what the orchestrator knows"
            self._tell(Check("puppetdb address", is_good=None, found=found, cure=ADDRESS_HINT))
            return
        status, tell = self.status, self._tell

        def tell_less(check: Check) -> None:
            # An address that was derived, not set, need not work.
            is_good = None if check.is_good is False and settings.is_derived else check.is_good
            tell(check._replace(is_good=is_good, status=ExitStatus.DONE))

        self._tell = tell_less
        reached = _Reached()
        urls = ", ".join(puppetdb_url(url) for url in settings.urls)
        yield from self._make("puppetdb address", lambda: f"{urls} ({settings.urls[0].origin})")
        yield from self._make("puppetdb connection", partial(self._connect_puppetdb, reached), "puppetdb address")
        yield from self._make("puppetdb certificate", reached.certificate, "puppetdb connection")
        yield from self._make("puppetdb version", lambda: _version(reached.session), "puppetdb certificate")
        yield from self._make("puppetdb access", partial(self._query, reached), "puppetdb certificate")
        self.status = status

    def _make(self, name: str, look: Callable[[], str], *needs: str) -> Requests[None]:
        """Make the check *name*: *look* returns what it finds or raises our error. Skip it if one of *needs* failed."""
        if self._failed.intersection(needs):
            self._failed.add(name)
            self._tell(Check(name, is_good=None, found="skipped"))
            return
        try:
            self._tell(Check(name, is_good=True, found=(yield Ask(look))))
        except _Warning as warning:
            self._tell(Check(name, is_good=False, found=warning.message, cure=warning.hint))
        except JobEventsError as error:
            self._failed.add(name)
            self.status = self.status or error.status
            self._tell(Check(name, is_good=False, found=error.message, cure=error.hint, status=error.status))

    def _connect(self, reached: "_Reached") -> str:
        cacert = self._configuration.cacert
        trusted = f"{cacert.value} ({cacert.origin})" if cacert else _SYSTEM
        connection = Connection(self._configuration.url, cacert=cacert.value if cacert else None)
        return reached.connect(self._stack.enter_context(closing(Session(connection))), API_PATH, trusted)

    def _ask(self) -> str:
        self._client = self._stack.enter_context(closing(Orchestrator(self._configuration.orchestrator)))
        jobs = self._client.jobs(1, 0)
        return f"the token may see jobs; the newest is {jobs[0].number}" if jobs else "the token may see jobs: none yet"

    def _connect_puppetdb(self, reached: "_Reached") -> str:
        """Connect to the first address that can be reached and does not answer 5xx, or else to the last."""
        fault: JobEventsError = NoUsableAnswer("it has no address")
        connections = self._configuration.puppetdb
        for connection in connections:
            session = self._stack.enter_context(closing(Session(connection, "PuppetDB")))
            try:
                found = reached.connect(session, _VERSION_PATH, connection.cacert or _SYSTEM)
            except TransientFault as error:
                fault = error
                continue
            if connection is connections[-1] or not reached.is_failing:
                return found
        raise type(fault)(fault.message, hint=fault.hint or ADDRESS_HINT)

    def _query(self, reached: "_Reached") -> str:
        connection = self._configuration.puppetdb[0]
        rows = _value(reached.session.post_json(QUERY_PATH, {"query": _TINY_QUERY}, largest=LARGEST_DOCUMENT))
        if not isinstance(rows, list):
            raise NoUsableAnswer(f"{reached.session.where} did not return a list for a query")
        return f"{'the token' if connection.token else f'the certificate {connection.cert}'} may query reports"


def _file(configuration: Configuration) -> str:
    file, profile = configuration.file, configuration.profile_name
    if profile is not None:
        file.profile(profile)
    if not file.exists:
        return "no configuration file is used"
    return f"{file.path}" + (f", profile {profile}" if profile else "")


def _address(configuration: Configuration) -> str:
    setting = configuration.setting("url")
    return f"{configuration.url} ({setting.origin if setting else ''})"


def _token_file(configuration: Configuration) -> str:
    token = configuration.token
    if token.warning:
        found, _, cure = token.warning.partition(": ")
        raise AccessDenied(found, hint=cure)
    return "only its owner can read it" if token.is_renewable else "none: the token is from the environment"


def _clock(server_time: float) -> str:
    ahead = server_time - time.time()
    if abs(ahead) > _CLOCKS_AGREE:
        raise NoUsableAnswer(
            f"the orchestrator's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} ours",
            hint="the durations of running jobs are wrong; set both clocks by NTP",
        )
    return "agrees with the orchestrator's within a few seconds"


def _version(session: Session) -> str:
    document = _value(session.get(_VERSION_PATH, largest=LARGEST_DOCUMENT))
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(version, str):
        raise NoUsableAnswer(f"{session.where} does not say its version", hint=HINTS[404])
    return version


class _Reached:
    """A server to which a connection was made: two checks tell of it, connection and certificate."""

    session: Session
    _probe: Probe | None = None
    _untrusted: UntrustedCertificate | None = None
    _trusted = ""

    def connect(self, session: Session, path: str, trusted: str) -> str:
        """Connect with *session* as every request does; return the result in words. *trusted* names the CAs."""
        self.session, self._trusted = session, trusted
        self._probe = self._untrusted = None
        try:
            probe = self._probe = session.probe(path)
        except UntrustedCertificate as error:
            self._untrusted = error
            return f"{session.where} was reached"
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
        """Return the server's certificate in words. UntrustedCertificate if it cannot be verified."""
        if self._untrusted:
            raise self._untrusted
        certificate = self._probe.certificate if self._probe else None
        if not certificate:
            return "none: plain http to loopback"
        return (
            f"of {_name(certificate, 'subject', self.session.host)}, by {_name(certificate, 'issuer', 'unknown')}, "
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
