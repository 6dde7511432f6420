"""Which orchestrator, token file and CA to use: each setting by itself, the first source that has it wins.

Knows neither files nor the environment: the sources come in, in order, as names and values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jobevents_cli.errors import UsageProblem
from jobevents_cli.http.address import Setting

VARIABLES: Final[Mapping[str, str]] = {
    "url": "JOBEVENTS_URL",
    "token-file": "JOBEVENTS_TOKEN_FILE",
    "cacert": "JOBEVENTS_CACERT",
    "profile": "JOBEVENTS_PROFILE",
}
"""The environment variable of each setting."""


TOKEN_VARIABLE: Final = "JOBEVENTS_TOKEN"  # noqa: S105 - the variable's name, no token


CONFIG_VARIABLE: Final = "JOBEVENTS_CONFIG"


@dataclass(frozen=True, slots=True)
class Source:
    """A place that may hold settings: *origin* names it, *read* gives its values when they are needed."""

    origin: Callable[[str], str]
    read: Callable[[], Mapping[str, Any]]


def look_up(name: str, sources: Sequence[Source]) -> Setting | None:
    """The first value of setting *name*. A source behind the first that has it is not even read."""
    for source in sources:
        value = source.read().get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            raise UsageProblem(f"{name} in {source.origin(name)} must be a text, not {value!r}")
        return Setting(value, source.origin(name))
    return None
