"""Standard error: a reader that is slow loses nothing, and one that does not read holds nothing up."""

import os
import pty
import termios
import time

import pytest
from support.program import Home
from support.script import Script

SPEAKER = """
    import sys, time
    from jobevents_cli.output.stderr import draw, say, write_stderr
    print("begun", flush=True)
    for line in sys.stdin:
        before = time.monotonic()
        exec(line)
        print(time.monotonic() - before, flush=True)
"""


class Speaker:
    """A script that writes to *stderr* what it is told to."""

    def __init__(self, stderr: int) -> None:
        self.script = Script(SPEAKER, stdin=-1, stderr=stderr)
        assert self._line() == "begun"

    def does(self, code: str) -> float:
        """Let it run the line *code*; the seconds that this took."""
        assert self.script.process.stdin
        self.script.process.stdin.write(f"{code}\n".encode())
        self.script.process.stdin.flush()
        return float(self._line())

    def _line(self) -> str:
        assert self.script.process.stdout
        line: bytes = self.script.process.stdout.readline()
        return line.decode().strip()

    def end(self) -> None:
        """Let it end."""
        with self.script.process as process:
            assert process.stdin
            process.stdin.close()
            assert process.wait(20) == 0


FILL = 'write_stderr("".join("line %06d\\n" % number for number in range(50_000)))'
EXPECTED = "".join(f"line {number:06}\n" for number in range(50_000))


def _read_all(reading: int, pause: float = 0) -> str:
    found = b""
    while piece := os.read(reading, 10_000):
        found += piece
        time.sleep(pause)
    return found.decode()


def test_a_reader_that_is_slow_loses_nothing() -> None:
    """As long as it takes something every second."""
    reading, writing = os.pipe()
    speaker = Speaker(writing)
    os.close(writing)
    assert speaker.script.process.stdin
    speaker.script.process.stdin.write(f"{FILL}\n".encode())
    speaker.script.process.stdin.close()
    assert _read_all(reading, pause=0.03) == EXPECTED
    speaker.end()
    os.close(reading)


def test_a_reader_that_does_not_read_holds_nothing_up() -> None:
    """For one second in all. Once it reads again it learns how many lines are missing, and gets what comes then."""
    reading, writing = os.pipe()
    speaker = Speaker(writing)
    os.close(writing)
    assert 0.9 < speaker.does(FILL) < 2
    assert speaker.does('for number in range(100): say("more")') < 0.5
    assert speaker.does('assert not draw("a footer")') < 0.5
    found = os.read(reading, 1 << 20).decode()
    assert EXPECTED.startswith(found)
    assert found.endswith("\n")
    missing = 50_000 + 100 - found.count("\n")
    assert speaker.does('say("again")') < 0.5
    assert speaker.does('say("and again")') < 0.5
    speaker.end()
    assert _read_all(reading).splitlines() == [
        f"jobevents: {missing} lines were dropped here, because nobody read standard error",
        "again",
        "and again",
    ]
    os.close(reading)


def test_a_line_that_was_broken_off_is_ended_before_the_next() -> None:
    """Even a line longer than a pipe takes at once."""
    reading, writing = os.pipe()
    speaker = Speaker(writing)
    os.close(writing)
    assert speaker.does('say("x" * 1_000_000)') > 0.9
    found = os.read(reading, 1 << 20).decode()
    assert set(found) == {"x"}
    speaker.does('say("again")')
    speaker.end()
    assert _read_all(reading) == "\njobevents: 1 line was dropped here, because nobody read standard error\nagain\n"
    os.close(reading)


@pytest.mark.parametrize("how", ["stopped", "not read"])
def test_a_terminal_that_takes_nothing_holds_nothing_up(how: str) -> None:
    """Whether its user stopped it with Ctrl-S, or its emulator hangs: data to a file goes on."""
    ours, number = pty.openpty()
    speaker = Speaker(number)
    if how == "stopped":
        termios.tcflow(number, termios.TCOOFF)
    assert 0.9 < speaker.does(FILL) < 2.5
    assert speaker.does('for number in range(100): say("more")') < 0.5
    assert speaker.does('draw("a footer")') < 0.5
    if how == "stopped":
        termios.tcflow(number, termios.TCOON)
        assert speaker.does('say("again")') < 0.5
        expected = "jobevents: 50100 lines were dropped here, because nobody read standard error\r\nagain\r\n"
        assert os.read(ours, 65536).decode() == expected
    speaker.end()
    os.close(number)
    os.close(ours)


def test_a_drawing_is_not_waited_for_and_not_missed() -> None:
    """Only lines count."""
    reading, writing = os.pipe()
    speaker = Speaker(writing)
    os.close(writing)
    speaker.does(r'while draw("x" * 1000): pass')
    assert speaker.does(r'draw("x\n")') < 0.5
    os.set_blocking(reading, False)
    os.read(reading, 1 << 20)
    assert speaker.does('assert draw("y"); say("again")') < 0.5
    assert os.read(reading, 1 << 20) == b"yagain\n"
    speaker.does(r'while draw("x" * 1000): pass')
    assert speaker.does('say("a line is waited for")') > 0.9
    speaker.end()
    os.close(reading)


@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-"])
def test_what_cannot_be_said_is_no_error(stderr: str) -> None:
    """A full or closed standard error changes nothing."""
    code = "from jobevents_cli.output.stderr import draw, say; say('x'); draw('x'); say('y'); print('done')"
    script = Script(code, within=["sh", "-c", f'exec "$@" {stderr}', "sh"])
    assert script.finish() == (0, b"done\n", "")


def test_standard_error_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a test, for example: what is said goes to where it is now."""
    from jobevents_cli.output.stderr import say

    reading, writing = os.pipe()
    with os.fdopen(reading) as read, os.fdopen(writing, "w") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        say("here")
        assert read.readline() == "here\n"


def test_the_token_is_redacted() -> None:
    """In lines and in drawings."""
    ran = Script("""
        from jobevents_cli.config.redaction import hide
        from jobevents_cli.output.stderr import draw, say
        hide("s3cret-token")
        say("a s3cret-token here")
        draw("a s3cret-token there")
    """).finish()
    assert "s3cret" not in ran.err
    assert ran.err.startswith("a ")
    assert ran.err.endswith(" there")


@pytest.mark.parametrize("command", ["--version", "no-such-command"])
def test_an_unwritable_standard_error_changes_no_exit_status(home: Home, command: str) -> None:
    """Python itself would end with 120 if it could not flush standard error."""
    expected = home.shell(f"jobevents {command}").status
    assert home.shell(f"jobevents {command} 2> /dev/full").status == expected
