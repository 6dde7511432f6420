"""`jobevents demo`: all of jobevents with Python alone."""

import re
import signal
import socket
import subprocess
from collections.abc import Callable

import pytest
from support.program import Home, Live


def test_the_demo_is_a_tail_of_a_job_that_fails(home: Home) -> None:
    """`demo` follows a job to its end, exits with 3, and leaves no file behind."""
    (home.folder / ".puppetlabs" / "token").unlink()
    ran = home.run("demo", "--speed", "30")
    assert ran.status == 3
    assert len(re.findall("node_|failed ", ran.out)) >= 5
    assert "14 nodes" in ran.err
    assert "Notice" not in ran.err
    assert "5 of 14 nodes failed, 1 skipped: 2 causes" in ran.err
    assert "3 nodes  Exec[migrate]  profile/manifests/db.pp:14" in ran.err
    assert "2 nodes  no catalog" in ran.err
    assert "Again:   puppet job run --nodes " in ran.err
    assert [path.name for path in home.folder.rglob("*") if path.is_file()] == []


def test_a_plan_that_catches_a_failure(home: Home) -> None:
    """`demo --plan`: the plan succeeds, so the exit status is 0, although one of its jobs failed; the causes follow."""
    ran = home.run("demo", "--plan", "--speed", "20")
    assert ran.status == 0
    assert "Rolling out to 2 web servers" in ran.out
    assert "schema locked" in ran.err


def test_what_is_configured_does_not_count(home: Home) -> None:
    """The demo follows its own orchestrator, whatever the environment says."""
    elsewhere = home.with_(
        JOBEVENTS_URL="https://pe.example.com", JOBEVENTS_CACERT="/nowhere", JOBEVENTS_CONFIG="/nowhere"
    )
    assert elsewhere.run("demo", "--speed", "30", "--nodes", "3").status == 3


@pytest.mark.parametrize("nodes", ["0", "10001", "9" * 5000, "x"])
def test_a_number_of_nodes_that_is_no_use(home: Home, nodes: str) -> None:
    """It is a usage error that names the option."""
    ran = home.run("demo", "--nodes", nodes)
    assert ran.status == 2
    assert "--nodes" in ran.err


@pytest.mark.parametrize("port", ["70000", "-1", "x"])
def test_a_port_that_does_not_exist(home: Home, port: str) -> None:
    """It is a usage error that names the option."""
    ran = home.run("demo", "--serve", "--port", port)
    assert ran.status == 2
    assert "--port" in ran.err


def test_a_port_that_is_in_use(home: Home) -> None:
    """It is a usage error that names the port and says why."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = home.run("demo", "--serve", "--port", str(port))
    assert ran.status == 2
    assert ran.err.startswith(f"Error: --port {port}: Address already in use\n")


def test_options_that_contradict(home: Home) -> None:
    """`--port` without `--serve`, and `--plan` with it, are usage errors that name both options."""
    for options in (["--port", "8143"], ["--plan", "--serve"]):
        ran = home.run("demo", *options)
        assert ran.status == 2
        assert "--serve" in ran.err
        assert options[0] in ran.err


@pytest.fixture(name="second")
def _second(home: Home) -> Callable[[Live], Home]:
    """A second terminal with what the served demo printed."""

    def second(live: Live) -> Home:
        lines = [live.line() for _ in range(3)]
        variables = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
        assert list(variables) == ["JOBEVENTS_URL", "JOBEVENTS_TOKEN", "JOBEVENTS_PUPPETDB_URL"]
        return home.with_(**variables)

    return second


def test_a_second_terminal(home: Home, second: Callable[[Live], Home]) -> None:
    """`demo --serve` prints all that a second terminal needs, and what to try there, until a signal ends it."""
    live = home.start("demo", "--serve")
    try:
        other = second(live)
        assert other.run("tail", "352", "-q").status == 3
        assert "stopped" in other.run("jobs").out
        assert "Exec[migrate]" in other.run("why", "352").out
        checked = [line.split()[0] for line in other.run("doctor").out.splitlines()]
        assert set(checked) == {"✔"}
        assert other.run("show", "plan/12", "--exit-status").status == 0
    finally:
        live.signal(signal.SIGTERM)
    ran = live.finish()
    assert ran.status == 143
    assert "jobevents why 352" in ran.err


def test_the_lines_can_be_pasted(home: Home) -> None:
    """A shell that evaluates what `demo --serve` prints is ready to use."""
    script = """
        coproc jobevents demo --serve 2>/dev/null
        for _ in 1 2 3; do read -r line <&"${COPROC[0]}"; eval "$line"; done
        jobevents tail 352 -q; echo "status $?"
        kill $COPROC_PID
    """
    ran = subprocess.run(["bash", "-c", script], env=home.environment, capture_output=True, text=True, check=False)
    assert "status 3" in ran.stdout
