"""Whatever the program is given, it never exits with 1, never hangs, and never prints the token.

Command lines, environments, files, responses and headers come from hypothesis. The default run takes seconds; the one
marked slow tries many more.
"""

import json
import os
import shutil
import socketserver
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, ClassVar

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.forked import files_with, run_forked
from support.program import TOKEN

from jobevents_cli.cli import COMMANDS, group
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.store.database import NAME, open_database, transaction

STOP_AFTER = 0.3

FUZZ = settings(deadline=None, database=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck))
ALLOWED = {int(status) for status in ExitStatus} - {ExitStatus.BUG}

BIG = "9" * 5000
NAMES = st.sampled_from(
    [
        *(
            "",
            " ",
            "-h",
            "--help",
            "-V",
            "352",
            "353",
            "0",
            "-1",
            "plan/12",
            "plan/",
            "job/352",
            BIG,
            f"plan/{BIG}",
            "352abc",
            "1e5",
        ),
        *("http://127.0.0.1:1/orchestrator/v1/jobs/352", "https://[::1/#/run/jobs/3", "--", "-", "tial", "\udcff"),
        *("nan", "inf", "1e400", "0.1", "1s", "15m", f"{BIG}h", "-5", "true", "utc", "always", "json", "junit"),
        *("(", "a{99999999999999}", "[[:digit:]]", "(?i)x", "(" * 2000, "*", "[", "node_failed", "failed", "x_y"),
        *(
            "~nobodyhere/x",
            "/",
            "/dev/null",
            "/dev/full",
            "fifo",
            "missing",
            "token",
            "broken.json",
            "\x1b[31m",
            "a\nb",
        ),
        *(
            "localhost:1",
            "https://a..b",
            f"https://{'a' * 70}.b",
            "https://xn--",
            "http://[::1",
            "ftp://x",
            "https://:0",
        ),
        *("https://user:secret@localhost:1", "http://pe.example.com", "127.0.0.1:99999", "default", "production"),
    ]
)
WORDS = NAMES | st.text(max_size=12)
ENVIRONMENT = st.dictionaries(
    st.sampled_from(
        [
            *("COLUMNS", "TERM", "NO_COLOR", "FORCE_COLOR", "TZ", "LANG", "JOBEVENTS_DEBUG", "JOBEVENTS_CACERT"),
            *("JOBEVENTS_PROFILE", "JOBEVENTS_CONFIG", "JOBEVENTS_TOKEN_FILE", "XDG_STATE_HOME", "XDG_CACHE_HOME"),
            *("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSLKEYLOGFILE", "SSL_CERT_FILE", "JOBEVENTS_PUPPETDB_URL"),
            *("JOBEVENTS_PUPPETDB_CERT", "JOBEVENTS_PUPPETDB_KEY", "_JOBEVENTS_COMPLETE", "COMP_WORDS", "COMP_CWORD"),
        ]
    ),
    st.sampled_from(
        [
            *("", "x", "0", "1", BIG, "bash_complete", "zsh_source", "jobevents tail 3", "'", "foo://x", "http://[::1"),
            *(
                "socks5://127.0.0.1:1",
                "http://127.0.0.1:1",
                "[::1",
                "*",
                "~nobodyhere/x",
                "/nowhere/x",
                "fifo",
                "/dev/null",
            ),
            *("https://127.0.0.1:1", "UTC", "Mars/Phobos", "../../..", "dumb", "\udcff"),
        ]
    ).filter(lambda value: "\0" not in value),
    max_size=3,
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 20)
    | st.sampled_from(
        [10**25, 1e308, -0.0, "352", "", "failed", "\x1b]0;x\x07", "\u202e", "\ud800", "2016-05-05T19:50:06Z"]
    )
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = (
    *("items", "id", "name", "type", "timestamp", "message", "details", "node", "detail", "state", "node_count"),
    *(
        "node_states",
        "status",
        "options",
        "owner",
        "environment",
        "result",
        "next-events",
        "events",
        "created_timestamp",
    ),
    *("finished_timestamp", "duration", "kind", "msg", "plan_name", "version", "job", "out_message", "hash", "metrics"),
)
TYPES = ("node_running", "node_failed", "node_finished", "job_finished", "job_aborted", "plan_finished", "weird")
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES) | VALUES, "id": st.integers(-1, 9).map(str) | VALUES},
    optional={"details": VALUES | st.fixed_dictionaries({"node": st.sampled_from(["n1", "n2"]), "detail": VALUES})}
    | dict.fromkeys(("message", "timestamp"), VALUES),
)
DOCUMENTS = (
    st.dictionaries(st.sampled_from(KEYS), VALUES | st.lists(EVENTS, max_size=3), max_size=6)
    | st.fixed_dictionaries({"items": st.lists(EVENTS | VALUES, max_size=5)})
    | st.lists(EVENTS | VALUES, max_size=3)
    | VALUES
)
BODIES = (
    DOCUMENTS.map(lambda document: json.dumps(document).encode())
    | st.binary(max_size=40)
    | st.sampled_from(
        [
            *(b"", b"{", b"[" * 5000, b'{"items": [', b'{"items": [{"id": ' + BIG.encode() + b"}]}", b"\xff\xfe"),
            *(
                b'{"name": "' + BIG.encode() + b'"}',
                b'{"duration": 1e400, "state": "failed"}',
                b"[NaN]",
                b"<html>no</html>",
            ),
        ]
    )
)
HEADERS = st.lists(
    st.sampled_from(
        [
            *(
                "Content-Type: application/json",
                "Content-Encoding: gzip",
                "Transfer-Encoding: chunked",
                "Connection: close",
            ),
            *("Retry-After: 0", f"Retry-After: {BIG}", "Retry-After: Mon, 01 Jan 99999999999999999999 00:00:00 GMT"),
            *(
                "Date: Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
                "Date: x",
                "Location: https://[::1",
                "Location: /x",
            ),
            *("Content-Length: 5", "Content-Length: -1", f"Content-Length: {BIG}", "X: \x80", ": x", "no colon"),
        ]
    ),
    max_size=3,
)
STATUSES = st.sampled_from([200] * 8 + [101, 204, 301, 400, 401, 403, 404, 429, 500, 503, 600, 0])
TOKEN_FORMS = (
    TOKEN,
    "".join(f"\\u{ord(character):04x}" for character in TOKEN),
    f"<b>{TOKEN[:5]}</b>{TOKEN[5:]}",
    TOKEN.upper(),
)


class Responses(socketserver.StreamRequestHandler):
    """Sends the next of the planned responses to each request, whatever it is."""

    planned: ClassVar[list[bytes]] = []
    count: ClassVar[int] = 0
    timeout = 5

    def handle(self) -> None:
        """Read one request and answer it."""
        while line := self.rfile.readline():
            if line in (b"\r\n", b"\n"):
                break
        if self.planned:
            type(self).count += 1
            self.wfile.write(self.planned[self.count % len(self.planned)])


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """A response: most of them well formed, a few not even HTTP."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.binary(max_size=60))
    status, body, headers = draw(STATUSES), draw(BODIES), draw(HEADERS)
    if status != 200 and draw(st.booleans()):
        body = f'{{"kind": "x/y", "msg": "not valid: {draw(st.sampled_from(TOKEN_FORMS))}"}}'.encode()
    if not any(name.startswith(("Content-Length", "Transfer")) for name in headers) and draw(st.integers(0, 4)):
        headers.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([f"HTTP/1.1 {status} Any", *headers, "", ""])
    return head.encode("latin-1") + body


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """A command with its own options, with values of every kind; sometimes a subcommand, sometimes nonsense."""
    name = draw(st.sampled_from(list(COMMANDS)) | WORDS)
    command = group.get_command(click.Context(group), name)
    words = [name]
    if isinstance(command, click.Group):
        sub = draw(st.sampled_from([*command.commands, "nonsense"]))
        words.append(sub)
        command = command.commands.get(sub)
    options = [option for option in command.params if isinstance(option, click.Option)] if command else []
    for option in draw(st.lists(st.sampled_from(options), max_size=3)) if options else ():
        words.append(draw(st.sampled_from([*option.opts, *option.secondary_opts])))
        if not option.is_flag:
            words.append(draw(WORDS))
    rest = draw(st.lists(st.just("352") | WORDS, max_size=3))
    if name == "forward":
        rest = ["--", draw(st.sampled_from(["true", "false", "cat", "/nowhere"]))]
    if name == "demo":
        words.append("--help")
    return [word.replace("\0", "") for word in (*words, *rest)]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Iterator[Path]:
    """The folder in which the program runs: a home with a token, and files that it cannot use."""
    home = tmp_path / "home"
    (home / ".puppetlabs" / "client-tools").mkdir(parents=True)
    (home / ".puppetlabs" / "token").write_text(TOKEN)
    (home / ".puppetlabs" / "token").chmod(0o600)
    (home / "broken.json").write_text("{")
    (home / "token").write_text("two words")
    os.mkfifo(home / "fifo")
    before = Path.cwd()
    os.chdir(home)
    yield home
    os.chdir(before)


@pytest.fixture(name="url")
def _url() -> Iterator[str]:
    """A server that gives planned responses."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Responses) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _check(folder: Path, arguments: list[str], variables: dict[str, str], stdin: bytes = b"") -> None:
    """Run the program; it must end with a known status, without showing or keeping the token."""
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"], "TZ": "UTC", **variables}
    ran = run_forked(arguments, environment, stop_after=STOP_AFTER, stdin=stdin)
    assert ran.status in ALLOWED, ran.err
    assert "Traceback" not in ran.err
    assert TOKEN not in ran.out + ran.err
    assert not files_with(TOKEN, folder, besides=folder / ".puppetlabs" / "token")


def _check_command_lines(folder: Path, url: str) -> Any:
    @given(command_lines(), ENVIRONMENT, st.binary(max_size=30))
    def check(arguments: list[str], variables: dict[str, str], stdin: bytes) -> None:
        Responses.planned = [b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"items":[]}']
        _check(folder, arguments, {"JOBEVENTS_URL": url, **variables}, stdin)

    return check


def _check_responses(folder: Path, url: str) -> Any:
    commands = st.sampled_from(
        [
            *(
                "tail 352 --timeout 0.1",
                "tail 352 --json --retry-for 0",
                "list 352",
                "list 352 --json",
            ),
            *(
                "jobs",
                "jobs --json",
                "jobs --plans",
                "show 352",
                "show 352 --json",
                "show 352 --format junit",
                "doctor",
            ),
            *("show 352 --format markdown", "show plan/12", "show 352 --node n1", "list plan/12", "tail latest -q"),
            *("tail --all --timeout 0.1", "tail plan/12 --timeout 0.1", "tail 352 353 --resume --timeout 0.1"),
            *(
                "why 352",
                "why latest",
                "why plan/12 --json",
                "changes 352",
                "tail 352 --why --timeout 0.1",
                "forward -- true",
            ),
        ]
    )

    @given(commands, st.lists(responses(), min_size=1, max_size=4))
    def check(line: str, planned: list[bytes]) -> None:
        Responses.planned = planned
        _check(folder, line.split(), {"JOBEVENTS_URL": url, "JOBEVENTS_PUPPETDB_URL": url})

    return check


def _check_files(folder: Path, url: str) -> Any:
    keys = ("url", "token-file", "cacert", "default-profile", "interval", "timeout", "time", "color", "progress")
    toml_values = st.sampled_from(
        [
            *("1", "-1", "1.5", "nan", "1e400", BIG, f"0x{'f' * 5000}", "true", "[1]", "{a = 1}", '""', '"x"', '"utc"'),
            *(
                '"a\\u0000b"',
                '"\\uD7FF"',
                '"~nobodyhere/x"',
                '"fifo"',
                '"https://a..b"',
                '"p"',
                "1979-05-27",
                "[" * 3000,
                "'\x80'",
            ),
        ]
    )
    lines = st.tuples(st.sampled_from([*keys, "profiles", "puppetdb-url", "puppetdb-cert"]), toml_values)
    toml = st.lists(lines.map(" = ".join) | st.sampled_from(["[profiles.p]", "[profiles]", "=", "\x00"]), max_size=4)
    names = st.sampled_from(["service-url", "token-file", "cacert", "server_urls", "cert", "key"])
    tables = VALUES | st.dictionaries(names, VALUES)
    json_files = BODIES | tables.map(lambda table: json.dumps({"options": table, "puppetdb": table}).encode())
    rows = st.lists(st.tuples(VALUES, VALUES, VALUES, VALUES), max_size=3)
    commands = st.sampled_from(
        [
            *("tail 352 --resume --timeout 0.1", "tail --all --resume --timeout 0.1", "tail", "doctor", "jobs"),
            *("config show", "config unset url", "config set interval 2"),
            *("config set default-profile p", "why 352", "forward -- true"),
        ]
    )

    variables = st.sampled_from([{}, {"JOBEVENTS_URL": url}])

    @given(commands, toml, st.tuples(json_files, json_files), BODIES | rows, variables)
    def check(line: str, config: list[str], confs: tuple[bytes, bytes], kept: Any, named: dict[str, str]) -> None:
        Responses.planned = [b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"]
        (folder / "config.toml").write_text("\n".join(config), encoding="utf-8", errors="surrogatepass")
        (folder / ".puppetlabs" / "client-tools" / "orchestrator.conf").write_bytes(confs[0])
        (folder / ".puppetlabs" / "client-tools" / "puppetdb.conf").write_bytes(confs[1])
        _keep(folder / "state" / "jobevents", url, kept)
        own = {
            "JOBEVENTS_CONFIG": str(folder / "config.toml"),
            "XDG_STATE_HOME": str(folder / "state"),
        }
        _check(folder, line.split(), {**own, **named})

    return check


def _keep(state: Path, url: str, kept: bytes | list[tuple[Any, ...]]) -> None:
    """Let the file of positions be *kept*, or a whole one with these values in its rows."""
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    if isinstance(kept, bytes):
        (state / NAME).write_bytes(kept)
        return
    with closing(open_database(state)) as database, transaction(database):
        for number, values in enumerate(kept):
            low, seen, counts, ended = (value if type(value) in (str, int) else json.dumps(value) for value in values)
            for owner in ("tail 352", "tail --all", "forward default"):
                row = (owner, url, "job", 352 + number, low, seen, counts, 0, ended, 0)
                with suppress(OverflowError, UnicodeEncodeError):  # SQLite takes less than JSON
                    database.execute("INSERT INTO position VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
                    database.execute(
                        "INSERT OR REPLACE INTO search VALUES (?, ?, ?, ?, ?)", (owner, url, "job", low, seen)
                    )


CHECKS = {_check_command_lines: 40, _check_responses: 10, _check_files: 15}
"""Each check with the number of runs that takes it two seconds or so."""


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_makes_it_exit_with_1_or_hang_or_tell_the_token(folder: Path, url: str, check: Any) -> None:
    """Arbitrary command lines, environments, files, responses and headers."""
    settings(FUZZ, max_examples=CHECKS[check])(check(folder, url))()


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
def test_nothing_does_in_many_runs(folder: Path, url: str, check: Any) -> None:
    """The same with forty times as many runs."""
    settings(FUZZ, max_examples=40 * CHECKS[check])(check(folder, url))()
