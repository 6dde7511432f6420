"""Where the address and the token come from, and every form of an address."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.misbehaving import TestServer, job
from support.program import TOKEN, Home

from jobevents_cli.config.address import Setting, orchestrator_url
from jobevents_cli.errors import UsageProblem

Serve = Callable[..., TestServer]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("pe.example.com", "https://pe.example.com:8143"),
        ("pe.example.com:9000", "https://pe.example.com:9000"),
        ("https://pe.example.com", "https://pe.example.com:8143"),
        ("https://pe.example.com:8143/", "https://pe.example.com:8143"),
        ("https://pe.example.com:8143/orchestrator/v1", "https://pe.example.com:8143"),
        ("pe.example.com/orchestrator/v1/", "https://pe.example.com:8143"),
        ("http://127.0.0.1:80", "http://127.0.0.1:80"),
        ("http://[::1]:8143", "http://[::1]:8143"),
        ("http://localhost", "http://localhost:8143"),
        (" PE.Example.com ", "https://pe.example.com:8143"),
    ],
)
def test_every_form_of_an_address(text: str, url: str) -> None:
    """Host alone, with a port, with a scheme, with the API's path, with a final slash."""
    assert orchestrator_url(Setting(text, "--url")) == url


@pytest.mark.parametrize(
    "text",
    [
        "http://pe.example.com",
        "http://127.0.0.1.evil.example",
        "https://user:hunter2@pe.example.com",
        "ftp://pe.example.com",
        "https://pe.example.com/other/path",
        "https://pe.example.com?token=x",
        "https://",
        "host:port",
        "https://pe.example.com:99999",
        "a b",
    ],
)
def test_what_is_no_address(text: str) -> None:
    """Refused, saying where it came from and never a password in it."""
    with pytest.raises(UsageProblem) as raised:
        orchestrator_url(Setting(text, "JOBEVENTS_URL"))
    assert "JOBEVENTS_URL" in raised.value.message
    assert "hunter2" not in f"{raised.value.message}{raised.value.hint}"


def _orchestrator_conf(home: Home, **options: str) -> None:
    path = home.folder / ".puppetlabs" / "client-tools" / "orchestrator.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"options": options}))


def _config(home: Home, text: str) -> Path:
    path = home.folder / ".config" / "jobevents" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_client_tools_configuration_is_enough(home: Home, serve: Serve) -> None:
    """Where PE's client tools are set up, nothing else is needed."""
    _orchestrator_conf(home, **{"service-url": serve(job("job:finished")).url, "token-file": "~/.puppetlabs/token"})
    assert home.run("tail", "352").status == 0


def test_the_first_source_wins(home: Home, serve: Serve) -> None:
    """Option before environment before profile before orchestrator.conf."""
    url = serve(job("job:finished")).url
    _orchestrator_conf(home, **{"service-url": url})
    assert home.run("list", "352").status == 0
    path = _config(home, f'url = "localhost:1"\n[profiles.good]\nurl = "{url}"\n')
    assert "localhost:1" in home.run("tail", "352", "--retry-for", "0").err
    assert home.run("list", "352", "--profile", "good").status == 0
    assert home.with_(JOBEVENTS_PROFILE="good").run("list", "352").status == 0
    wrong = home.with_(JOBEVENTS_URL="localhost:2", JOBEVENTS_PROFILE="good")
    assert "localhost:2" in wrong.run("tail", "352", "--retry-for", "0").err
    assert wrong.run("list", "352", "--url", url).status == 0
    path.write_text(f'default-profile = "good"\n[profiles.good]\nurl = "{url}"\n')
    assert home.run("list", "352").status == 0


def test_a_profile_that_is_not_there_names_those_that_are(home: Home) -> None:
    """A slip in `--profile` is answered with the names there are."""
    _config(home, '[profiles.good]\nurl = "localhost"\n')
    ran = home.run("list", "352", "--profile", "god")
    assert ran.status == 2
    assert "no profile 'god'" in ran.err
    assert "(profiles: good)" in ran.err


def test_nothing_configured_says_how_to_configure(home: Home) -> None:
    """Without any address, the error tells the ways to give one."""
    ran = home.run("list", "352")
    assert ran.status == 2
    assert "jobevents config set url https://PE-HOST, or --url" in ran.err
    assert "JOBEVENTS_URL" in ran.err


def test_token_from_the_environment(home: Home, serve: Serve) -> None:
    """JOBEVENTS_TOKEN serves without any file; the option --token-file goes before it."""
    url = serve(job("job:finished")).url
    (home.folder / ".puppetlabs" / "token").unlink()
    assert home.with_(JOBEVENTS_TOKEN=TOKEN).run("list", "352", "--url", url).status == 0
    other = home.folder / "other"
    other.write_text("wrong")
    other.chmod(0o600)
    named = home.with_(JOBEVENTS_TOKEN=TOKEN).run("list", "352", "--url", url, "--token-file", str(other))
    assert named.status == 4
    assert str(other) in named.err
    assert home.with_(JOBEVENTS_TOKEN_FILE=str(other)).run("list", "352", "--url", url).status == 4


def test_a_token_file_that_others_can_read_earns_a_warning(home: Home, serve: Serve) -> None:
    """The warning names file, mode and cure; the work goes on."""
    path = home.write_token(mode=0o644)
    ran = home.run("list", "352", "--url", serve(job("job:finished")).url)
    assert ran.status == 0
    assert ran.err == f"Warning: others can read the token file {path} (mode 0644): chmod 600 {path}\n"


@pytest.mark.parametrize("content", ["", "two words", "\x00\x01", "a\nb", "x" * 10_000, "ünicode"])
def test_what_is_no_token(home: Home, serve: Serve, content: str) -> None:
    """A file that holds no token ends in 4 without a request, and is not shown."""
    home.write_token(content)
    server = serve(job("job:finished"))
    ran = home.run("list", "352", "--url", server.url)
    assert ran.status == 4
    assert server.seen == []
    assert "x" * 100 not in ran.err


def test_a_broken_orchestrator_conf_is_named(home: Home) -> None:
    """A file of PE's that is no JSON is named with line and column."""
    path = home.folder / ".puppetlabs" / "client-tools" / "orchestrator.conf"
    path.parent.mkdir(parents=True)
    path.write_text('{"options": {\n"service-url" "x"}}')
    ran = home.run("list", "352")
    assert ran.status == 2
    assert f"{path} is not valid JSON" in ran.err
    assert "line 2 column" in ran.err
