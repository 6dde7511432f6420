"""Proxies that the environment names: which are used, which are refused, and what is said about a dead one."""

import socket
from collections.abc import Callable, Iterator

import pytest
from support.program import TOKEN, Home

from jobevents_cli.clients.proxies import proxy_for
from jobevents_cli.errors import UsageProblem

StartProxy = Callable[..., tuple[str, list[bytes]]]

ELSEWHERE = "https://pe.example.invalid:8143"
NAMES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "http_proxy", "HTTP_PROXY")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own proxies do not count."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(name="dead_port")
def _dead_port() -> Iterator[int]:
    """A port of this machine that refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1"),
        ("HTTPS_PROXY", "foo://x"),
        ("https_proxy", "ftp://x"),
        ("HTTPS_PROXY", "http://[::1"),
        ("HTTPS_PROXY", "http://a..b"),
        ("HTTPS_PROXY", "http://x:99999"),
        ("HTTPS_PROXY", "http://user:s3cret@"),
        ("HTTPS_PROXY", "http://x y"),
        ("NO_PROXY", "[::1"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The message names the variable; a password in it is not shown."""
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageProblem) as caught:
        proxy_for(ELSEWHERE)
    assert name in caught.value.message
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize("command", [("tail", "352"), ("tail", "--all"), ("list", "352"), ("jobs",)])
def test_a_usage_error_is_exit_status_2(home: Home, command: tuple[str, ...]) -> None:
    """Whatever command would have used the proxy."""
    ran = home.with_(ALL_PROXY="socks5://127.0.0.1:1").run(*command, "--url", ELSEWHERE)
    assert ran.status == 2
    assert ran.err.startswith("Error: the proxy that ALL_PROXY names cannot be used: it begins with socks5://")


def test_a_dead_proxy_is_named(home: Home, dead_port: int) -> None:
    """The message says that the proxy refused, and which variable names it, without user and password."""
    named = home.with_(HTTPS_PROXY=f"http://user:s3cret@127.0.0.1:{dead_port}")
    ran = named.run("list", "352", "--url", ELSEWHERE)
    assert ran.status == 7
    proxy = f"the proxy 127.0.0.1:{dead_port} (HTTPS_PROXY)"
    assert f"could not connect to {proxy} on the way to pe.example.invalid:8143: Connection refused" in ran.err
    assert "Hint: if pe.example.invalid can be reached without the proxy, add it to NO_PROXY\n" in ran.err
    assert "s3cret" not in ran.err


def test_a_proxy_that_refuses_is_named(home: Home, start_proxy: StartProxy) -> None:
    """What the proxy answers to CONNECT is its answer, and not the orchestrator's; it never sees the token."""
    proxy, seen = start_proxy(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
    ran = home.with_(ALL_PROXY=proxy).run("list", "352", "--url", ELSEWHERE)
    assert ran.status == 7
    assert f"the proxy {proxy} (ALL_PROXY) did not connect to pe.example.invalid:8143: 502" in ran.err
    assert ran.err.endswith("Hint: if pe.example.invalid can be reached without the proxy, add it to NO_PROXY\n")
    assert seen[0].startswith(b"CONNECT pe.example.invalid:8143 ")
    assert TOKEN.encode() not in b"".join(seen)


@pytest.mark.parametrize("url", ["https://127.0.0.1:1", "https://[::ffff:127.0.0.1]:1", "https://localhost:1"])
def test_no_proxy_is_used_on_the_way_to_loopback(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Not even looked at: a proxy that could not be used does no harm there."""
    monkeypatch.setenv("HTTPS_PROXY", "socks5://x")
    monkeypatch.setenv("NO_PROXY", "[::1")
    assert proxy_for(url) is None


def test_the_variable_for_https_goes_before_the_one_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not used is not looked at."""
    monkeypatch.setenv("ALL_PROXY", "socks5://x")
    monkeypatch.setenv("HTTP_PROXY", "foo://x")
    monkeypatch.setenv("HTTPS_PROXY", "https://proxy.example")
    proxy = proxy_for(ELSEWHERE)
    assert proxy
    assert proxy.label == "the proxy proxy.example:443 (HTTPS_PROXY)"


@pytest.mark.parametrize("value", ["*", "pe.example.invalid", ".example.invalid", "a, example.invalid", "invalid"])
def test_no_proxy_names_the_servers_without_one(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Names, and the ends of names, separated by commas."""
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", value)
    assert proxy_for(ELSEWHERE) is None


def test_an_empty_variable_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in curl."""
    monkeypatch.setenv("HTTPS_PROXY", "")
    assert proxy_for(ELSEWHERE) is None


def test_the_spelling_that_is_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the reader can search for it."""
    monkeypatch.setenv("https_proxy", "foo://x")
    with pytest.raises(UsageProblem, match="the proxy that https_proxy names"):
        proxy_for(ELSEWHERE)
