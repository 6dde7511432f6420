"""The recipes of jobevents-forward(1), run as they are against the real receivers, where these are installed."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from documents import forward_recipes as recipes
from support.misbehaving import TestServer, big_job, job, publish
from support.program import PROGRAM, Home, wait_until

pytestmark = pytest.mark.slow
Serve = Callable[..., TestServer]
QUICK = ("--interval", "0.1", "--batch-wait", "0.1", "--batch-events", "100")


def _needs(*programs: str) -> pytest.MarkDecorator:
    missing = [name for name in programs if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def _arguments(recipe: str, replaced: dict[str, str]) -> list[str]:
    """The arguments of the recipe's `jobevents`, with other paths and addresses."""
    for old, new in replaced.items():
        assert old in recipe
        recipe = recipe.replace(old, new)
    name, *arguments = shlex.split(recipe.replace("\\\n", " "))
    assert name == "jobevents"
    return arguments


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _started(*command: str) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def _jobs_and_ids(path: Path) -> list[tuple[str, int]]:
    lines = path.read_text().splitlines() if path.exists() else []
    events = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    return [(event["job"], int(event["id"])) for event in events]


def _forward(home: Home, url: str, arguments: list[str]) -> Any:
    command, *rest = arguments
    assert command == "forward"
    return home.start("forward", "--since", "1", "--url", url, *QUICK, *rest)


def _stop(live: Any) -> str:
    live.signal(signal.SIGTERM)
    ran = live.finish()
    assert ran.status == 143
    return str(ran.err)


def test_a_file(home: Home, serve: Serve) -> None:
    """Every event is in it; it can be rotated."""
    path = home.folder / "log"
    server = serve(job("n1:running", job_id=1))
    live = _forward(home, server.url, _arguments(recipes.FILE, {"/var/log/jobevents.jsonl": str(path)}))
    wait_until(lambda: _jobs_and_ids(path) == [("1", 1)])
    path.rename(home.folder / "log.1")
    publish(server.orchestrator.jobs[1], "n1:finished", 2)
    wait_until(lambda: _jobs_and_ids(path) == [("1", 2)])
    assert _stop(live) == "Interrupted by SIGTERM.\n"


NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;
events {{}}
http {{
    access_log off;
    log_format body escape=none $request_body;
    client_body_buffer_size 8m; client_max_body_size 8m; client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            if (-f {folder}/down) {{ return 503; }}
            access_log {folder}/log body;
            proxy_pass http://127.0.0.1:{behind};
        }}
    }}
    server {{ listen 127.0.0.1:{behind}; return 204; }}
}}
"""


@_needs("nginx", "curl")
@pytest.mark.parametrize(
    ("recipe", "address"),
    [
        (recipes.VECTOR, "http://vector.example.com:8080"),
        (recipes.SPLUNK, "https://splunk.example.com:8088"),
    ],
)
def test_curl_to_an_endpoint_that_is_down_for_a_while(home: Home, serve: Serve, recipe: str, address: str) -> None:
    """503 for a while: one notice as it begins, one when it is over, and every event arrives once."""
    folder, port = home.folder / "nginx", _free_port()
    folder.mkdir()
    (folder / "conf").write_text(NGINX.format(folder=folder, port=port, behind=_free_port()))
    header = home.folder / "header"
    header.write_text("Authorization: Splunk 0000\n")
    replaced = {address: f"http://127.0.0.1:{port}"}
    if recipe == recipes.SPLUNK:
        replaced["/etc/jobevents/splunk-header"] = str(header)
    with _started(shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx", "-c", str(folder / "conf")):
        wait_until(lambda: _listens(port))
        one = big_job(120, job_id=1)
        server = serve(one, job("n1:running", job_id=2, first=1000))
        live = _forward(home, server.url, _arguments(recipe, replaced))
        wait_until(lambda: len(_jobs_and_ids(folder / "log")) == 242)
        (folder / "down").touch()
        publish(server.orchestrator.jobs[2], "n1:finished", 1001)
        time.sleep(3)
        (folder / "down").unlink()
        wait_until(lambda: ("2", 1001) in _jobs_and_ids(folder / "log"))
        publish(server.orchestrator.jobs[2], "job:finished", 1002)
        wait_until(lambda: ("2", 1002) in _jobs_and_ids(folder / "log"))
        told = _stop(live).splitlines()
    assert "curl exited with 22: curl: (22) The requested URL returned error: 503" in told[0]
    assert "curl takes batches again after" in told[1]
    assert len(told) == 3
    got = _jobs_and_ids(folder / "log")
    assert len(got) == len(set(got)) == 244


@_needs("curl", "jq", "bash")
def test_loki_gets_what_it_expects(home: Home, serve: Serve) -> None:
    """The recipe's jq makes Loki's push format: streams with the event's own time in nanoseconds and the line."""
    bodies: list[Any] = []

    class Loki(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Loki) as loki:
        threading.Thread(target=loki.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{loki.server_address[1]}"
        arguments = _arguments(recipes.LOKI, {"http://loki.example.com:3100": url})
        one = job("n1:running", "n1:finished", job_id=1)
        one.timeline[1][1]["timestamp"] = "no time"
        one.timeline[1][1]["message"] = 'a "quoted" \\ \u20ac'
        live = _forward(home, serve(one).url, arguments)
        wait_until(lambda: bodies)
        assert _stop(live) == "Interrupted by SIGTERM.\n"
        loki.shutdown()
    path, body = bodies[0]
    assert path == "/loki/api/v1/push"
    (stream,) = body["streams"]
    assert stream["stream"] == {"service_name": "jobevents"}
    (at, line), (now, other) = stream["values"]
    assert at == "1480000001000000000"
    assert json.loads(line)["id"] == "1"
    assert abs(int(now) / 1e9 - time.time()) < 60
    assert json.loads(other)["message"] == 'a "quoted" \\ \u20ac'


@_needs("rsyslogd")
@pytest.mark.skipif(not list(Path("/usr/lib").glob("*/rsyslog/imrelp.so")), reason="needs rsyslog-relp")
def test_rsyslog_over_relp(home: Home, serve: Serve) -> None:
    """The server is down for a while, and killed: every event is in its file, as it was."""
    log, port = home.folder / "log", _free_port()
    configuration = home.folder / "rsyslog.conf"
    text = recipes.RSYSLOG_CONFIGURATION.replace('"2514"', f'"{port}"').replace("/var/log/jobevents.jsonl", str(log))
    configuration.write_text(f'global(workDirectory="{home.folder}")\n{text}')
    sender = home.folder / "relp-send"
    sender.write_text(recipes.RELP_SEND)
    sender.chmod(0o755)
    replaced = {"/usr/local/bin/relp-send": str(sender), "rsyslog.example.com 2514": f"127.0.0.1 {port}"}
    rsyslogd = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin") or "rsyslogd"
    run = (rsyslogd, "-n", "-f", str(configuration), "-i", str(home.folder / "pid"))
    running = job("n1:running", job_id=2, first=1000)
    running.timeline[0][1]["message"] = "x" * 9000 + ' "ß"'
    server = serve(big_job(150, job_id=1), running)
    live = _forward(home, server.url, _arguments(recipes.RELP, replaced))
    time.sleep(1)
    with _started(*run) as process:
        wait_until(lambda: len(set(_jobs_and_ids(log))) == 302)
        process.kill()
    publish(running, "n1:finished", 1001)
    time.sleep(1)
    with _started(*run):
        wait_until(lambda: ("2", 1001) in _jobs_and_ids(log))
        told = _stop(live).splitlines()
    assert "refused" in told[0].lower()
    assert set(_jobs_and_ids(log)) == {("1", number) for number in range(1, 302)} | {("2", 1000), ("2", 1001)}
    (long,) = [line for line in log.read_text().splitlines() if "truncated" in line]
    assert json.loads(long)["truncated"] is True


@_needs("systemd-analyze")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    """`systemd-analyze verify` says nothing about it."""
    unit = tmp_path / "jobevents-forward.service"
    unit.write_text(recipes.UNIT.replace("/usr/local/bin/jobevents", str(PROGRAM)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_units_command_is_valid(home: Home) -> None:
    """Its options exist: only the token that it names is missing here."""
    line = recipes.UNIT.split("ExecStart=", 1)[1].split("\nUser=", 1)[0].replace("\\\n", " ")
    ran = home.run(*shlex.split(line)[1:])
    assert ran.status == 4
    assert "/var/lib/jobevents/token" in ran.err
    assert sys.platform != "linux" or ran.out == ""
