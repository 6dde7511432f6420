"""Follow Puppet Enterprise orchestrator jobs: each event exactly once, live.

For scripts, `follow` is the door: `for event in follow(352): ...`. What it yields and raises, `Event`, `Outcome`
and `JobEventsError` with its kinds, can be imported from here too.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobevents_cli.door import Following, follow
    from jobevents_cli.errors import AccessDenied, JobEventsError, NoUsableAnswer, RequestRefused, UsageProblem
    from jobevents_cli.events import Event
    from jobevents_cli.verdict import Outcome

__version__ = "0.1.0"

__all__ = [
    "AccessDenied",
    "Event",
    "Following",
    "JobEventsError",
    "NoUsableAnswer",
    "Outcome",
    "RequestRefused",
    "UsageProblem",
    "follow",
]

_HOMES = {"Event": "events", "Following": "door", "Outcome": "verdict", "follow": "door"}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the command line needs none of it to start."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
