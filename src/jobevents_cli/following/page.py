"""What one request for events brought."""

from collections.abc import Sequence
from typing import NamedTuple

from jobevents_cli.model.event import Event


class Page(NamedTuple):
    """The events of one whole response, in the order of the server."""

    events: Sequence[Event]
    date: float | None = None
    """The response's Date header, in seconds since 1970; None if it is missing or senseless."""
