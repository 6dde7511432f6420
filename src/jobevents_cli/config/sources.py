"""Looks up a setting: the first source that has it is used.

Knows neither files nor the environment: the caller passes the sources, in order, as names and values.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from jobevents_cli.config.address import Setting
from jobevents_cli.errors import UsageProblem

VARIABLES: Final[Mapping[str, str]] = {
    "url": "JOBEVENTS_URL",
    "token-file": "JOBEVENTS_TOKEN_FILE",
    "cacert": "JOBEVENTS_CACERT",
    "profile": "JOBEVENTS_PROFILE",
    "puppetdb-url": "JOBEVENTS_PUPPETDB_URL",
    "puppetdb-cert": "JOBEVENTS_PUPPETDB_CERT",
    "puppetdb-key": "JOBEVENTS_PUPPETDB_KEY",
}
"""The environment variable of each setting."""

TOKEN_VARIABLE: Final = "JOBEVENTS_TOKEN"  # noqa: S105 - the variable's name, no token

CONFIG_VARIABLE: Final = "JOBEVENTS_CONFIG"


class Source(NamedTuple):
    """A place that may hold settings: *origin* names it, *read* gives its values when they are needed."""

    origin: Callable[[str], str]
    read: Callable[[], Mapping[str, Any]]

    def setting(self, name: str) -> Setting | None:
        """The value of *name*; None if it is missing or empty. UsageProblem if it is not a text."""
        value = self.read().get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise UsageProblem(f"{name} in {self.origin(name)} must be a text, not {shown(value)}")
        return Setting(value, self.origin(name))


def look_up(name: str, sources: Sequence[Source]) -> Setting | None:
    """The first value of setting *name*. A source after the first that has it is not even read."""
    return next((found for source in sources if (found := source.setting(name)) is not None), None)


_LONGEST_SHOWN: Final = 60


def shown(value: Any) -> str:
    """The *value* from a configuration file for a message, shortened."""
    if isinstance(value, bool):
        return str(value).lower()  # as TOML spells it
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits; tables in tables
        return f"such a long {type(value).__name__}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
