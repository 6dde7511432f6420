"""Events made of JSON values, for tests."""

from typing import Any

from jobevents_cli.model.event import Event
from jobevents_cli.model.json_text import encoded


def event_of(value: Any) -> Event:
    """Return the event that is the JSON *value*."""
    return Event(encoded(value))
