"""Which events are printed. A filter never decides when a job has ended, nor how it ended."""

import re
import warnings
from collections.abc import Callable, Sequence
from fnmatch import translate
from typing import Final

from jobevents_cli.errors import UsageProblem
from jobevents_cli.model.event import EVENT_TYPES, FAILURE_TYPES, JOB_STARTS, OUT_MESSAGE, Event

SHORT_TYPES: Final = {
    **{name.removeprefix("node_"): name for name in EVENT_TYPES if name.startswith("node_")},
    "aborted": "job_aborted",
    "stopping": "job_stopping",
    **{name.removesuffix("_start"): name for name in JOB_STARTS},
    "message": OUT_MESSAGE,
}
"""Short names for types: `failed` means node_failed, `task` means task_start, and so on."""


_POSIX_CLASS: Final = re.compile(
    r"\[:\^?(?:al(?:num|pha)|blank|cntrl|x?digit|graph|lower|p(?:rint|unct)|space|upper):\]"
)


_LONGEST_QUOTE: Final = 60
"""Characters of a wrong pattern that its error repeats."""


class Filter:
    """Says whether an event is printed. Pure: a pattern that takes too long is the caller's to stop."""

    def __init__(
        self, tests: Sequence[Callable[[Event], bool]], grep: Sequence[re.Pattern[str]], *, has_patterns: bool
    ) -> None:
        """Print an event if every one of *tests* is true for it.

        *grep*: the patterns of `--grep`, whose matches are highlighted. *has_patterns*: the user's own regular
        expressions are among the tests, and they may take arbitrarily long.
        """
        self._tests = tuple(tests)
        self.grep = tuple(grep)
        self.has_patterns = has_patterns

    def __call__(self, event: Event) -> bool:
        """Whether *event* is printed."""
        return all(test(event) for test in self._tests)


def event_filter(
    *,
    types: Sequence[str] = (),
    nodes: Sequence[str] = (),
    failures: bool = False,
    grep: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Filter | None:
    """One filter for all the options, or None if there are none.

    Within *types*, *nodes* (globs) and *grep* (regular expressions) one match is enough; different options must all
    match. Raises UsageProblem if an expression cannot be used.
    """
    tests: list[Callable[[Event], bool]] = []
    if types:
        wanted_types = frozenset(SHORT_TYPES.get(name, name) for name in types)
        tests.append(lambda event: event.type in wanted_types)
    if failures:
        tests.append(lambda event: event.type in FAILURE_TYPES)
    if nodes:
        # Certnames are lower case by Puppet's rules; a glob is matched as it is written.
        globs = re.compile("|".join(translate(glob) for glob in nodes))
        tests.append(lambda event: bool(event.node) and globs.match(event.node) is not None)
    wanted = [_pattern("--grep", text) for text in grep]
    if wanted:
        tests.append(lambda event: any(pattern.search(event.message) for pattern in wanted))
    unwanted = [_pattern("--exclude", text) for text in exclude]
    if unwanted:
        tests.append(lambda event: not any(pattern.search(event.message) for pattern in unwanted))
    if not tests:
        return None
    return Filter(tests, wanted, has_patterns=bool(wanted or unwanted))


def _pattern(option: str, text: str) -> re.Pattern[str]:
    quoted = repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…")
    if posix := _POSIX_CLASS.search(text):
        raise UsageProblem(
            f"{option} {quoted} uses the POSIX class {posix[0]}, which Python's regular expressions do not know",
            hint=r"write \d for digits, \s for spaces, [A-Za-z] for letters",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a set that may mean another thing one day means today's thing today
            return re.compile(text)
    except re.error as error:
        raise UsageProblem(f"{option} {quoted} is not a regular expression: {error}") from None
    except (ValueError, OverflowError, RecursionError, MemoryError):
        raise UsageProblem(f"{option} {quoted} cannot be compiled", hint="write a simpler pattern") from None
