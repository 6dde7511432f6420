"""Where PuppetDB is: address, certificate and key together, from the first source that has an address."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.program import TOKEN, Home

from jobevents_cli.config.configuration import Configuration
from jobevents_cli.config.connection import Connection
from jobevents_cli.errors import AccessDenied, UsageProblem


@pytest.fixture(name="user")
def _user(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Home:
    """A process in the user's home, with a certificate and a key in it."""
    for name in ("HOME", "XDG_CONFIG_HOME", "JOBEVENTS_URL", "JOBEVENTS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home.folder))
    for name in ("cert.pem", "key.pem", "ca.pem", "other.pem"):
        (tmp_path / name).write_text("x")
    return home


def _write_config(home: Home, text: str) -> None:
    path = home.folder / ".config" / "jobevents" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _write_conf(home: Home, **settings: object) -> Path:
    path = home.folder / ".puppetlabs" / "client-tools" / "puppetdb.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"puppetdb": settings}))
    return path


def _configuration(**options: str) -> Configuration:
    return Configuration({"url": "https://pe.example.com", **options})


def _facts(connections: tuple[Connection, ...]) -> list[tuple[str, str | None, str | None, str | None]]:
    return [(one.url, one.token.value if one.token else None, one.cert, one.key) for one in connections]


@pytest.mark.usefixtures("user")
def test_without_settings_it_is_the_orchestrators_host() -> None:
    """Port 8081 of the orchestrator's host, with the orchestrator's token; that counts as not configured."""
    configuration = _configuration()
    assert _facts(configuration.puppetdb) == [("https://pe.example.com:8081", TOKEN, None, None)]
    assert not configuration.puppetdb_is_configured
    assert configuration.puppetdb[0].origin == "the orchestrator's host"
    assert _configuration(url="https://[2001:db8::1]:9").puppetdb[0].url == "https://[2001:db8::1]:8081"


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://localhost", "https://[::1]:8143"])
def test_on_loopback_there_is_none(url: str) -> None:
    """An orchestrator on loopback, such as the demo's, has no PuppetDB unless one is named."""
    configuration = _configuration(url=url)
    assert configuration.puppetdb == ()
    assert not configuration.puppetdb_is_configured


@pytest.mark.usefixtures("user")
def test_no_orchestrator_no_puppetdb() -> None:
    """`why --from FILE` may run without any server: then there is no address, and that is not an error."""
    assert Configuration({}).puppetdb == ()


def test_the_environment_wins(user: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its address goes with its certificate and key only; with them, no token is sent."""
    _write_config(user, f'puppetdb-url = "file.example.com"\npuppetdb-cert = "{tmp_path}/cert.pem"\n')
    _write_conf(user, server_urls="conf.example.com", cacert=f"{tmp_path}/ca.pem")
    monkeypatch.setenv("JOBEVENTS_PUPPETDB_URL", "env.example.com")
    assert _facts(_configuration().puppetdb) == [("https://env.example.com:8081", TOKEN, None, None)]
    monkeypatch.setenv("JOBEVENTS_PUPPETDB_CERT", f"{tmp_path}/cert.pem")
    with pytest.raises(UsageProblem, match="no key"):
        _ = _configuration().puppetdb
    monkeypatch.setenv("JOBEVENTS_PUPPETDB_KEY", f"{tmp_path}/key.pem")
    assert _facts(_configuration().puppetdb) == [
        ("https://env.example.com:8081", None, f"{tmp_path}/cert.pem", f"{tmp_path}/key.pem")
    ]
    assert _configuration().puppetdb_is_configured


@pytest.mark.usefixtures("user")
def test_a_certificate_without_an_address_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The three settings come from one source: a source without an address is not used at all."""
    monkeypatch.setenv("JOBEVENTS_PUPPETDB_CERT", "/nowhere")
    assert _facts(_configuration().puppetdb) == [("https://pe.example.com:8081", TOKEN, None, None)]


def test_the_profile_comes_before_the_rest_of_the_file(user: Home) -> None:
    """A profile's own address wins over the one for all profiles."""
    _write_config(
        user,
        'puppetdb-url = "all.example.com"\n[profiles.a]\npuppetdb-url = "http://127.0.0.1"\n[profiles.b]\nurl = "b"\n',
    )
    _write_conf(user, server_urls="conf.example.com")
    assert _configuration(profile="a").puppetdb[0].url == "http://127.0.0.1:8080"
    assert _configuration(profile="b").puppetdb[0].url == "https://all.example.com:8081"
    assert "[profiles.a]" in _configuration(profile="a").puppetdb[0].origin


@pytest.mark.parametrize("urls", ["https://a:1", ["https://a:1"], ["https://a:1/", "b"]])
def test_the_client_tools_file(user: Home, tmp_path: Path, urls: str | list[str]) -> None:
    """`server_urls` is an address or a list of them; cacert, cert and key hold for all."""
    files = {name: f"{tmp_path}/{name}.pem" for name in ("cert", "key")}
    path = _write_conf(user, server_urls=urls, cacert=f"{tmp_path}/other.pem", **files)
    found = _configuration(cacert=f"{tmp_path}/ca.pem").puppetdb
    wanted = ["https://a:1", "https://b:8081"][: 2 if len(urls) == 2 else 1]
    assert _facts(found) == [(url, None, files["cert"], files["key"]) for url in wanted]
    assert {(one.cacert, one.origin) for one in found} == {(f"{tmp_path}/other.pem", str(path))}


def test_without_a_ca_of_its_own_the_orchestrators_is_used(user: Home, tmp_path: Path) -> None:
    """Both servers of an installation have certificates of the same CA."""
    _write_conf(user, server_urls="https://a:1")
    assert _configuration(cacert=f"{tmp_path}/ca.pem").puppetdb[0].cacert == f"{tmp_path}/ca.pem"


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"server_urls": 5}, "server_urls"),
        ({"server_urls": ["https://a", 5]}, "server_urls"),
        ({"server_urls": "ftp://a"}, "is not a PuppetDB address"),
        ({"server_urls": "http://a.example.com"}, "plain http"),
        ({"server_urls": "a", "cert": "/x"}, "no key"),
        ({"server_urls": "a", "key": "/x"}, "no certificate"),
        ({"server_urls": "a", "cert": "/nowhere", "key": "/nowhere"}, "does not exist"),
        ({"server_urls": "a", "cacert": "/nowhere"}, "does not exist"),
        ({"server_urls": "a", "cacert": ["/x"]}, "must be a text"),
    ],
)
def test_what_cannot_be_used_is_named(user: Home, settings: Mapping[str, object], complaint: str) -> None:
    """A wrong value in puppetdb.conf is a usage error that names the file."""
    path = _write_conf(user, **settings)
    with pytest.raises(UsageProblem, match=complaint) as raised:
        _ = _configuration().puppetdb
    assert str(path) in raised.value.message


def test_a_certificate_needs_no_token(user: Home, tmp_path: Path) -> None:
    """Without a token, the certificate serves; without both, the token is what is missing."""
    (user.folder / ".puppetlabs" / "token").unlink()
    _write_conf(user, server_urls="a")
    with pytest.raises(AccessDenied):
        _ = _configuration().puppetdb
    _write_conf(user, server_urls="a", cert=f"{tmp_path}/cert.pem", key=f"{tmp_path}/key.pem")
    assert _configuration().puppetdb[0].token is None


def test_config_set_and_show(home: Home, tmp_path: Path) -> None:
    """`config set` takes the three keys and checks them; `config show` prints them with their origin."""
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("x")
    assert home.run("config", "set", "puppetdb-url", "pdb.example.com").status == 0
    assert home.run("config", "set", "puppetdb-cert", str(tmp_path / "cert.pem")).status == 0
    assert home.run("config", "set", "puppetdb-url", "http://pdb.example.com").status == 2
    refused = home.run("config", "set", "puppetdb-key", "/nowhere/key.pem")
    assert (refused.status, "does not exist" in refused.err) == (2, True)
    halfway = home.run("config", "show")
    assert (halfway.status, "no key" in halfway.err) == (2, True)
    assert home.run("config", "set", "puppetdb-key", str(tmp_path / "key.pem")).status == 0
    shown = home.run("config", "show")
    path = home.folder / ".config" / "jobevents" / "config.toml"
    assert shown.status == 0
    assert f"puppetdb-url   https://pdb.example.com:8081  ({path})" in shown.out
    assert f"puppetdb-cert  {tmp_path}/cert.pem  ({path})" in shown.out
