"""Reads the addresses of servers in every form in which people write them."""

from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from jobevents_cli.errors import UsageProblem

DEFAULT_PORT: Final = 8143

PUPPETDB_PORT: Final = 8081

PUPPETDB_PLAIN_PORT: Final = 8080

API_PATH: Final = "/orchestrator/v1"


class Setting(NamedTuple):
    """A value and its origin, in words for the user."""

    value: str
    origin: str


def orchestrator_url(setting: Setting) -> str:
    """The orchestrator's address, `https://host:port`, from any form in which people write it. See `_server_url`."""
    return _server_url(setting, "an orchestrator", DEFAULT_PORT, API_PATH)


def puppetdb_url(setting: Setting) -> str:
    """PuppetDB's address, `https://host:port`, from any form in which people write it. See `_server_url`."""
    is_plain = setting.value.strip().lower().startswith("http://")
    return _server_url(setting, "a PuppetDB", PUPPETDB_PLAIN_PORT if is_plain else PUPPETDB_PORT, "/pdb/query/v4")


def _server_url(setting: Setting, kind: str, default_port: int, api_path: str) -> str:
    """The address of *kind* of server, `https://host:port`; *api_path* and its beginnings may follow.

    UsageProblem if it is not an address, or plain http to another machine: the token would be readable.
    """
    text = setting.value.strip()
    if not text.isprintable():  # urlsplit would leave line breaks out, and so take another host
        raise _no_address(setting, kind, default_port, "it contains a control character")
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = parts.hostname or ""
        port = default_port if parts.port is None else parts.port
        _check_name(host)
    except ValueError:
        why = (
            "an IPv6 address needs brackets, as in https://[::1]:8143"
            if text.split("://")[-1].count(":") > 1 and "[" not in text
            else "its host or port cannot be read"
        )
        raise _no_address(setting, kind, default_port, why) from None
    if port == 0:
        raise _no_address(setting, kind, default_port, "0 is not a port")
    if parts.username is not None or parts.password is not None:
        raise UsageProblem(
            f"the address from {setting.origin} contains a user or password: give only host and port",
            hint="jobevents authenticates with a token: puppet-access login",
        )
    if parts.scheme not in ("https", "http"):
        raise _no_address(setting, kind, default_port, f"it begins with {parts.scheme}://")
    if not host or any(character.isspace() for character in host):
        raise _no_address(setting, kind, default_port, "it has no host")
    if f"{parts.path.rstrip('/')}/" not in _beginnings(api_path) or parts.query or parts.fragment:
        raise _no_address(setting, kind, default_port, f"only {api_path} may follow host and port")
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageProblem(
            f"plain http to {host} ({setting.origin}) is refused: the token would travel openly",
            hint=f"use https://{_shown(host)}:{port}",
        )
    return f"{parts.scheme}://{_shown(host)}:{port}"


def is_loopback(host: str) -> bool:
    """Whether *host* is this machine, and no other."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _check_name(host: str) -> None:
    """ValueError if *host* is not a valid host name: `a..b`, or a label of more than 63 characters."""
    host.encode("idna").decode("idna")


def _beginnings(path: str) -> list[str]:
    """`/a/b` gives `/`, `/a/` and `/a/b/`."""
    return ["/", *(f"{path[:end]}/" for end in range(1, len(path) + 1) if path[end : end + 1] in ("", "/"))]


def _no_address(setting: Setting, kind: str, default_port: int, why: str) -> UsageProblem:
    return UsageProblem(
        f"{setting.value!r} ({setting.origin}) is not {kind} address: {why}",
        hint=f"write host, host:port or https://host:port; port {default_port} is the default",
    )
