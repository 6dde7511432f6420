"""The causes of failed jobs, for `--why`: found while other jobs are followed, within a limit."""

from collections.abc import Callable
from typing import Final

from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.runtime.followed_job import Key
from jobevents_cli.runtime.loop import Loop, Requests, Result
from jobevents_cli.tail.report import Report

FOUND: Final = "causes"
LATE: Final = "causes are late"
"""The tasks of the loop's results: the causes of a job, and that they have not been found in time."""

_LIMIT: Final = 10.0
"""Seconds that finding the causes of a job may take."""

Explain = Callable[[JobRef], Requests[list[str]]]
"""Finds the causes of a job: lines to print."""


class Causes:
    """The causes that are being looked for."""

    def __init__(self, loop: Loop, report: Report, explain: Explain | None) -> None:
        """Print on *report* what *explain* finds; None without `--why`."""
        self._loop = loop
        self._report = report
        self._explain = explain
        self._awaited: set[JobRef] = set()

    @property
    def are_awaited(self) -> bool:
        """Whether causes are being looked for."""
        return bool(self._awaited)

    def find(self, ref: JobRef) -> None:
        """Begin to look for the causes of *ref*."""
        if self._explain and ref not in self._awaited:
            self._awaited.add(ref)
            self._loop.start(Key(FOUND, ref), self._explain(ref))
            self._loop.timer(Key(LATE, ref), self._loop.clock() + _LIMIT)

    def handle(self, result: Result) -> None:
        """Print what was found, or that nothing was: *result* has one of the tasks above."""
        task, ref = result.key
        self._awaited.discard(ref)
        self._loop.drop(Key(FOUND if task == LATE else LATE, ref))
        if task == LATE:
            self._report.say(f"jobevents: the causes of {ref.label} were not found within {_LIMIT:g} s")
        elif result.error is not None:
            self._report.say(f"jobevents: the causes of {ref.label} are not known: {result.error}")
        else:
            self._report.say_all(result.value)
