"""Files that users name or own: whatever they hold, the program says which file it is, and never waits for one."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.marks import NOBODY, needs_nobody
from support.misbehaving import TestServer, job
from support.program import TOKEN, Home, Ran

Serve = Callable[..., TestServer]


@pytest.fixture(name="url")
def _url(serve: Serve) -> str:
    return serve(job("job:finished")).url


def _config(home: Home, text: str | bytes) -> Path:
    path = home.folder / ".config" / "jobevents" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _conf(home: Home, text: str, name: str = "orchestrator.conf") -> Path:
    path = home.folder / ".puppetlabs" / "client-tools" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@needs_nobody
def test_no_home_is_needed(home: Home, url: str) -> None:
    """A user without a home and without an entry in the password file follows a job, as in many containers."""

    def run(arguments: str, *variables: str) -> Ran:
        nobody = f"{NOBODY} $(command -v jobevents)"
        return home.shell(f"env -i {' '.join(variables)} {nobody} {arguments}")

    token = f"JOBEVENTS_TOKEN={TOKEN}"
    assert run(f"tail 352 --url {url}", token).status == 0
    assert run("jobs", token, f"JOBEVENTS_URL={url}").status == 0
    shown = run("config show", token, f"JOBEVENTS_URL={url}")
    assert (shown.status, shown.out.splitlines()[0]) == (0, "config-file    none  (no home directory is known)")
    assert run("--help").status == 0
    without_token = run(f"tail 352 --url {url}")
    assert (without_token.status, "home directory is not known" in without_token.err) == (2, True)
    without_url = run("tail 352", token)
    assert (without_url.status, "set JOBEVENTS_URL" in without_url.err) == (2, True)
    for command in ("set interval 2", "unset interval"):
        ran = run(f"config {command}")
        assert (ran.status, "no home directory is known" in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (["--token-file", "~nobodyhere/token"], {}),
        (["--cacert", "~nobodyhere/ca.pem"], {}),
        ([], {"JOBEVENTS_CONFIG": "~nobodyhere/x"}),
        ([], {"JOBEVENTS_TOKEN_FILE": "~nobodyhere/token"}),
    ],
)
def test_homes_that_are_not_there(home: Home, url: str, arguments: list[str], variables: dict[str, str]) -> None:
    """`~name` of nobody is a usage error that names the path."""
    ran = home.with_(**variables).run("tail", "352", "--url", url, *arguments)
    assert ran.status == 2
    assert "'~nobodyhere/" in ran.err


@pytest.mark.parametrize(
    "line",
    [
        "interval = [1]",
        "interval = true",
        "interval = nan",
        "interval = 1e400",
        f"interval = 0x{'f' * 5000}",
        "progress = [1]",
        'progress = "yes"',
        "timeout = 1979-05-27",
        f"timeout = {'9' * 400}",
        "timeout = {a = 1}",
        "time = 5",
        "color = []",
    ],
)
def test_values_of_the_wrong_kind(home: Home, url: str, line: str) -> None:
    """A value that no option takes is named with its file, and `config show` still prints the rest."""
    path = _config(home, f"{line}\n")
    ran = home.run("tail", "352", "--url", url)
    assert ran.status == 2
    assert str(path) in ran.err
    shown = home.run("config", "show", "--url", url)
    assert shown.status == 0
    assert line.split(" ", maxsplit=1)[0] in shown.out


@pytest.mark.parametrize(
    "content",
    [
        f"x = {'[' * 3000}{']' * 3000}",
        f"x = {'9' * 5000}",
        "x = \x00",
        b"\xff\xfe",
        "profiles = 1",
        "[profiles]\na = 1",
        "default-profile = 5",
        "url = 5",
        'default-profile = "missing"',
    ],
)
def test_a_broken_configuration_file(home: Home, url: str, content: str | bytes) -> None:
    """What is not TOML, nested too deep, or of the wrong shape exits with 2 and names the file."""
    path = _config(home, content)
    del url
    ran = home.run("tail", "352")
    assert ran.status == 2
    assert str(path) in ran.err


@pytest.mark.parametrize("name", ["orchestrator.conf", "puppetdb.conf"])
@pytest.mark.parametrize("content", ["[" * 3000, '{"a": ' + "9" * 5000 + "}", "[]", "nonsense", '{"options": 1}'])
def test_a_broken_file_of_the_client_tools(home: Home, name: str, content: str) -> None:
    """The file is named, whatever is wrong with it."""
    path = _conf(home, content, name)
    ran = home.run("config", "show")
    assert ran.status == 2
    assert str(path) in ran.err


def test_a_nul_in_a_path(home: Home, url: str) -> None:
    """A path that no file can have is reported with the file that names it."""
    path = _config(home, 'token-file = "a\\u0000b"\n')
    ran = home.run("tail", "352", "--url", url)
    assert ran.status == 4
    assert str(path) in ran.err
    path.write_text('cacert = "a\\u0000b"\n')
    ran = home.run("tail", "352", "--url", url)
    assert ran.status == 2
    assert str(path) in ran.err


def test_pipes_never_block(home: Home, url: str) -> None:
    """A FIFO in place of a file is read without waiting for a writer."""
    pipe = home.folder / "pipe"
    os.mkfifo(pipe)
    assert home.run("tail", "352", "--url", url, "--token-file", str(pipe)).status == 4
    assert home.run("tail", "352", "--url", url, "--cacert", str(pipe)).status == 2
    assert home.with_(JOBEVENTS_CONFIG=str(pipe)).run("tail", "352", "--url", url).status == 0
    for name in ("orchestrator.conf", "puppetdb.conf"):
        path = _conf(home, "", name)
        path.unlink()
        os.mkfifo(path)
    assert home.run("tail", "352").status == 2


def test_a_token_from_a_process_substitution(home: Home, url: str) -> None:
    """`--token-file <(command)` works: the pipe is waited for, for a few seconds."""
    ran = home.shell(f"jobevents tail 352 --url {url} --token-file <(sleep 0.3; echo {TOKEN})")
    assert (ran.status, ran.out != "") == (0, True), ran.err


def test_huge_files_are_not_read(home: Home, url: str) -> None:
    """Gigabytes in place of a small file are refused at once, and /dev/zero after a megabyte."""
    huge = home.folder / "huge"
    with open(huge, "wb") as file:
        file.truncate(6 * 1024**3)
    ran = home.run("tail", "352", "--url", url, "--token-file", str(huge))
    assert (ran.status, "larger than 1024 KB" in ran.err) == (4, True)
    assert home.run("tail", "352", "--url", url, "--token-file", "/dev/zero").status == 4
    assert home.with_(JOBEVENTS_CONFIG=str(huge)).run("tail", "352", "--url", url).status == 2
    path = _conf(home, "")
    path.unlink()
    os.symlink(huge, path)
    assert home.run("tail", "352").status == 2


def test_dev_null_is_an_empty_configuration(home: Home, url: str) -> None:
    """`JOBEVENTS_CONFIG=/dev/null` means: no configuration file."""
    assert home.with_(JOBEVENTS_CONFIG="/dev/null").run("tail", "352", "--url", url).status == 0


def test_a_symlink_stays_one(home: Home) -> None:
    """`config set` changes the file that the link points to, as dotfile managers expect."""
    path = _config(home, "")
    target = home.folder / "dotfiles" / "jobevents.toml"
    target.parent.mkdir()
    target.write_text("interval = 3\n")
    path.unlink()
    os.symlink("../../dotfiles/jobevents.toml", path)
    assert home.run("config", "set", "color", "never").status == 0
    assert path.is_symlink()
    assert target.read_text() == 'interval = 3\ncolor = "never"\n'
    assert target.stat().st_mode & 0o777 == 0o600
    assert os.listdir(target.parent) == ["jobevents.toml"]


def test_folders_are_private(home: Home, url: str) -> None:
    """Every folder that the program makes has mode 0700, not only the last one."""
    assert home.run("tail", "352", "--resume", "--url", url).status == 0
    home.run("config", "set", "color", "never")
    made = [home.folder / name for name in (".local", ".config")]
    folders = [folder for top in made for folder in (top, *(path for path in top.rglob("*") if path.is_dir()))]
    assert len(folders) == 6
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_unset_does_not_take_every_profile(home: Home) -> None:
    """`config unset profiles` would delete all profiles by a slip: it is refused."""
    path = _config(home, '[profiles.a]\nurl = "a"\n')
    ran = home.run("config", "unset", "profiles")
    assert ran.status == 2
    assert "jobevents config unset --profile NAME KEY" in ran.err
    assert path.read_text() == '[profiles.a]\nurl = "a"\n'


def test_set_refuses_what_does_not_exist(home: Home) -> None:
    """A CA file and a default profile must exist; a token file may come later."""
    assert "does not exist" in home.run("config", "set", "cacert", "/nowhere/ca.pem").err
    assert "no profile 'x'" in home.run("config", "set", "default-profile", "x").err
    assert not (home.folder / ".config" / "jobevents" / "config.toml").exists()
    assert home.run("config", "set", "token-file", "/nowhere/token").status == 0
    assert home.run("config", "set", "url", "\udcff").status == 2


def test_removing_the_last_key_of_the_default_profile_removes_both(home: Home) -> None:
    """A default profile that no longer exists would break every command."""
    path = _config(home, 'default-profile = "a"\n[profiles.a]\nurl = "a"\n')
    assert home.run("config", "unset", "--profile", "a", "url").status == 0
    assert path.read_text() == ""


def test_show_prints_what_it_can(home: Home) -> None:
    """A setting that cannot be used is reported after the others, with status 2."""
    path = _config(home, 'url = "pe"\ncacert = "/nowhere"\ntime = "utc"\n')
    ran = home.run("config", "show")
    assert ran.status == 2
    assert "url            https://pe:8143" in ran.out
    assert f"time           utc  ({path})" in ran.out
    assert ran.err == f"Error: the CA file /nowhere ({path}) does not exist, or is not a file\n"
    path.write_text('default-profile = "gone"\n')
    ran = home.run("config", "show")
    assert (ran.status, "profile        gone" in ran.out, ran.err.count("Error")) == (2, True, 1)
