"""`doctor`: each check, what to do if it fails, and the exit status of a tail."""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
import trustme
from support import misbehaving
from support.misbehaving import TestServer, job
from support.program import TOKEN, Home
from support.terminal import Terminal

from jobevents_cli import doctor
from jobevents_cli.config.configuration import Configuration
from jobevents_cli.render.tables import View
from jobevents_cli.runtime.loop import Loop

Serve = Callable[..., TestServer]
GOOD = ("n1:running", "n1:finished", "job:finished")


class Puppetdb(BaseHTTPRequestHandler):
    """The two endpoints that doctor asks."""

    status: ClassVar[int] = 200
    version: ClassVar[object] = {"version": "8.4.1"}
    seen: ClassVar[list[tuple[str, str | None]]]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say the version, as PuppetDB does to anybody."""
        self._send(200, self.version)

    def do_POST(self) -> None:
        """Answer a query."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send(self.status, [] if self.status == 200 else {"error": "no"})

    def _send(self, status: int, document: object) -> None:
        self.seen.append((self.path, self.headers["X-Authentication"]))
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def _puppetdb(**settings: object) -> Iterator[tuple[str, type[Puppetdb]]]:
    handler = type("Handler", (Puppetdb,), {"seen": [], **settings})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", handler
        server.shutdown()


@pytest.fixture(name="puppetdb")
def _any_puppetdb() -> Iterator[Callable[..., tuple[str, type[Puppetdb]]]]:
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(_puppetdb(**settings))


@pytest.fixture(name="refused")
def _refused(
    home: Home, serve: Serve, puppetdb: Callable[..., tuple[str, type[Puppetdb]]], request: pytest.FixtureRequest
) -> Home:
    """A home with an orchestrator that works and a PuppetDB with the settings that the test gives."""
    url, _ = puppetdb(**request.param)
    return home.with_(JOBEVENTS_URL=serve(job(*GOOD)).url, JOBEVENTS_PUPPETDB_URL=url)


def _checks(out: str) -> dict[str, bool | None]:
    return {check["check"]: check["ok"] for check in map(json.loads, out.splitlines())}


def test_where_all_is_well(home: Home, tmp_path: Path) -> None:
    """Every check is good, over TLS with a private CA: whose certificate, by which CA, until when."""
    ca = trustme.CA()
    ca_file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    with TestServer([job(*GOOD)], tls=context) as server:
        options = ["--url", server.url, "--cacert", str(ca_file)]
        ran = home.run("doctor", *options)
        as_json = home.run("doctor", "--json", *options)
    assert (ran.status, as_json.status) == (0, 0)
    *good, note, cure = ran.out.splitlines()
    assert len(good) == 8
    assert all(line.startswith("✔ ") for line in good)
    assert "valid until" in ran.out
    assert f"verified with {ca_file} (--cacert)" in ran.out
    assert "the newest is 352" in ran.out
    assert note.startswith("- puppetdb address")
    assert "config set puppetdb-url" in cure
    assert set(_checks(as_json.out).values()) == {True, None}
    assert TOKEN not in ran.out + as_json.out


def test_what_to_do(home: Home, serve: Serve) -> None:
    """What fails comes with what to do, what builds on it is skipped, and the exit status is that of a tail."""
    url = serve(job(*GOOD), faults={0: misbehaving.error(401, "puppetlabs.rbac/token-expired", "expired")}).url
    ran = home.run("doctor", "--url", url)
    assert ran.status == 4
    assert "✘ accepted" in ran.out
    assert "log in with: puppet-access login" in ran.out
    assert _checks(home.run("doctor", "--json", "--url", url).out)["clock"] is None
    nothing = home.run("doctor")
    assert nothing.status == 2
    assert "✘ address" in nothing.out
    assert "- connection            skipped" in nothing.out
    home.write_token(mode=0o644)
    readable = home.run("doctor", "--url", serve(job(*GOOD)).url)
    assert readable.status == 4
    assert "others can read the token file" in readable.out
    assert "chmod 600" in readable.out


def test_a_certificate_that_cannot_be_verified(home: Home, tmp_path: Path) -> None:
    """Reaching the server is good, its certificate is not: two checks."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    with TestServer([job(*GOOD)], tls=context) as server:
        ran = home.run("doctor", "--json", "--url", server.url, "--cacert", str(other))
    found = _checks(ran.out)
    assert ran.status == 7
    assert (found["connection"], found["certificate"], found["accepted"]) == (True, False, None)


def test_it_connects_as_a_tail_does(home: Home) -> None:
    """A proxy that the environment names is used, and named if it is dead."""
    behind = home.with_(HTTPS_PROXY="http://127.0.0.1:1")
    ran = behind.run("doctor", "--url", "https://pe.example.com")
    assert ran.status == 7
    line = next(line for line in ran.out.splitlines() if "✘ connection" in line)
    assert "HTTPS_PROXY" in line
    assert "127.0.0.1:1" in line


def test_puppetdb_works(home: Home, serve: Serve, puppetdb: Callable[..., tuple[str, type[Puppetdb]]]) -> None:
    """Address and source, connection, version and permission; the token goes with queries."""
    url, handler = puppetdb()
    here = home.with_(JOBEVENTS_URL=serve(job(*GOOD)).url, JOBEVENTS_PUPPETDB_URL=url)
    ran = here.run("doctor")
    assert ran.status == 0
    assert f"✔ puppetdb address      {url} (JOBEVENTS_PUPPETDB_URL)" in ran.out
    assert "✔ puppetdb version      8.4.1" in ran.out
    assert "✔ puppetdb access       the token may query reports" in ran.out
    assert dict(handler.seen) == {"/pdb/meta/v1/version": TOKEN, "/pdb/query/v4": TOKEN}


@pytest.mark.parametrize(
    ("refused", "line", "said"),
    [
        ({"status": 403}, "! puppetdb access", "View node data from PuppetDB"),
        ({"status": 401}, "! puppetdb access", "puppet"),
        ({"status": 500}, "! puppetdb access", "says 500"),
        ({"version": ["x"]}, "! puppetdb version", "is this PuppetDB?"),
    ],
    indirect=["refused"],
)
def test_puppetdb_that_does_not_work_is_a_warning(refused: Home, line: str, said: str) -> None:
    """A configured PuppetDB that refuses is a warning with what to do; doctor's status stays that of following."""
    ran = refused.run("doctor")
    assert ran.status == 0
    assert line in ran.out
    assert said in ran.out
    assert TOKEN not in ran.out
    assert _checks(refused.run("doctor", "--json").out)[line.removeprefix("! ")] is False


def test_an_address_of_puppetdb_that_fails_is_passed_over(
    home: Home, serve: Serve, puppetdb: Callable[..., tuple[str, type[Puppetdb]]]
) -> None:
    """As `why` does: the next of the client tools' addresses is checked if one refuses or answers 5xx."""

    class Failing(Puppetdb):
        def do_GET(self) -> None:
            self._send(503, {})

    failing, good = puppetdb(do_GET=Failing.do_GET)[0], puppetdb()[0]
    file = home.folder / ".puppetlabs" / "client-tools" / "puppetdb.conf"
    file.parent.mkdir(parents=True)
    here = home.with_(JOBEVENTS_URL=serve(job(*GOOD)).url)
    for urls, line in (
        (["http://127.0.0.1:1", failing, good], "✔ puppetdb version      8.4.1"),
        ([failing], f"! puppetdb version      PuppetDB at {failing.removeprefix('http://')} says 503"),
    ):
        file.write_text(json.dumps({"puppetdb": {"server_urls": urls}}))
        assert line in here.run("doctor").out


def test_a_slow_connection_is_a_warning(serve: Serve, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works, so the other checks are made; but every command waits as long."""
    monkeypatch.setattr(doctor, "_SLOW", 0.0)
    monkeypatch.setenv("HOME", str(home.folder))
    made: list[doctor.Check] = []
    with closing(Loop(signals=False)) as loop:
        configuration = Configuration({"url": serve(job(*GOOD)).url}, token=TOKEN)
        status = loop.run(doctor.examine(configuration, made.append))
    found = {check.name: check for check in made}
    assert (status, found["connection"].is_good, found["accepted"].is_good) == (0, False, True)
    assert found["connection"].lines(View())[0].startswith("! connection            127.0.0.1 in ")
    assert "every command waits as long" in found["connection"].lines(View())[1]


@pytest.mark.parametrize("columns", [40, 80])
def test_it_fits_the_terminal(home: Home, serve: Serve, columns: int) -> None:
    """What was found, and what to do, continue in their own column, or below the check where there is no room."""
    environment = home.with_(JOBEVENTS_PUPPETDB_URL="http://127.0.0.1:1").environment
    command = ["jobevents", "doctor", "--url", serve(job(*GOOD)).url]
    with Terminal(command, columns=columns, environment=environment) as terminal:
        terminal.wait_for_end()
        lines = [*terminal.scrolled, *terminal.lines]
    assert max(map(len, lines)) <= columns
    assert {line[:2] for line in lines if line.strip()} <= {"✔ ", "! ", "- ", "  "}
    indent = 24 if columns == 80 else 2
    assert {len(line) - len(line.lstrip()) for line in lines if line.startswith("  ")} == {indent}


def test_puppetdb_that_is_not_there(home: Home, serve: Serve) -> None:
    """One that cannot be reached is a warning; wrong settings are one too, and what builds on them is skipped."""
    here = home.with_(JOBEVENTS_URL=serve(job(*GOOD)).url, JOBEVENTS_PUPPETDB_URL="http://127.0.0.1:1")
    ran = here.run("doctor")
    assert ran.status == 0
    assert "! puppetdb connection" in ran.out
    assert "- puppetdb version      skipped" in ran.out
    wrong = here.with_(JOBEVENTS_PUPPETDB_CERT="/nowhere").run("doctor")
    assert wrong.status == 0
    assert "! puppetdb address      PuppetDB has a certificate in JOBEVENTS_PUPPETDB_CERT, but no key" in wrong.out


@pytest.mark.parametrize("refused", [{"version": {"version": f"8.4.1 {TOKEN}"}}], indirect=True)
def test_a_token_that_puppetdb_echoes_is_not_printed(refused: Home) -> None:
    """Neither in its version, which is printed, nor in an error."""
    ran = refused.run("doctor")
    assert "! puppetdb version" not in ran.out
    assert "(the token)" in ran.out
    assert TOKEN not in ran.out + ran.err
