"""The footer in a real terminal that reflows: no event is lost, and nothing of the footer remains."""

import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import misbehaving
from support.misbehaving import TestServer
from support.program import Home, wait_until
from support.samples import readme_plan
from support.terminal import words
from support.tmux import Tmux

from jobevents_cli.demo.scripted_jobs import ScriptedJob, written

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

Serve = Callable[..., TestServer]


class Stage:
    """A running job: each event is visible once the test tells it."""

    def __init__(self, number: int = 352) -> None:
        self.job = ScriptedJob(number, tuple(f"node{at:03}.example.com" for at in range(200)), time.time(), "finished")
        self.told = 0
        for at in range(40):
            self._publish(f"node{at:03}.example.com:running")

    def say_safe(self, count: int = 5) -> None:
        """Let *count* more nodes finish."""
        for _ in range(count):
            self._publish(f"node{self.told:03}.example.com:finished")
            self.told += 1

    def end(self) -> None:
        """Let the job end."""
        self._publish("job:finished")

    def _publish(self, word: str) -> None:
        misbehaving.publish(self.job, word, len(self.job.timeline) + 1)
        self.job.timeline[-1][1]["timestamp"] = written(time.time())


def _command(server: TestServer, number: int = 352) -> str:
    return f"jobevents tail {number} --interval 0.1 --time none --url {server.url}"


def _window(home: Home, command: str, *, columns: int = 100, rows: int = 24) -> Tmux:
    return Tmux(home.folder, command, environment=home.environment, columns=columns, rows=rows)


def _shows_footer(window: Tmux) -> object:
    """The footer and the events that there are."""
    text = window.text
    return "running: node" in text and re.search("running +node039", text)


def _is_complete(window: Tmux, stage: Stage) -> None:
    """Every event is there once, and nothing of the footer is."""
    text = window.text
    assert re.findall(r"✔ finished +node(\d+)\.example\.com", text) == [f"{at:03}" for at in range(stage.told)], text
    assert len(re.findall(r"▶ running +node\d+\.example\.com", text)) == 40, text
    assert not re.search(r"[━─]{3}|^running: |^failed: |/200 ", text, re.MULTILINE), text


def _is_restored(window: Tmux) -> None:
    """The terminal is as it was found: nothing of it was changed."""
    assert window.shows_cursor
    assert window.echoes


@pytest.mark.parametrize("sizes", [(200, 60, 100, 40), (80, 40, 200, 60), (40, 100, 60, 80)], ids=str)
def test_a_resize_loses_nothing(home: Home, serve: Serve, sizes: tuple[int, ...]) -> None:
    """Narrowed and widened while events arrive, the terminal has every event, no footer, echo and a cursor."""
    stage = Stage()
    with _window(home, _command(serve(stage.job)), columns=sizes[0]) as window:
        window.wait_for(_shows_footer)
        for columns in sizes[1:]:
            window.resize(columns)
            stage.say_safe()
            window.wait_for(lambda w: f"finished  node{stage.told - 1:03}.example.com" in w.text)
        window.type("C-c")
        window.wait_for(lambda w: w.has_ended)
        _is_restored(window)
        _is_complete(window, stage)


def test_later_lines_fit_a_window_that_was_narrowed(home: Home, serve: Serve) -> None:
    """A text goes below, as in a window that was narrow from the start."""
    stage = Stage()
    with _window(home, _command(serve(stage.job)) + " --no-progress", columns=100) as window:
        window.wait_for(lambda w: "node039" in w.text)
        window.resize(60)
        stage.say_safe(1)
        # How long the node took depends on the machine.
        row = r"✔ finished  node000\.example\.com +\d+s\n {10}node000\.example\.com is finished$"
        window.wait_for(lambda w: re.search(row, w.text, re.MULTILINE))


def test_a_low_window_loses_nothing(home: Home, serve: Serve) -> None:
    """With few rows, the footer takes so few that nothing of it scrolls off when they are broken."""
    stage = Stage()
    with _window(home, _command(serve(stage.job)), columns=200, rows=8) as window:
        window.wait_for(_shows_footer)
        for columns, rows in ((40, 8), (200, 4), (40, 4), (100, 24), (60, 6)):
            window.resize(columns, rows)
            stage.say_safe(3)
            window.wait_for(lambda w: f"finished  node{stage.told - 1:03}.example.com" in w.text)
        window.type("C-c")
        window.wait_for(lambda w: w.has_ended)
        _is_restored(window)
        _is_complete(window, stage)


def test_what_is_typed_breaks_nothing(home: Home, serve: Serve) -> None:
    """Enter and letters are shown where they are typed, as everywhere; no event is lost, no footer stays behind."""
    stage = Stage()
    with _window(home, _command(serve(stage.job)), columns=80) as window:
        window.wait_for(_shows_footer)
        for _ in range(3):
            window.type("typed", "Enter", "Enter")
            stage.say_safe()
            window.wait_for(lambda w: f"finished  node{stage.told - 1:03}.example.com" in w.text)
        stage.end()
        window.wait_for(lambda w: w.has_ended)
        _is_restored(window)
        text = window.text
        assert re.findall(r"✔ finished +node(\d+)\.example\.com", text) == [f"{at:03}" for at in range(stage.told)], (
            text
        )


def _shell(home: Home) -> Tmux:
    """An interactive shell. It says `ready` for each of its prompts."""
    (home.folder / "prompt").write_text("PS1='ready> '\n")
    return _window(home, f"bash --noprofile --rcfile {home.folder}/prompt -i", columns=80)


def _in_shell(window: Tmux, command: str) -> None:
    window.type(command, "Enter")


def _shell_echoes(window: Tmux, home: Home) -> bool:
    """Whether a program that this shell starts finds echo on. At its prompt the shell has its own settings."""
    file = home.folder / "settings"
    file.unlink(missing_ok=True)
    _in_shell(window, f"stty -a > {file}.new; mv {file}.new {file}")
    wait_until(file.exists)
    return bool(re.search(r"(?<!-)\becho\b", file.read_text()))


def test_stopped_and_continued(home: Home, serve: Serve) -> None:
    """Ctrl-Z erases the footer and gives the terminal back; `fg` shows it again; no event is lost."""
    stage = Stage()
    with _shell(home) as window:
        _in_shell(window, _command(serve(stage.job)))
        window.wait_for(_shows_footer)
        window.type("C-z")
        window.wait_for(lambda w: "Stopped" in w.text)
        _is_complete(window, stage)
        assert window.shows_cursor
        assert _shell_echoes(window, home)
        stage.say_safe()
        _in_shell(window, "fg")
        window.wait_for(lambda w: "finished  node004" in w.text and _shows_footer(w))
        window.type("C-c")
        window.wait_for(lambda w: "ready>" in w.lines[-1])
        _is_complete(window, stage)
        assert window.shows_cursor
        assert _shell_echoes(window, home)


def test_in_the_background(home: Home, serve: Serve) -> None:
    """With `&` the events are printed, without a footer, and the terminal's settings are left alone."""
    stage = Stage()
    stage.say_safe()
    with _shell(home) as window:
        _in_shell(window, f"{_command(serve(stage.job))} &")
        window.wait_for(lambda w: "finished  node004" in w.text)
        assert window.shows_cursor
        assert _shell_echoes(window, home)
        stage.say_safe()
        window.wait_for(lambda w: "finished  node009" in w.text)
        _is_complete(window, stage)
        _in_shell(window, "fg")
        window.wait_for(_shows_footer)
        window.type("C-c")
        window.wait_for(lambda w: not _shows_footer(w))
        assert _shell_echoes(window, home)
        _is_complete(window, stage)


@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=str)
def test_two_on_one_terminal(home: Home, serve: Serve, order: tuple[int, int]) -> None:
    """Two programs on one terminal, in whatever order they end: echo is on, the cursor visible, every event there."""
    stages = {1: Stage(1), 2: Stage(2)}
    server = serve(*(stage.job for stage in stages.values()))
    command = " & ".join(f"{_command(server, number)} & echo $! > {home.folder}/{number}" for number in stages)
    with _window(home, f"{command.replace('& &', '&')}; wait") as window:
        window.wait_for(lambda w: w.text.count("running   node039") == 2 and _shows_footer(w))
        for ended, number in enumerate(order):
            stages[number].say_safe()
            window.wait_for(lambda w, ended=ended: w.text.count("finished  node004") == ended + 1)  # type: ignore[misc]
            os.kill(int((home.folder / str(number)).read_text()), signal.SIGTERM)
            wait_until(lambda number=number: not _runs(home.folder / str(number)))  # type: ignore[misc]
        window.wait_for(lambda w: w.has_ended)
        _is_restored(window)
        text = window.text
        assert text.count("finished  node004.example.com") == 2
        assert not re.search(r"[━─]{3}|^running: |/200 ", text, re.MULTILINE), text


def _runs(file: Path) -> bool:
    try:
        os.kill(int(file.read_text()), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_restore_the_terminal(home: Home, serve: Serve, name: str) -> None:
    """Whichever signal ends the program: the footer is erased, echo is on, the cursor visible."""
    stage = Stage()
    with _window(home, f"ulimit -c 0; echo $$ > {home.folder}/shell; {_command(serve(stage.job))}") as window:
        window.wait_for(_shows_footer)
        os.kill(_children((home.folder / "shell").read_text().strip())[0], signal.Signals[name])
        window.wait_for(lambda w: w.has_ended)
        _is_restored(window)
        _is_complete(window, stage)


def test_a_blocked_terminal(home: Home, serve: Serve) -> None:
    """Ctrl-S holds the output; a signal ends the program nevertheless, and Ctrl-Q shows the terminal as it was."""
    stage = Stage()
    with _window(home, f"echo $$ > {home.folder}/shell; {_command(serve(stage.job))}") as window:
        window.wait_for(_shows_footer)
        program = _children((home.folder / "shell").read_text().strip())[0]
        window.type("C-s")
        stage.say_safe(150)
        os.kill(program, signal.SIGTERM)
        wait_until(lambda: not Path(f"/proc/{program}/cmdline").exists() or not _is_running(program))
        window.type("C-q")
        window.wait_for(lambda w: "ended 143" in w.text)
        _is_restored(window)


def _is_running(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().split()[2] not in "ZX"


def _children(shell: str) -> list[int]:
    return [int(word) for word in Path(f"/proc/{shell}/task/{shell}/children").read_text().split()]


def test_a_plan_with_two_jobs_at_80_columns(home: Home, serve: Serve, golden: Callable[[str, str], None]) -> None:
    """Its own events and those of its jobs are one stream; the man page shows the screen."""
    home = home.with_(JOBEVENTS_URL=serve(plans=[readme_plan()]).url)
    with _window(home, "clear; jobevents tail plan/12 --no-progress", columns=80, rows=40) as window:
        window.wait_for(lambda window: window.has_ended)
        screen = window.text.strip("\n").rpartition("ended 0")[0]
    kept = (Path(__file__).parents[1] / "golden" / "screen-plan-80.txt").read_text(encoding="utf-8")
    # How wide the columns are before all nodes are known depends on which job's response comes first.
    golden("screen-plan-80.txt", kept if words(screen) == words(kept) else screen)
