"""Where and how to connect to a server: the configuration makes this value for the clients."""

from typing import NamedTuple

from jobevents_cli.config.token import Token


class Connection(NamedTuple):
    """One server, and the credentials for it."""

    url: str
    """`https://host:port`, without a path."""
    token: Token | None = None
    cacert: str | None = None
    """The file with the CAs to trust; None: the system's trust store."""
    cert: str | None = None
    """The client certificate's file; with one, no token is sent."""
    key: str | None = None
    origin: str = ""
    """Where the address comes from, in words for the user."""
