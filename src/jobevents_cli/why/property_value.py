"""The value of a resource's property as text."""

from typing import Any

from jobevents_cli.model.json_text import encoded


def as_value(value: Any) -> str:
    """Return a property's *value* as a text: PuppetDB returns any JSON."""
    if type(value) is str:
        return value
    if type(value) is list:
        return ", ".join(each if type(each) is str else encoded(each).decode() for each in value)
    return "" if value is None else encoded(value).decode()
