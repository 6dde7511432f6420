"""Follow Puppet Enterprise orchestrator jobs: each event exactly once, live.

For scripts, `follow` is the door: `for event in follow(352): ...`. What it yields and raises, `Event`, `Outcome`
and `JobEventsError` with its kinds, can be imported from here too.
"""

from typing import TYPE_CHECKING, Any

from jobevents_cli.version import __version__

if TYPE_CHECKING:
    from jobevents_cli.api import Following, follow
    from jobevents_cli.errors import AccessDenied, JobEventsError, NoUsableAnswer, RequestRefused, UsageProblem
    from jobevents_cli.model.event import Event
    from jobevents_cli.model.outcome import Outcome


__all__ = [
    "AccessDenied",
    "Event",
    "Following",
    "JobEventsError",
    "NoUsableAnswer",
    "Outcome",
    "RequestRefused",
    "UsageProblem",
    "__version__",
    "follow",
]

_HOMES = {"Event": "model.event", "Following": "api", "Outcome": "model.outcome", "follow": "api"}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the command line needs none of it to start."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
