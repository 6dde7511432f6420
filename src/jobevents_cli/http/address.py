"""Reads the addresses of servers in every form in which people write them."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from jobevents_cli.errors import UsageProblem

DEFAULT_PORT: Final = 8143


API_PATH: Final = "/orchestrator/v1"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it came from, in words for the reader."""

    value: str
    origin: str


def orchestrator_url(setting: Setting) -> str:
    """The address `https://host:port` from any form in which people write it.

    UsageProblem where it is none of them, or plain http to another machine: the token would travel openly.
    """
    text = setting.value.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = parts.hostname or ""
        port = parts.port or DEFAULT_PORT
    except ValueError:
        raise _no_address(setting, "its host or port cannot be read") from None
    if parts.username is not None or parts.password is not None:
        raise UsageProblem(
            f"the address from {setting.origin} holds a user or password: give host and port alone",
            hint="jobevents lets itself in with a token: puppet-access login",
        )
    if parts.scheme not in ("https", "http"):
        raise _no_address(setting, f"it begins with {parts.scheme}://")
    if not host or any(character.isspace() for character in host):
        raise _no_address(setting, "it has no host")
    if parts.path.rstrip("/") not in ("", "/orchestrator", API_PATH) or parts.query or parts.fragment:
        raise _no_address(setting, f"all that may follow host and port is {API_PATH}")
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageProblem(
            f"plain http to {host} ({setting.origin}) is refused: the token would travel openly",
            hint=f"use https://{host}:{port}",
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{port}"


def is_loopback(host: str) -> bool:
    """Whether *host* is this machine and no other."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _no_address(setting: Setting, why: str) -> UsageProblem:
    return UsageProblem(
        f"{setting.value!r} ({setting.origin}) is no address of an orchestrator: {why}",
        hint=f"write host, host:port or https://host:port; port {DEFAULT_PORT} is the default",
    )
