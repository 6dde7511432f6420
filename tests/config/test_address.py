"""Addresses of servers, in every form in which people write them."""

import pytest

from jobevents_cli.config.address import Setting, is_loopback, orchestrator_url, puppetdb_url
from jobevents_cli.errors import UsageProblem


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("pe.example.com", "https://pe.example.com:8143"),
        ("pe.example.com:443", "https://pe.example.com:443"),
        ("https://pe.example.com/orchestrator/v1/", "https://pe.example.com:8143"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]:8143"),
        ("[2001:db8::1]:443", "https://[2001:db8::1]:443"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("http://[::ffff:127.0.0.1]:80", "http://[::ffff:127.0.0.1]:80"),
        ("http://localhost:9", "http://localhost:9"),
        (" münchen.example ", "https://münchen.example:8143"),
    ],
)
def test_every_usual_form_is_understood(text: str, url: str) -> None:
    """With or without scheme, port, path and trailing slash; the result always has scheme and port."""
    assert orchestrator_url(Setting(text, "--url")) == url


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://a..b", "cannot be read"),
        ("https://a\nb", "control character"),
        ("a\x00b", "control character"),
        (f"https://{'a' * 64}.example", "cannot be read"),
        ("https://xn--", "cannot be read"),
        ("https://[::1", "cannot be read"),
        ("host:99999", "cannot be read"),
        ("host:0", "0 is not a port"),
        ("::1", "an IPv6 address needs brackets"),
        ("https://::ffff:127.0.0.1:9", "an IPv6 address needs brackets"),
        ("ftp://host", "it begins with ftp://"),
        ("https://", "it has no host"),
        ("https://host/other", "may follow host and port"),
    ],
)
def test_what_is_not_an_address_says_why(text: str, why: str) -> None:
    """The message names the setting, and the reason."""
    with pytest.raises(UsageProblem) as caught:
        orchestrator_url(Setting(text, "--url"))
    assert why in caught.value.message
    assert "--url" in caught.value.message


def test_the_hint_for_plain_http_has_brackets_where_they_are_needed() -> None:
    """What the hint says can be pasted."""
    with pytest.raises(UsageProblem) as caught:
        orchestrator_url(Setting("http://[2001:db8::1]:80", "--url"))
    assert caught.value.hint == "use https://[2001:db8::1]:80"


def test_puppetdb_has_its_own_ports() -> None:
    """8081 with TLS, 8080 without, which is for loopback only."""
    assert puppetdb_url(Setting("pe.example.com", "")) == "https://pe.example.com:8081"
    assert puppetdb_url(Setting("http://localhost/pdb/query/v4", "")) == "http://localhost:8080"


@pytest.mark.parametrize(
    ("host", "is_this_machine"),
    [
        ("localhost", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:192.0.2.1", False),
        ("192.0.2.1", False),
        ("fe80::1%eth0", False),
        ("localhost.example.com", False),
    ],
)
def test_loopback_is_this_machine_only(host: str, is_this_machine: bool) -> None:  # noqa: FBT001 - a table
    """An IPv4 address inside an IPv6 one counts as what it is."""
    assert is_loopback(host) is is_this_machine
