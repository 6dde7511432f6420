"""The proxy that the environment names for a server."""

import os
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from jobevents_cli.config.address import is_loopback
from jobevents_cli.errors import UsageProblem

_SCHEMES: Final = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """A proxy on the way to a server."""

    url: str
    """Its address, with user and password if the environment gives them."""
    label: str
    """The form for messages: host, port and where it comes from, without user and password."""


def proxy_for(url: str) -> Proxy | None:
    """The proxy to use on the way to *url*; None for plain http and for this machine, which never use one.

    UsageProblem, naming the variable, if the proxy cannot be used.
    """
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if parts.scheme != "https" or is_loopback(parts.hostname or ""):
        return None
    proxies = getproxies()
    _check_no_proxy(proxies.get("no", ""))
    name = "https" if proxies.get("https") else "all"
    if not proxies.get(name) or proxy_bypass(f"{parts.hostname}:{parts.port}"):
        return None
    return _proxy(proxies[name], _variable(f"{name}_proxy"))


def _proxy(value: str, origin: str) -> Proxy:
    url = value.strip() if "://" in value else f"http://{value.strip()}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        raise _unusable(origin, "its host or port cannot be read") from None
    if parts.scheme not in _SCHEMES:
        raise _unusable(origin, f"it begins with {parts.scheme}://")
    if not host or any(character.isspace() for character in url):
        raise _unusable(origin, "it has no host")
    return Proxy(url, f"the proxy {_shown(parts, host, port)} ({origin})")


def _shown(parts: SplitResult, host: str, port: int | None) -> str:
    return f"{f'[{host}]' if ':' in host else host}:{port or _SCHEMES[parts.scheme]}"


def _check_no_proxy(value: str) -> None:
    for entry in value.split(","):
        if entry.count("[") != entry.count("]"):
            raise UsageProblem(
                f"{_variable('no_proxy')} contains {entry.strip()!r}, which is not a host",
                hint="write host names and addresses, separated by commas; an IPv6 address without brackets",
            )


def _variable(name: str) -> str:
    """The spelling of the environment variable *name* that is set; the lower-case one is used first, as in curl."""
    spellings = [name, *(known for known in os.environ if known.lower() == name)]
    return next((spelling for spelling in spellings if os.environ.get(spelling)), "the system's proxy settings")


def _unusable(origin: str, why: str) -> UsageProblem:
    return UsageProblem(
        f"the proxy that {origin} names cannot be used: {why}",
        hint="write http://HOST:PORT or https://HOST:PORT, or name the server in NO_PROXY",
    )
