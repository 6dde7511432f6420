"""The footer below the lines, on a real pseudo-terminal."""

import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from support.terminal import Terminal
from support.tmux import Tmux

CODE = """
    import os, sys
    from jobevents_cli.output.screen import Screen
    from jobevents_cli.output.stdout import Stdout
    rows = ["bar 1/4", "running: web2", "failed: db1"]
    stop = []
    screen = Screen(Stdout(lambda: bool(stop) and stop.pop(0)), lambda columns: [row[:columns] for row in rows])
    with open(sys.argv[1]) as told:
        for line in told:
            exec(line)
"""


class Stage:
    """A terminal with a screen that does what it is told."""

    def __init__(self, folder: Path, *, columns: int, rows: int, redirected: str) -> None:
        script, pipe = folder / "script.py", folder / "told"
        script.write_text(textwrap.dedent(CODE))
        os.mkfifo(pipe)
        command = f"exec {sys.executable} {script} {pipe} {redirected}"
        self.terminal = Terminal(["sh", "-c", command], columns=columns, rows=rows)
        self._told: IO[str] = pipe.open("w")

    def does(self, code: str) -> None:
        """Let it run the line *code*."""
        self._told.write(f"{code}\n")
        self._told.flush()

    def shows(self, *lines: str) -> None:
        """Wait until the terminal shows exactly these *lines*."""
        self.terminal.wait_for(lambda terminal: terminal.text.splitlines() == list(lines))

    def end(self) -> None:
        """Let it end."""
        self._told.close()
        self.terminal.wait_for_end()


MakeStage = Callable[..., Stage]
FOOTER = ("bar 1/4", "running: web2", "failed: db1")


@pytest.fixture(name="stage_with")
def _stage_with(tmp_path: Path) -> Iterator[MakeStage]:
    stages: list[Stage] = []

    def make(*, columns: int = 40, rows: int = 24, redirected: str = "") -> Stage:
        stages.append(Stage(tmp_path, columns=columns, rows=rows, redirected=redirected))
        return stages[-1]

    yield make
    for stage in stages:
        with stage.terminal:
            stage.end()


def test_the_footer_stays_below_the_lines(stage_with: MakeStage) -> None:
    """Lines and what is said come above it; it is erased before them and drawn after them."""
    stage = stage_with()
    stage.does('assert screen.write([b"one\\n", b"two\\n"]) == 2')
    stage.shows("one", "two", *FOOTER)
    stage.does('screen.say("a notice")')
    stage.shows("one", "two", "a notice", *FOOTER)
    stage.does('rows[0] = "bar 2/4"; screen.clear(); screen.refresh()')
    stage.shows("one", "two", "a notice", "bar 2/4", *FOOTER[1:])
    stage.does("screen.close()")
    stage.shows("one", "two", "a notice")
    stage.does('screen.write([b"three\\n"]); screen.refresh(); screen.say("four")')
    stage.shows("one", "two", "a notice", "three", "four")


def test_no_trace_is_left(stage_with: MakeStage) -> None:
    """On a small screen that scrolls for long, nothing of the footer remains, neither on it nor above."""
    stage = stage_with(rows=12)
    stage.does('[screen.write([b"line %d\\n" % number]) for number in range(300)]; screen.close()')
    stage.does('screen.say("end")')
    stage.terminal.wait_for(lambda terminal: terminal.text.endswith("\nend"))
    everything = stage.terminal.scrolled + stage.terminal.lines
    assert [line for line in everything if line] == [*(f"line {number}" for number in range(300)), "end"]


def test_many_lines_are_written_together(stage_with: MakeStage) -> None:
    """More than a terminal takes at once."""
    stage = stage_with(rows=12)
    stage.does('assert screen.write([b"line %d\\n" % number for number in range(3000)]) == 3000')
    stage.terminal.wait_for(lambda terminal: terminal.text.endswith("\n".join(FOOTER)))
    everything = [line for line in stage.terminal.scrolled + stage.terminal.lines if line]
    assert everything == [*(f"line {number}" for number in range(3000)), *FOOTER]


def test_a_low_or_narrow_terminal(stage_with: MakeStage) -> None:
    """The footer takes a quarter of the rows at most, and is cut to the width."""
    stage = stage_with(columns=10, rows=8)
    stage.does('screen.write([b"one\\n"])')
    stage.shows("one", "bar 1/4", "running:")


def test_a_resize_overwrites_nothing(stage_with: MakeStage) -> None:
    """The cursor rests at the footer's first row: whatever happens to its rows, they are erased."""
    stage = stage_with(columns=60)
    stage.does('screen.write([b"one\\n"])')
    stage.shows("one", *FOOTER)
    for count, columns in enumerate((10, 80, 20), 1):
        stage.terminal.resize(columns, 24)
        stage.does('screen.write([b"two\\n"])')
        stage.shows("one", *["two"] * count, *(row[: columns - 1].rstrip() for row in FOOTER))


def test_the_footer_stands_alone_while_lines_go_to_a_file(stage_with: MakeStage, tmp_path: Path) -> None:
    """It is drawn on standard error."""
    stage = stage_with(redirected=f"> {tmp_path}/file")
    stage.does('screen.write([b"one\\n"]); screen.say("a notice")')
    stage.shows("a notice", *FOOTER)
    stage.does("screen.close()")
    stage.shows("a notice")
    assert (tmp_path / "file").read_text() == "one\n"


def test_a_write_that_stops_counts_the_lines(stage_with: MakeStage, tmp_path: Path) -> None:
    """The footer's own parts do not count."""
    stage = stage_with()
    (tmp_path / "counts").touch()
    note = f"open({str(tmp_path / 'counts')!r}, 'a').write(repr(screen.written))"
    stage.does(f'screen.write([b"one\\n"]); {note}; stop.append(True); screen.write([b"two\\n"]); {note}')
    long = 'b"x" * 3000 + b"\\n"'
    stage.does(f"stop += [False, True]; assert screen.write([{long}, {long}]) == 1; {note}; screen.close()")
    stage.does('screen.say("end")')
    stage.terminal.wait_for(lambda terminal: "end" in terminal.text)
    assert (tmp_path / "counts").read_text() == "101"
    assert "two" not in stage.terminal.text
    assert "bar" not in stage.terminal.text


def test_stopped_and_continued(tmp_path: Path) -> None:
    """Ctrl-Z erases the footer and leaves the terminal as it was; `fg` shows it again."""
    (tmp_path / "prompt").write_text("PS1='ready> '\n")
    code = textwrap.dedent(CODE).partition("with open")[0] + textwrap.dedent("""
        import time
        screen.write([b"one\\n"])
        while True:
            time.sleep(0.05)
            screen.refresh()
    """)
    (tmp_path / "script.py").write_text(code)
    shell = f"bash --noprofile --rcfile {tmp_path}/prompt -i"
    with Tmux(tmp_path, shell, environment=dict(os.environ), columns=80, rows=24) as window:
        window.type(f"clear; {sys.executable} {tmp_path}/script.py", "Enter")
        window.wait_for(lambda w: all(row in w.text for row in FOOTER))
        window.type("C-z")
        window.wait_for(lambda w: "Stopped" in w.text and w.text.endswith("ready>"))
        assert not any(row in window.text for row in FOOTER)
        assert window.shows_cursor
        window.type("fg", "Enter")
        window.wait_for(lambda w: all(row in w.text for row in FOOTER))
        window.type("C-z")
        window.wait_for(lambda w: w.text.count("Stopped") == 2 and w.text.endswith("ready>"))
        assert not any(row in window.text for row in FOOTER)
        assert "one" in window.text
