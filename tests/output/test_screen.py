"""What a person at a terminal sees, on a real pseudo-terminal."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import misbehaving
from support.misbehaving import TestServer
from support.program import Home
from support.samples import readme_job
from support.terminal import Terminal

from jobevents_cli.demo.scripted_jobs import ScriptedJob, written

Serve = Callable[..., TestServer]
Golden = Callable[[str, str], None]
CURSOR = re.compile(rb"\x1b\[[0-9;?]*[A-HJKSTfhlsu]")


class Stage:
    """A job that is played by hand: each event is visible once it is told."""

    def __init__(self, *nodes: str) -> None:
        self.job = ScriptedJob(352, nodes, time.time(), "failed")

    def tell(self, word: str) -> None:
        """Make `node:kind` or `job:kind` happen now."""
        misbehaving.publish(self.job, word, len(self.job.timeline) + 1)
        self.job.timeline[-1][1]["timestamp"] = written(time.time())


@pytest.fixture(name="stage")
def _stage() -> Stage:
    """A job on four nodes of which three have begun and one has failed."""
    stage = Stage("web1", "web2", "db1", "app1")
    for word in ("web1:running", "web2:running", "db1:running", "web1:finished", "db1:failed"):
        stage.tell(word)
    return stage


def _tail(home: Home, server: TestServer, *options: str, columns: int = 100, rows: int = 24) -> Terminal:
    command = ["jobevents", "tail", "352", "--interval", "0.1", "--time", "none", *options]
    environment = home.with_(JOBEVENTS_URL=server.url).environment
    return Terminal(command, columns=columns, rows=rows, environment=environment)


def _still(text: str) -> str:
    """The *text* without what depends on the time that passed."""
    return re.sub(r"\b(\d+m)?\d+s\b", lambda match: "0s".rjust(len(match[0])), text)


def test_the_footer_tells_how_far_the_job_is(home: Home, serve: Serve, stage: Stage, golden: Golden) -> None:
    """Below the events: a bar of nodes done, counts by state, the time, and who runs longest."""
    with _tail(home, serve(stage.job)) as terminal:
        terminal.wait_for(lambda t: "db1 is failed" in t.text and "▶ 1" in t.text)
        golden("screen-running.txt", _still(terminal.text) + "\n")
        stage.tell("job:stopping")
        terminal.wait_for(lambda t: any("2/4  stopping" in line for line in t.lines))
        stage.tell("web2:finished")
        stage.tell("app1:skipped")
        stage.tell("job:finished")
        assert terminal.wait_for_end() == 3
        golden("screen-ended.txt", _still(terminal.text) + "\n")


@pytest.mark.parametrize("columns", [25, 30, 40, 60])
def test_a_narrow_terminal(home: Home, serve: Serve, stage: Stage, columns: int) -> None:
    """The bar gives way first, and fills what the facts leave; no line of the footer ever wraps."""
    with _tail(home, serve(stage.job), columns=columns) as terminal:
        terminal.wait_for(lambda t: "2/4  ✔ 1  ✘ 1  ▶ 1" in t.text and "failed: db1" in t.text)
        first, second, third = terminal.text.splitlines()[-3:]
        bar = re.fullmatch(r"(━*─*) *2/4  ✔ 1  ✘ 1  ▶ 1(   \d+s|  …)", first)
        assert bar is not None, terminal.text
        assert re.fullmatch(r"running: web2 \d+s", second)
        assert third == "failed: db1"
        if columns < 40:
            assert bar[1] == ""
        elif columns == 60:
            assert bar[1] == "━" * 15 + "─" * 15
        else:
            assert len(first) == columns - 1


def test_no_trace_is_left(home: Home, serve: Serve) -> None:
    """On a small screen that scrolls for long, nothing of the footer remains, neither on it nor above."""
    server = serve(misbehaving.big_job(300))
    with _tail(home, server, rows=10) as terminal:
        assert terminal.wait_for_end() == 0
        everything = terminal.scrolled + terminal.lines
    events = [line for line in everything if re.match("[▶✔●]", line)]
    assert len(events) == 601
    assert not [line for line in everything if "━" in line or line.startswith("running:")]


def test_a_resize_keeps_the_events(home: Home, serve: Serve, stage: Stage) -> None:
    """Made narrower and wider, the screen keeps one footer, and every event line."""
    with _tail(home, serve(stage.job), rows=30) as terminal:
        terminal.wait_for(lambda t: "running: web2" in t.text)
        for columns in (45, 90):
            terminal.resize(columns, 30)
            before = len(terminal.raw)
            terminal.wait_for(lambda t, before=before: len(t.raw) > before + 100)  # type: ignore[misc]
        text = terminal.text
        assert text.count("running: web2") == 1
        assert text.count("2/4") == 1
        assert len([line for line in terminal.lines if re.match("[▶✔✘]", line)]) == 5


def test_ctrl_c_leaves_a_clean_screen(home: Home, serve: Serve, stage: Stage) -> None:
    """Ctrl-C: the footer is erased, the hint says how to continue, 130."""
    with _tail(home, serve(stage.job)) as terminal:
        terminal.wait_for(lambda t: "running: web2" in t.text)
        terminal.type("\x03")
        assert terminal.wait_for_end() == 130
        assert "running:" not in terminal.text
        assert "▶ running  job 352" in terminal.text
        assert "jobevents tail 352 --start 6" in terminal.text


def test_ctrl_c_below_a_full_line_leaves_no_trace(home: Home, serve: Serve) -> None:
    """The terminal's own ^C behind a footer as wide as the screen does not push it out of reach."""
    stage = Stage(f"node.{'department.' * 5}example.com", *(f"node{number}" for number in range(4)))
    for node in stage.job.nodes:
        stage.tell(f"{node}:running")
    with _tail(home, serve(stage.job), "-n", "0", columns=60) as terminal:
        terminal.wait_for(lambda t: any(len(line) >= 58 and line.startswith("running:") for line in t.lines))
        terminal.type("\x03")
        assert terminal.wait_for_end() == 130
        assert "0/5" not in terminal.text
        assert "running:" not in terminal.text


def test_contact_lost_and_back(home: Home, serve: Serve, stage: Stage) -> None:
    """The footer says while contact is lost; the notices stand above it."""
    server = serve(stage.job)
    with _tail(home, server) as terminal:
        terminal.wait_for(lambda t: "running: web2" in t.text)
        server.faults[0] = misbehaving.status(503)
        terminal.wait_for(lambda t: "  contact lost" in t.text)
        del server.faults[0]
        terminal.wait_for(lambda t: "contact is back after" in t.text and "  contact lost" not in t.text)


def test_thousands_of_nodes(home: Home, serve: Serve) -> None:
    """5,000 nodes make the footer no longer."""
    stage = Stage(*(f"node{number}" for number in range(5000)))
    for number in range(3000):
        stage.tell(f"node{number}:running")
    with _tail(home, serve(stage.job), "-n", "0") as terminal:
        terminal.wait_for(lambda t: "0/5000  ▶ 3000" in t.text)
        header, _, running = (line for line in terminal.lines if line)
        assert header.startswith("Job 352 · ")
        assert re.match(r"running: node0 \d+s, node1 \d+s, node2 \d+s, ", running)


def test_no_cursor_code_reaches_a_pipe(home: Home, serve: Serve, stage: Stage) -> None:
    """Whatever FORCE_COLOR and --progress say, a pipe gets colours at most."""
    stage.tell("job:finished")
    forced = home.with_(FORCE_COLOR="1", CLICOLOR_FORCE="1", TTY_COMPATIBLE="1")
    ran = forced.run("tail", "352", "--progress", "--url", serve(stage.job).url)
    assert ran.status == 3
    assert "\x1b[" in ran.out
    assert not CURSOR.search((ran.out + ran.err).encode())


@pytest.mark.parametrize("target", ["| cat", "> >(cat)", "| cat > file"])
def test_no_footer_beside_a_pipe(home: Home, serve: Serve, stage: Stage, target: str) -> None:
    """The reader of a pipe may write to the same terminal: no footer disturbs it."""
    command = f"cd {home.folder}; jobevents tail 352 --json --interval 0.1 --url {serve(stage.job).url} {target}"
    stage.tell("job:finished")
    with Terminal(["bash", "-c", command], environment=home.environment) as terminal:
        terminal.wait_for(lambda t: "✘ failed  job 352" in t.text)
        terminal.wait_for_end()
        assert not CURSOR.search(terminal.raw)


def test_a_footer_beside_dev_null(home: Home, serve: Serve, stage: Stage) -> None:
    """Standard output is /dev/null: the footer is all there is to see."""
    command = f"jobevents tail 352 --interval 0.1 --url {serve(stage.job).url} > /dev/null"
    with Terminal(["bash", "-c", command], environment=home.environment) as terminal:
        terminal.wait_for(lambda t: "2/4" in t.text and "running: web2" in t.text)
        terminal.type("\x03")
        assert terminal.wait_for_end() == 130
        assert "2/4" not in terminal.text


def test_the_footer_stands_on_standard_error_while_the_events_go_elsewhere(
    home: Home, serve: Serve, stage: Stage, tmp_path: Path
) -> None:
    """With standard output in a file, the terminal shows the footer and the file holds JSON alone."""
    file = tmp_path / "events.json"
    command = f"jobevents tail 352 --json --interval 0.1 --url {serve(stage.job).url} > {file}"
    with Terminal(["bash", "-c", command], environment=home.environment) as terminal:
        terminal.wait_for(lambda t: "2/4" in t.text and "▶ 1" in t.text)
        stage.tell("job:finished")
        assert terminal.wait_for_end() == 3
        assert "✘ failed  job 352" in terminal.text
    assert [json.loads(line)["id"] for line in file.read_text().splitlines()] == ["1", "2", "3", "4", "5", "6"]


def test_no_progress_removes_the_footer_only(home: Home, serve: Serve, stage: Stage) -> None:
    """`--no-progress`: header, colours and summary, but no footer and no movement of the cursor."""
    stage.tell("job:finished")
    with _tail(home, serve(stage.job), "--no-progress") as terminal:
        assert terminal.wait_for_end() == 3
        assert terminal.lines[0].startswith("Job 352 · ")
        assert re.search("✘ failed +job 352", terminal.text)
        assert "Why: jobevents why 352" in terminal.text
        assert not CURSOR.search(terminal.raw)
        assert b"\x1b[32m" in terminal.raw


def test_a_report_is_a_link(home: Home, serve: Serve) -> None:
    """On a terminal a failure's whole address is a row of its own and a hyperlink; elsewhere it ends the line."""
    server = serve(readme_job())
    link = "https://pe.example.com/#/run/jobs/352/nodes/db01.example.com/report"
    with _tail(home, server, columns=60) as terminal:
        terminal.wait_for_end()
        assert f"\x1b]8;;{link}\x1b\\".encode() in terminal.raw
        assert link[:60] in terminal.lines
    lines = home.run("list", "352", "--color", "always", "--url", server.url).out.splitlines()
    assert [line for line in lines if line.endswith(f"  {link}")]
