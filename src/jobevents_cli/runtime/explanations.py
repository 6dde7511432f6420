"""The causes of failed jobs for `--why`: found in worker threads, within a limit, without holding up other jobs."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, Protocol

from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.runtime.workers import Ended

LIMIT: Final = 10.0
"""Seconds that finding the causes of a job may take."""

WITHIN: Final = 9.0
"""Seconds after which servers are no longer waited for: then there is time to show what is known without them."""


class _Key(NamedTuple):
    """The name of the worker's task that explains a job."""

    explained: JobRef


class Explained(NamedTuple):
    """The causes of *ref*, as *lines* to print."""

    ref: JobRef
    lines: tuple[str, ...]


class TaskStarter(Protocol):
    """What this needs of the workers."""

    def start(self, name: _Key, work: Iterator[Explained]) -> None:
        """Do *work* in a worker thread."""


class Explanations:
    """The explanations that are being made. The methods are for the main thread."""

    def __init__(self, explain: Callable[[JobRef], list[str]] | None, workers: TaskStarter) -> None:
        """Let *workers* call *explain*; without it nothing is explained."""
        self._explain = explain
        self._workers = workers
        self._due: dict[JobRef, float] = {}

    @property
    def are_awaited(self) -> bool:
        """Whether an explanation is being made."""
        return bool(self._due)

    def start(self, ref: JobRef, now: float) -> None:
        """Begin to explain *ref*."""
        if self._explain is not None:
            self._due[ref] = now + LIMIT
            self._workers.start(_Key(ref), self._lines(ref, self._explain))

    def _lines(self, ref: JobRef, explain: Callable[[JobRef], list[str]]) -> Iterator[Explained]:
        yield Explained(ref, tuple(explain(ref)))

    def take(self, explained: Explained) -> tuple[str, ...]:
        """The lines to print for what a worker brought; none if it came too late."""
        return explained.lines if self._due.pop(explained.ref, None) is not None else ()

    def failed(self, ended: Ended) -> tuple[str, ...]:
        """The line to print if a worker could not explain a job."""
        if isinstance(ended.name, _Key) and ended.error and self._due.pop(ended.name.explained, None) is not None:
            from jobevents_cli.render.escape import safe

            return (f"jobevents: the causes of {ended.name.explained.label} are not known: {safe(str(ended.error))}",)
        return ()

    def overdue(self, now: float) -> list[str]:
        """A line for each explanation that takes too long; these are no longer waited for."""
        late = [ref for ref, due in self._due.items() if now >= due]
        for ref in late:
            del self._due[ref]
        return [f"jobevents: the causes of {ref.label} were not found within {LIMIT:g} s" for ref in late]
