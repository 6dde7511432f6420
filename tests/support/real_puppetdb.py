"""Starts PostgreSQL and PuppetDB from Debian's packages, once for all of pytest's workers."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import trustme

from jobevents_cli.demo.server import Answer, Handler, Orchestrator, Server
from support.misbehaving import secure

JAR = Path("/usr/share/puppetdb/puppetdb.jar")
BOOTSTRAP = Path("/etc/puppetdb/bootstrap.cfg")
AUTHORIZATION = Path("/etc/puppetdb/conf.d/auth.conf")
LONGEST_RUN = "1800"
"""Seconds after which both servers end by themselves, should their tests be killed."""

START_LIMIT = 240.0

_started: list["subprocess.Popen[bytes]"] = []
"""The servers that this process started: Python warns of a process that is forgotten while it runs."""


def missing_packages() -> str:
    """What keeps a real PuppetDB from being started here; empty if nothing does."""
    lacking = [str(path) for path in (JAR, BOOTSTRAP, AUTHORIZATION) if not path.exists()]
    lacking += [name for name in ("java", "timeout") if not shutil.which(name)]
    if not _postgres_programs():
        lacking.append("initdb")
    return f"puppetdb and postgresql are not installed: no {', '.join(lacking)}" if lacking else ""


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


@dataclass(frozen=True)
class RealPuppetdb:
    """A PuppetDB that runs."""

    folder: str
    port: int
    tls_port: int
    processes: tuple[int, ...]

    @property
    def url(self) -> str:
        """Its address without TLS."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """Its address with TLS; it demands a client certificate."""
        return f"https://localhost:{self.tls_port}"

    def file(self, name: str) -> str:
        """The path of ca.pem, cert.pem or key.pem, the client's certificate and key."""
        return str(Path(self.folder) / "tls" / name)

    def store(self, report: dict[str, Any]) -> None:
        """Store *report*, in wire format, and wait until PuppetDB has it."""
        query = {
            "command": "store_report",
            "version": 8,
            "certname": report["certname"],
            "producer-timestamp": report["producer_timestamp"],
            "secondsToWaitForCompletion": 60,
        }
        request = urllib.request.Request(
            f"{self.url}/pdb/cmd/v1?{urlencode(query)}",
            data=json.dumps(report).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=90) as response:
            answer = json.load(response)
        assert answer.get("processed") is True, answer

    def store_all(self, reports: Iterable[dict[str, Any]]) -> dict[str, str]:
        """Store *reports*; return the hash of each by its node."""
        reports = list(reports)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.store, reports))
        wanted = [report["transaction_uuid"] for report in reports]
        query = ["from", "reports", ["extract", ["certname", "hash"], ["in", "transaction_uuid", ["array", wanted]]]]
        return {row["certname"]: row["hash"] for row in self.query(query)}

    def query(self, query: Any) -> Any:
        """The answer to *query*."""
        request = urllib.request.Request(
            f"{self.url}/pdb/query/v4",
            data=json.dumps({"query": query}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)


@contextmanager
def shared_puppetdb(folder: Path) -> Iterator[RealPuppetdb]:
    """The PuppetDB of all processes that name the same *folder*: the first one starts it, the last one stops it."""
    folder.mkdir(parents=True, exist_ok=True)
    state = folder / "puppetdb.json"
    with _locked(folder):
        known = json.loads(state.read_text()) if state.exists() else None
        puppetdb = RealPuppetdb(**known["puppetdb"]) if known else _start()
        users = known["users"] + 1 if known else 1
        state.write_text(json.dumps({"puppetdb": asdict(puppetdb), "users": users}))
    try:
        yield puppetdb
    finally:
        with _locked(folder):
            users = json.loads(state.read_text())["users"] - 1
            state.write_text(json.dumps({"puppetdb": asdict(puppetdb), "users": users}))
            if users == 0:
                state.unlink()
                _stop(puppetdb.processes)
                shutil.rmtree(puppetdb.folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "puppetdb.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start() -> RealPuppetdb:
    folder = Path(tempfile.mkdtemp(prefix="jobevents-puppetdb-"))
    folder.chmod(0o755)
    database_port, port, tls_port = _free_ports(3)
    processes: list[int] = []
    try:
        processes.append(_start_postgres(folder, database_port))
        processes.append(_start_puppetdb(folder, database_port, port, tls_port))
        puppetdb = RealPuppetdb(str(folder), port, tls_port, tuple(processes))
        _wait_for(puppetdb)
    except BaseException:
        _stop(processes)
        raise
    return puppetdb


def _start_postgres(folder: Path, port: int) -> int:
    programs = _postgres_programs()
    assert programs
    data, sockets = _owned(folder / "postgres", "postgres"), _owned(folder / "sockets", "postgres")
    who = _user("postgres")
    subprocess.run(
        [programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
        check=True,
        capture_output=True,
        cwd="/",
        **who,
    )
    settings = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "synchronous_commit=off"]
    process = _spawn(
        [programs / "postgres", "-D", data, "-p", str(port), "-k", sockets, *settings], folder / "postgres.log", who
    )
    psql: list[str | Path] = [
        programs / "psql",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-U",
        "postgres",
        "-v",
        "ON_ERROR_STOP=1",
        "-q",
    ]
    deadline = time.monotonic() + START_LIMIT
    while subprocess.run([*psql, "-c", "select 1"], capture_output=True, cwd="/", check=False).returncode:
        assert time.monotonic() < deadline, (folder / "postgres.log").read_text()
        time.sleep(0.1)
    for statement in (
        "create role puppetdb login password 'x'",
        "create database puppetdb owner puppetdb",
    ):
        subprocess.run([*psql, "-c", statement], check=True, capture_output=True, cwd="/")
    subprocess.run(
        [*psql, "-d", "puppetdb", "-c", "create extension pg_trgm"], check=True, capture_output=True, cwd="/"
    )
    return process


def _start_puppetdb(folder: Path, database_port: int, port: int, tls_port: int) -> int:
    tls = _write_certificates(folder / "tls")
    settings = folder / "conf.d"
    settings.mkdir()
    shutil.copy(AUTHORIZATION, settings / "auth.conf")
    (folder / "logback.xml").write_text(
        '<configuration><appender name="S" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%d %p %m%n'
        '</pattern></encoder></appender><root level="warn"><appender-ref ref="S"/></root></configuration>'
    )
    (settings / "all.ini").write_text(
        f"[global]\nvardir = {_owned(folder / 'var', 'puppetdb')}\nlogging-config = {folder}/logback.xml\n"
        f"[database]\nsubname = //127.0.0.1:{database_port}/puppetdb\nusername = puppetdb\npassword = x\n"
        "gc-interval = 0\n[puppetdb]\ndisable-update-checking = true\n"
        f"[jetty]\nhost = 127.0.0.1\nport = {port}\nssl-host = 127.0.0.1\nssl-port = {tls_port}\n"
        f"ssl-cert = {tls}/server.pem\nssl-key = {tls}/server-key.pem\nssl-ca-cert = {tls}/ca.pem\n"
    )
    java = ["java", "-Xmx400m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", JAR, "clojure.main"]
    options = ["--config", settings, "--bootstrap-config", BOOTSTRAP, "--restart-file", folder / "var" / "restart"]
    command = [*java, "-m", "puppetlabs.puppetdb.core", "services", *options]
    return _spawn(command, folder / "puppetdb.log", _user("puppetdb"))


def _write_certificates(folder: Path) -> Path:
    folder.mkdir()
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    server = authority.issue_cert("localhost", "127.0.0.1", key_type=trustme.KeyType.RSA)
    client = authority.issue_cert("jobevents.example.com", key_type=trustme.KeyType.RSA)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    for name, certificate in (("server", server), ("cert", client)):
        certificate.cert_chain_pems[0].write_to_path(str(folder / f"{name}.pem"))
    server.private_key_pem.write_to_path(str(folder / "server-key.pem"))
    client.private_key_pem.write_to_path(str(folder / "key.pem"))
    return folder


def _wait_for(puppetdb: RealPuppetdb) -> None:
    log = Path(puppetdb.folder) / "puppetdb.log"
    deadline = time.monotonic() + START_LIMIT
    while True:
        with suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(f"{puppetdb.url}/pdb/meta/v1/version", timeout=5).close()
            return
        assert time.monotonic() < deadline, log.read_text()[-4000:]
        time.sleep(0.2)


def _spawn(command: list[Any], log: Path, who: dict[str, Any]) -> int:
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["timeout", LONGEST_RUN, *command], stdout=output, stderr=output, cwd="/", start_new_session=True, **who
        )
    _started.append(process)
    return process.pid


def _stop(processes: Iterable[int]) -> None:
    for process in reversed(list(processes)):
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while _is_running(process) and time.monotonic() < deadline:
            time.sleep(0.05)
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)


def _is_running(process: int) -> bool:
    for mine in _started:
        if mine.pid == process:
            return mine.poll() is None
    try:
        # A server that another worker started is a zombie until that worker ends.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _user(name: str) -> dict[str, Any]:
    """Whom to run a server as: PostgreSQL refuses to run as root."""
    return {"user": name, "group": name, "extra_groups": []} if os.geteuid() == 0 else {}


def _owned(folder: Path, user: str) -> Path:
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(folder, user, user)
    return folder


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


class _FrontHandler(Handler):
    tokens: ClassVar[dict[str, int]]
    behind: ClassVar[int]
    seen: ClassVar[list[str]]

    def do_POST(self) -> None:  # noqa: N802 - the library's name
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        status = self.tokens.get(self.headers.get("X-Authentication", ""), 401)
        self.seen.append(self.path)
        if status != 200:
            self.send(Answer(status, b"The token is not accepted", {"Content-Type": "text/plain"}))
            return
        inner = HTTPConnection("127.0.0.1", self.behind, timeout=60)
        inner.request("POST", self.path, body, {"Content-Type": "application/json"})
        response = inner.getresponse()
        self.send(Answer(response.status, response.read(), {"Content-Type": response.headers.get("Content-Type", "")}))
        inner.close()


class TokenFront(Server):
    """TLS in front of a PuppetDB that asks for a token, as PE does. *tokens*: the status that each token gets."""

    def __init__(self, puppetdb: RealPuppetdb, tokens: dict[str, int]) -> None:
        import ssl

        self.seen: list[str] = []
        own = {"tokens": tokens, "behind": puppetdb.port, "seen": self.seen}
        super().__init__(Orchestrator([], token=""), handler=type("Front", (_FrontHandler,), own))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(puppetdb.file("server.pem"), puppetdb.file("server-key.pem"))
        secure(self, tls)
