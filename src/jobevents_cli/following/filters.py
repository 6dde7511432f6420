"""Which events are printed. A filter never decides when a job has ended, nor how it went."""

import re
from collections.abc import Callable, Sequence
from fnmatch import translate

from jobevents_cli.errors import UsageProblem
from jobevents_cli.model.event import EVENT_TYPES, FAILURE_TYPES, Event

Filter = Callable[[Event], bool]
"""Says whether an event is printed."""


SHORT_TYPES = {name.split("_", 1)[1]: name for name in EVENT_TYPES if name.startswith("node_")} | {
    "aborted": "job_aborted",
    "stopping": "job_stopping",
}
"""What may be written for a type: `failed` for node_failed and so on."""


def event_filter(
    *,
    types: Sequence[str] = (),
    nodes: Sequence[str] = (),
    failures: bool = False,
    grep: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Filter | None:
    """One filter for all that was asked, or None where nothing was.

    Within *types*, *nodes* (globs) and *grep* (regular expressions) one match suffices; all of the kinds must
    agree. UsageProblem where an expression is none.
    """
    tests: list[Filter] = []
    if types:
        wanted_types = frozenset(SHORT_TYPES.get(name, name) for name in types)
        tests.append(lambda event: event.type in wanted_types)
    if failures:
        tests.append(lambda event: event.type in FAILURE_TYPES)
    if nodes:
        # Certnames are lower case by Puppet's rules; a glob is matched as it is written.
        globs = re.compile("|".join(translate(glob) for glob in nodes))
        tests.append(lambda event: bool(event.node) and globs.match(event.node) is not None)
    if grep:
        wanted = [_expression("--grep", text) for text in grep]
        tests.append(lambda event: any(expression.search(event.message) for expression in wanted))
    if exclude:
        unwanted = [_expression("--exclude", text) for text in exclude]
        tests.append(lambda event: not any(expression.search(event.message) for expression in unwanted))
    if not tests:
        return None
    return lambda event: all(test(event) for test in tests)


def _expression(option: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageProblem(f"{option} {text!r} is no regular expression: {error}") from None
