"""Failures as they really came, from public bug reports and recorded runs, each with the right answer.

The names, addresses and values are made up, the shapes are not.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import pytest
from support.case_server import CaseServer
from support.program import PROGRAM, Home

CASES = Path(__file__).parent / "cases"

Serve = Callable[[str], CaseServer]


@dataclass(frozen=True)
class Right:
    """The right answer: how many nodes each cause has, what is said, and what is not."""

    name: str
    nodes: list[int]
    says: tuple[str, ...]
    not_says: tuple[str, ...] = ()
    again: str | None = "puppet job run --nodes "
    job: str = "352"

    def __str__(self) -> str:
        return self.name


RIGHT = [
    Right("p01-journald-short-host", [3], ("Invalid command 'ProxyPas'", "apache/manifests/service.pp:48")),
    Right(
        "p03-task-error-beside-_error",
        [1, 1],
        ("login of app refused", "the server is down"),
        ("The task failed with exit code",),
        "puppet task run 'db::sql' --nodes ",
    ),
    Right("p04-task-error-key-only", [1], ("login of app refused",), again="puppet task run 'db::sql' --nodes "),
    Right(
        "p06-task-string-exitcode",
        [2, 1, 1, 1],
        (
            "exit 100\n         This node is blocked",
            "No package run was seen",
            "TIMEOUT AFTER 3600 seconds",
            "web06.example.com is not connected to the PCP broker",
        ),
        ("Task exited", "web05"),
        "puppet task run 'app::patch' --nodes ",
    ),
    Right("p07-task-exitcode-2-is-success", [1], ("Could not retrieve catalog", "web03"), ("web01", "exit 2"), None),
    Right(
        "p11-catalog-errors",
        [2, 2, 2, 2],
        (
            "Duplicate declaration: Package[git] is already declared at (file: …/base/manifests/packages.pp, line: 12)",
            "no parameter named 'active' (file: …/dns/manifests/init.pp, line: 48)",
            "Failed to execute '/pdb/query/v4'",
            "parameter 'ttl' expects an Integer value, got String (file: …/manifests/site.pp, line: 4, column: 3)",
        ),
        ("Evaluation Error", "skipping run", "on node"),
    ),
    Right("p12-catalog-network", [2, 1, 1, 1, 1], ("Connection refused", "certificate verify failed", "JRuby")),
    Right(
        "p13-dependency-cycle-real",
        [2],
        (
            "2 nodes  Found 1 dependency cycle:",
            "(Exec[reload app] => File[/srv/app/a.conf] => Exec[start app] => Class[App::Service] => Exec[reload app])",
            "3 resources: Exec[reload app], Exec[start app], File[/srv/app/a.conf]",
        ),
        ("--graph", "One or more"),
    ),
    Right(
        "p15-exec-long-output-real",
        [2, 2],
        ("relation orders does not exist", "unknown directive lissten", "app/m5.pp:1"),
    ),
    Right("p20-facter-noise", [2], ("2 nodes  Could not find a suitable provider for docker_volume",), ("Facter",)),
    Right(
        "p22-plan-apply-failure",
        [2],
        ("File[/srv/app]", "parent directory /srv does not exist"),
        again="puppet plan run 'app::rollout'",
        job="plan/12",
    ),
    Right(
        "p23-plan-apply-missing-puppet",
        [1],
        ("Puppet is not installed on the target",),
        again="puppet plan run 'app::rollout'",
        job="plan/12",
    ),
    Right(
        "p27-plan-error-text", [0], ("timeout of 600 seconds",), again="puppet plan run 'app::rollout'", job="plan/12"
    ),
    Right(
        "p29-plan-apply-with-job",
        [2],
        ("File[/srv/app]", "parent directory /srv does not exist"),
        ("resources failed",),
        again="puppet plan run 'app::rollout'",
        job="plan/12",
    ),
    Right("p30-pe2016-node-details", [1], ("Exec[migrate]  x/db.pp:14", "returned 3 instead of one of")),
    Right(
        "p31-task-terminal-output",
        [2, 1, 1, 1],
        ("Cannot find drive", "Error: checksum mismatch", "invalid UTF-8 on stdout", "100%"),
        ("\\x1b", "exit code 2", " 50%", "\ufeff"),
        "puppet task run 'app::deploy' --nodes ",
    ),
    Right("p39-journald-one-node-long", [1], ("FATAL: unknown key 'lissten'",)),
    Right("p40-noop-runs", [], ("Job 352: nothing went wrong\n",), again=None),
    Right(
        "p45-run-task-finished-exitcode-1",
        [2],
        ("the classifier script did not start", "2 finished with an error"),
        again=None,
    ),
    Right("p46-errored-agents", [2, 2, 1, 1, 1, 1, 1], ("Puppet agent is disabled", "Puppet::Type::Acl")),
    Right("p49-exec-output-differs", [3], ("does not have a Release file",)),
]


@pytest.fixture(name="serve_case")
def _serve_case() -> Iterator[Serve]:
    """Serves a case by its name, until the test ends."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(CaseServer(json.loads((CASES / f"{name}.json").read_text("utf-8"))))


def _at(home: Home, server: CaseServer) -> Home:
    return home.with_(JOBEVENTS_URL=server.url, JOBEVENTS_PUPPETDB_URL=server.url)


def _causes(home: Home, *arguments: str) -> list[dict[str, Any]]:
    ran = home.run("why", *arguments, "--json")
    assert (ran.status, ran.err) == (0, "")
    return [json.loads(line) for line in ran.out.splitlines()]


def _screen(home: Home, *arguments: str) -> str:
    """What *arguments* print on a screen of 80 by 24."""
    environment = {**home.environment, "TERM": "xterm", "NO_COLOR": "1"}
    environment.pop("COLUMNS")
    child = pexpect.spawn(
        str(PROGRAM), list(arguments), env=environment, dimensions=(24, 80), encoding="utf-8", timeout=30
    )
    child.expect(pexpect.EOF)
    return str(child.before)


@pytest.mark.parametrize("right", RIGHT, ids=str)
def test_why(right: Right, home: Home, serve_case: Serve) -> None:
    """Each failure has as many causes as it has reasons, and each reason is said."""
    home = _at(home, serve_case(right.name))
    ran = home.run("why", right.job)
    assert (ran.status, ran.err) == (0, "")
    assert [text for text in right.says if text not in ran.out] == []
    assert [text for text in right.not_says if text in ran.out] == []
    again = [line.removeprefix("Again:").strip() for line in ran.out.splitlines() if line.startswith("Again:")]
    assert len(again) == (right.again is not None)
    assert all(line.startswith(right.again or "") for line in again)
    assert [cause["count"] for cause in _causes(home, right.job)] == right.nodes


def test_saved_results_of_a_task(home: Home) -> None:
    """A task's result may have a key `status`: that makes it no Puppet run, and nothing is proposed."""
    saved = str(CASES / "p38-saved-task-status.jsonl")
    out = home.run("why", "--from", saved).out
    assert "2 of 3 nodes failed: 1 cause" in out
    assert "Error: Unable to find a match: nosuchpkg" in out
    assert "Again" not in out
    assert [cause["cause"] for cause in _causes(home, "--from", saved)] == ["task"]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_saved_answer_of_the_api(home: Home, indent: int | None) -> None:
    """The document that the API returns is read as well, on one line or on several."""
    document = json.loads((CASES / "p44-curl-of-events-line.json").read_bytes())
    saved = json.dumps(document, indent=indent).encode()
    for command in ("why", "list", "show"):
        ran = home.run(command, "--from", "-", input=saved)
        assert (ran.status, ran.err) == (0, "")
        assert "boom" in ran.out
    assert "1 cause" in home.run("why", "--from", "-", input=saved).out


def test_plans_are_explained_without_puppetdb(home: Home, serve_case: Serve) -> None:
    """What `apply` did on a target is in the plan's own result: PuppetDB is not asked."""
    for name in ("p22-plan-apply-failure", "p29-plan-apply-with-job"):
        server = serve_case(name)
        assert home.with_(JOBEVENTS_URL=server.url).run("why", "plan/12").err == ""
        assert server.queries == []


def test_the_reason_is_on_the_screen(home: Home, serve_case: Serve) -> None:
    """On 80 by 24 the line that tells most is shown, and how to see those that are not."""
    home = _at(home, serve_case("p39-journald-one-node-long"))
    screen = _screen(home, "why", "352")
    assert "FATAL: unknown key 'lissten'" in screen
    assert len(screen.splitlines()) < 24


def test_the_lines_that_tell_most_are_chosen(home: Home, serve_case: Serve) -> None:
    """Where not all lines fit, neither the first nor the last ones are shown, but those that say why."""
    screen = _screen(_at(home, serve_case("p15-exec-long-output-real")), "why", "352")
    assert "relation orders does not exist" in screen
    assert "more lines: jobevents why 352 --logs" in screen
    assert "Migrator.java:15" not in screen


def test_an_error_of_a_finished_node_counts_everywhere(home: Home, serve_case: Serve) -> None:
    """In the exit status, the summary, the hint, the filter, and as a failure in JUnit."""
    home = _at(home, serve_case("p45-run-task-finished-exitcode-1"))
    ran = home.run("tail", "352")
    assert ran.status == 3
    assert "2 finished (2 with an error)" in ran.err
    assert "Why: jobevents why 352" in ran.err
    out = home.run("list", "352", "--failures").out
    assert out.count("the classifier script did not start") == 2
    assert 'failures="2"' in home.run("show", "352", "--format", "junit").out
    assert home.run("show", "352", "--exit-status").status == 3


def test_changes_of_the_agent_s_task_are_no_error(home: Home, serve_case: Serve) -> None:
    """`puppet_agent::run` exits with 2 where it changed something."""
    home = _at(home, serve_case("p07-task-exitcode-2-is-success"))
    out = home.run("show", "352", "--format", "junit").out
    assert 'failures="1"' in out
    assert "web03" in home.run("list", "352", "--failures").out
    assert "web01" not in home.run("list", "352", "--failures").out


def test_the_same_line_in_a_list(home: Home, serve_case: Serve) -> None:
    """`list`, `show` and JUnit show the line of a task that `why` shows."""
    home = _at(home, serve_case("p06-task-string-exitcode"))
    for arguments in (("list", "352"), ("show", "352"), ("show", "352", "--format", "junit")):
        out = home.run(*arguments).out
        assert "exit 100: This node is blocked" in out
        assert "Task exited" not in out or "junit" in arguments
    home = _at(home, serve_case("p31-task-terminal-output"))
    assert "exit 2: Error: checksum mismatch" in home.run("list", "352").out
    home = _at(home, serve_case("p27-plan-error-text"))
    assert "timeout of 600 seconds reached" in home.run("list", "plan/12").out


def test_nodes_of_pe_2016(home: Home, serve_case: Serve) -> None:
    """Nodes of PE 2016 have details and no result."""
    out = _at(home, serve_case("p30-pe2016-node-details")).run("show", "352").out
    for what in ("unchanged", "changed 3 of 208", "failed 2 of 208"):
        assert what in out
    assert "report-url" not in out
    assert "web02.example.com" in out
