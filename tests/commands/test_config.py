"""`config` and the file's defaults."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.misbehaving import TestServer, job
from support.program import TOKEN, Home
from support.terminal import Terminal

Serve = Callable[..., TestServer]


def _path(home: Home) -> Path:
    return home.folder / ".config" / "jobevents" / "config.toml"


def test_set_show_unset(home: Home) -> None:
    """What is set stands in the file, is in force, says where it is from, and goes again."""
    assert home.run("config", "set", "url", "pe.example.com").status == 0
    assert home.run("config", "set", "timeout", "15m").status == 0
    assert home.run("config", "set", "--profile", "staging", "url", "https://staging").status == 0
    path = _path(home)
    assert (
        path.read_text() == 'url = "pe.example.com"\ntimeout = "15m"\n\n[profiles.staging]\nurl = "https://staging"\n'
    )
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    shown = home.run("config", "show", "--profile", "staging").out.splitlines()
    assert shown == [
        f"config-file    {path}  (default)",
        "has profile    staging  (https://staging)",
        "profile        staging  (--profile)",
        f"url            https://staging:8143  ({path} [profiles.staging])",
        "token-file     ~/.puppetlabs/token  (PE's default)",
        "cacert         the system's trust store  (default)",
        "puppetdb-url   https://staging:8081  (the orchestrator's host)",
        f"timeout        15m  ({path})",
    ]
    home.run("config", "set", "default-profile", "staging")
    assert f"profile        staging  ({path})" in home.run("config", "show").out
    assert home.run("config", "unset", "timeout").status == 0
    again = home.run("config", "unset", "timeout")
    assert (again.status, "timeout is not set in" in again.err) == (2, True)


def test_show_fits_the_terminal(home: Home) -> None:
    """Long values continue in their own column; nothing is cut."""
    home.run("config", "set", "url", "https://a-very-long-name-of-a-host.example.com")
    with Terminal(["jobevents", "config", "show"], columns=40, environment=home.environment) as terminal:
        terminal.wait_for_end()
        lines = terminal.lines
    assert max(map(len, lines)) <= 40
    values = "".join(line[15:] for line in lines)
    assert "https://a-very-long-name-of-a-host.example.com:8143" in values
    assert all(not line or line[:13].strip() or line.startswith(" " * 15) for line in lines)


def test_show_tells_no_secret(home: Home) -> None:
    """A token in the environment is told of, not shown."""
    ran = home.with_(JOBEVENTS_TOKEN=TOKEN).run("config", "show")
    assert "token          set  (JOBEVENTS_TOKEN)" in ran.out
    assert TOKEN not in ran.out + ran.err


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("url", "http://pe.example.com"),
        ("interval", "0.01"),
        ("interval", "often"),
        ("timeout", "soon"),
        ("time", "gmt"),
        ("color", "red"),
        ("progress", "maybe"),
        ("token", "x"),
        ("token-file", ""),
        ("progress", ""),
    ],
)
def test_set_refuses_what_does_not_fit(home: Home, key: str, value: str) -> None:
    """A value that could not be used is refused, and the file stays as it was."""
    ran = home.run("config", "set", key, value)
    assert ran.status == 2
    assert not _path(home).exists()


def test_a_switch_is_true_or_false(home: Home) -> None:
    """It is shown as the file spells it; what is neither is refused in these words."""
    assert home.run("config", "set", "progress", "no").status == 0
    assert home.run("config", "show").out.splitlines()[-1] == f"progress       false  ({_path(home)})"
    assert home.run("config", "set", "progress", "maybe").err == "Error: progress must be true or false, not 'maybe'\n"


def test_a_number_too_long_for_a_text_is_refused(home: Home) -> None:
    """It is named, and the file, not the number: in hexadecimal, TOML reads numbers that Python does not print."""
    path = _path(home)
    path.parent.mkdir(parents=True)
    path.write_text(f"time = 0x{'f' * 4000}\n")
    ran = home.run("tail", "352", "--url", "https://127.0.0.1:1")
    assert (ran.status, ran.err) == (2, f"Error: time in {path} cannot be 'a very long number'\n")


def test_what_is_not_known_is_kept(home: Home) -> None:
    """Keys of another version survive a change."""
    path = _path(home)
    path.parent.mkdir(parents=True)
    path.write_text('later = [1, 2]\n[other]\nx = "y"\n')
    assert home.run("config", "set", "interval", "2").status == 0
    assert path.read_text() == 'later = [\n    1,\n    2,\n]\ninterval = 2.0\n\n[other]\nx = "y"\n'


def test_a_broken_file_is_never_overwritten(home: Home) -> None:
    """A file that is no TOML is named with line and column, and left alone."""
    path = _path(home)
    path.parent.mkdir(parents=True)
    path.write_text('url = "a"\nurl == 2\n')
    for arguments in (
        ["config", "set", "interval", "2"],
        ["config", "unset", "url"],
        ["config", "show"],
        ["tail", "1"],
    ):
        ran = home.run(*arguments)
        assert ran.status == 2
        assert f"the configuration file {path} is broken" in ran.err
        assert "line 2, column" in ran.err
    assert path.read_text() == 'url = "a"\nurl == 2\n'


def test_defaults_of_options_yield_to_the_command_line(home: Home, serve: Serve) -> None:
    """interval, timeout, time and color may stand in the file, for all or for a profile."""
    url = serve(job("n1:running")).url
    for key, value in (("url", url), ("timeout", "1"), ("time", "none"), ("color", "always")):
        home.run("config", "set", key, value)
    ran = home.run("tail", "352")
    assert ran.status == 124
    assert ran.out == "\x1b[38;5;31m▶ running\x1b[0m  n1\n"
    assert home.run("tail", "352", "--color", "never").out == "▶ running  n1\n"
    home.run("config", "set", "--profile", "plain", "color", "never")
    assert home.run("tail", "352", "--profile", "plain").out == "▶ running  n1\n"


def test_a_default_that_does_not_fit_is_named(home: Home) -> None:
    """A value written by hand that no option takes is an error that names the file."""
    path = _path(home)
    path.parent.mkdir(parents=True)
    path.write_text('url = "localhost"\ninterval = "often"\n')
    ran = home.run("tail", "352")
    assert ran.status == 2
    assert f"interval in {path}: 'often' is not a number of seconds" in ran.err
