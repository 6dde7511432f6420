"""Which events are printed. A filter never decides when a job has ended, nor how it ended."""

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from typing import Final

from jobevents_cli.errors import UsageProblem
from jobevents_cli.model.event import EVENT_TYPES, FAILURE_TYPES, JOB_STARTS, OUT_MESSAGE, Event
from jobevents_cli.model.node_result import ended_with_error

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
    """Says whether an event is printed."""

    def __init__(
        self,
        tests: Sequence[Callable[[Event], bool]],
        grep: Sequence[re.Pattern[str]] = (),
        exclude: Sequence[re.Pattern[str]] = (),
        printed: Callable[[Event], str] = str,
    ) -> None:
        """Print an event if every one of *tests* is true for it and its texts fit *grep* and *exclude*.

        Its texts are its message and what is *printed* of it. One of the patterns *grep* must match in one of them, if
        there are any, and none of *exclude* in either.
        """
        self._tests = tuple(tests)
        self.grep = tuple(grep)
        self._exclude = tuple(exclude)
        self._printed = printed

    def __call__(self, event: Event) -> bool:
        """Whether *event* is printed."""
        for test in self._tests:  # all() would take three times as long
            if not test(event):
                return False
        if not (self.grep or self._exclude):
            return True
        texts = (event.message, self._printed(event))
        return (not self.grep or _matches(self.grep, texts)) and not _matches(self._exclude, texts)


def _matches(patterns: Iterable[re.Pattern[str]], texts: Sequence[str]) -> bool:
    return any(pattern.search(text) for pattern in patterns for text in texts)


def event_filter(
    *,
    types: Sequence[str] = (),
    nodes: Sequence[str] = (),
    failures: bool = False,
    grep: Sequence[str] = (),
    exclude: Sequence[str] = (),
    printed: Callable[[Event], str] = str,
) -> Filter | None:
    """One filter for all the options, or None if there are none.

    Within *types*, *nodes* (globs) and *grep* (regular expressions) one match is enough; different options must all
    match. *grep* and *exclude* are matched with an event's message and with what is *printed* of it. Raises
    UsageProblem if an expression cannot be used.
    """
    tests: list[Callable[[Event], bool]] = []
    wanted_types = frozenset(SHORT_TYPES.get(name, name) for name in types)
    if types:
        tests.append(lambda event: event.type in wanted_types)
    if failures:
        tests.append(lambda event: event.type in FAILURE_TYPES or ended_with_error(event))
    if nodes:
        has_name = node_filter(nodes)
        tests.append(lambda event: bool(event.node) and has_name(event.node))
    wanted = [_pattern("--grep", text) for text in grep]
    unwanted = [_pattern("--exclude", text) for text in exclude]
    return Filter(tests, wanted, unwanted, printed) if tests or wanted or unwanted else None


def node_filter(globs: Sequence[str]) -> Callable[[str], bool]:
    """Return whether a node's name matches one of *globs*, or has one as its first label: `web01`.

    Certnames are lower case by Puppet's rules; a glob is matched as it is written.
    """
    pattern = re.compile("|".join(translate(glob) for glob in globs))
    return lambda name: pattern.match(name) is not None or name.partition(".")[0] in globs


def quoted(text: str) -> str:
    """The beginning of *text* between quotes."""
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…")


def _pattern(option: str, text: str) -> re.Pattern[str]:
    if posix := _POSIX_CLASS.search(text):
        raise UsageProblem(
            f"{option} {quoted(text)} uses the POSIX class {posix[0]}, which Python's regular expressions do not know",
            hint=r"write \d for digits, \s for spaces, [A-Za-z] for letters",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a future change of the syntax does not matter today
            return re.compile(text)
    except re.error as error:
        raise UsageProblem(f"{option} {quoted(text)} is not a regular expression: {error}") from None
    except (ValueError, OverflowError, RecursionError, MemoryError):
        raise UsageProblem(f"{option} {quoted(text)} cannot be compiled", hint="write a simpler pattern") from None
