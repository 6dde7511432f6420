"""Follow Puppet Enterprise orchestrator jobs: each event exactly once, live.

For Python programs:

    from jobevents_cli import follow

    with follow(352) as events:
        for event in events:
            print(event.time, event.type, event.node)
    print(events.outcome)

`follow`, `jobs`, `show`, `why` and `changes` do what the commands `tail`, `jobs`, `show`, `why` and `changes` do. What
they return and raise can be imported from here too. Every error is a `JobEventsError`, with `message`, `hint` and
`status`, the exit status of the command line:

- `UsageProblem` (2): an argument or a setting cannot be used
- `AccessDenied` (4): there is no token, or it is not accepted, or it lacks a permission
- `RequestRefused` (6): the orchestrator refused the request; `UnknownJob` if the job does not exist
- `NoUsableAnswer` (7): no response came within the retry limit, or none that can be used
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from jobevents_cli.version import __version__

if TYPE_CHECKING:
    from jobevents_cli.api import JobWithNodes, changes, follow, jobs, show, why
    from jobevents_cli.errors import (
        AccessDenied,
        JobEventsError,
        NoUsableAnswer,
        RequestRefused,
        TimedOut,
        UnknownJob,
        UsageProblem,
    )
    from jobevents_cli.model.event import Event
    from jobevents_cli.model.job import Job
    from jobevents_cli.model.node import Node
    from jobevents_cli.model.outcome import Outcome
    from jobevents_cli.model.plan import Plan
    from jobevents_cli.tail.following import Following
    from jobevents_cli.why.causes import Cause, Finding
    from jobevents_cli.why.changes import Change, Changes
    from jobevents_cli.why.explanation import Explanation


__all__ = [
    "AccessDenied",
    "Cause",
    "Change",
    "Changes",
    "Event",
    "Explanation",
    "Finding",
    "Following",
    "Job",
    "JobEventsError",
    "JobWithNodes",
    "NoUsableAnswer",
    "Node",
    "Outcome",
    "Plan",
    "RequestRefused",
    "TimedOut",
    "UnknownJob",
    "UsageProblem",
    "__version__",
    "changes",
    "follow",
    "jobs",
    "show",
    "why",
]

_HOMES = {
    "Cause": "why.causes",
    "Change": "why.changes",
    "Changes": "why.changes",
    "Event": "model.event",
    "Explanation": "why.explanation",
    "Finding": "why.causes",
    "Following": "tail.following",
    "Job": "model.job",
    "JobWithNodes": "api",
    "Node": "model.node",
    "Outcome": "model.outcome",
    "Plan": "model.plan",
    "changes": "api",
    "follow": "api",
    "jobs": "api",
    "show": "api",
    "why": "api",
}


class _Package(ModuleType):
    """Keeps its functions: the import of a folder of the same name, such as `why`, would replace one of them."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    """Import *name* when a program first uses it: the command line starts without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)


def __dir__() -> "list[str]":  # an older Python reads this, too, before it is told which one is needed
    """The public names."""
    return __all__
