"""Of many lines the ones that say why."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.model.telling_line import LOOKED_AT, lines_of, telling_line, telling_lines

JOURNAL = """\
change from 'stopped' to 'running' failed: Systemd start for httpd failed!
journalctl log for httpd:
Nov 23 09:00:20 web01 systemd[1]: Starting The Apache HTTP Server...
Nov 23 09:00:20 web01 httpd[13500]: AH00526: Syntax error on line 12 of /etc/httpd/conf.d/app.conf:
Nov 23 09:00:20 web01 httpd[13500]: Invalid command 'ProxyPas', perhaps misspelled
Nov 23 09:00:20 web01 systemd[1]: httpd.service: main process exited, code=exited, status=1/FAILURE
Nov 23 09:00:20 web01 systemd[1]: Failed to start The Apache HTTP Server."""

APT = """\
Hit:1 http://deb.example.org/debian bookworm InRelease
Err:2 http://repo.example.com/app bookworm Release
  404  Not Found [IP: 151.101.2.132 80]
Reading package lists...
E: The repository 'http://repo.example.com/app bookworm Release' does not have a Release file."""

JAVA = """\
Exception in thread "main" java.lang.RuntimeException: start failed
\tat app.Main.run(Main.java:1)
Caused by: java.io.IOException: cannot read
\tat app.Main.run(Main.java:2)
Caused by: java.net.ConnectException: Connection refused
\t... 3 more"""

AGENT = """\
Info: Using environment 'production'
Error: Could not retrieve catalog from remote server: Error 500 on SERVER: the classifier did not start
Warning: Not using cache on failed catalog
Error: Could not retrieve catalog; skipping run"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (JOURNAL, "Invalid command 'ProxyPas'"),
        (JOURNAL.replace("Invalid command 'ProxyPas'", "FATAL: unknown key"), "FATAL: unknown key"),
        (APT, "does not have a Release file"),
        (JAVA, "ConnectException: Connection refused"),
        (AGENT, "the classifier did not start"),
        (
            "step 1\norg.db.MigrationException: relation orders gone\n    at org.db.X.run(X.java:1)\nbye",
            "relation orders",
        ),
        ('Traceback (most recent call last):\n  File "/x.py", line 3\n    main()\nValueError: bad port', "bad port"),
        ("C:\\x.ps1 : Cannot find drive.\r\nAt line:1 char:1\r\n+ & C:\\x\r\n+ ~~~\r\n", "Cannot find drive."),
        ("gcc -c x.c\nx.c:3:5: error: 'y' undeclared\nmake: *** [Makefile:3: all] Error 1", "'y' undeclared"),
        ("Cloning into 'x'...\nfatal: could not read Username", "could not read Username"),
        ("Warning: Permanently added 'x' to the list of known hosts.\nx@y: Permission denied (publickey).", "denied"),
        ("begin\n/tmp/x.sh: line 3: foo: command not found\nend", "command not found"),
        (
            "npm ERR! code E404\nnpm ERR! 404 Not Found - GET https://r/x\nnpm ERR! A complete log of this run",
            "404 Not",
        ),
        ("0 failed, no errors\nchecking\nno space left on device", "no space left"),
        ("errors: 0\nUnpacking liberror-perl\n/var/log/error.log written\nwrong port", "wrong port"),
        ("app.conf:3: unknown directive lissten\nreading", "unknown directive"),
        ("TIMEOUT AFTER 3600 seconds\nreading lists\nresolving", "TIMEOUT"),
        ("dpkg: error processing package app:\n post-installation script failed\n", "post-installation script"),
        ("one\ntwo", "one"),
        ("----\n", "----"),
        ("", ""),
    ],
)
def test_the_line_that_tells_most(text: str, line: str) -> None:
    """It names the reason: neither the place of a stack trace, nor a consequence, nor a note."""
    found = telling_line(lines_of(text).lines)
    assert line in found
    assert bool(found) == bool(line)


def test_some_lines_in_their_order() -> None:
    """The most telling ones are chosen, and stay in the order of the text."""
    lines = lines_of(JOURNAL).lines
    assert telling_lines(lines, 1) == [4]
    assert telling_lines(lines, 3) == [0, 3, 4]
    assert telling_lines(lines, 99) == list(range(7))


def test_what_a_terminal_shows() -> None:
    """Colours, a byte-order mark, blank lines, and what a progress bar overwrites are gone; other text is not."""
    text = "\ufeff\x1b[32m==>\x1b[0m Get\r\n  0%\r 50%\r100%\r\n\r\n|\r/\r-\rdone\x1b[K\r\nkept\rtoo\r\r\n\x1b[?25l \n"
    assert lines_of(text).lines == ["==> Get", "100%", "done", "kept", "too"]


def test_of_a_long_text_both_ends_are_looked_at() -> None:
    """A mark shows where a line was cut, and the lines between are counted."""
    text = "first\n" + "x\n" * 100_000 + "last"
    lines, left_out = lines_of(text)
    assert (lines[0], lines[-1]) == ("first", "last")
    assert len(lines) + left_out in (100_002, 100_001)
    assert lines_of("x" * 300_000) == (["x" * LOOKED_AT + "…", "…" + "x" * LOOKED_AT], 0)
    assert lines_of("y\n" * LOOKED_AT).left_out == 0


@pytest.mark.parametrize(
    "piece", ["x", "equal line\n", "a: error\n", "1.1.", "e" * 1999 + "\n", "a-", "w::", "( [", " at "]
)
def test_time_grows_with_the_text_alone(piece: str) -> None:
    """Ten megabytes made to be hard take less than a few seconds."""
    text = piece * (10_000_000 // len(piece))
    started = time.process_time()
    telling_line([*lines_of(text).lines, "x"])
    assert time.process_time() - started < 5


@given(st.text(), st.integers(0, 5))
def test_any_text_has_lines(text: str, most: int) -> None:
    """Whatever a text contains, lines are chosen from it."""
    lines = lines_of(text).lines
    assert all(line.strip() for line in lines)
    assert len(telling_lines(lines, most)) == min(most, len(lines))
