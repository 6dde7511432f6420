"""The jobs of `tail --all`: every job that runs, those that start, and with `--resume` those that ran meanwhile."""

import random
from collections.abc import Callable, Iterable
from typing import Final

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.errors import JobEventsError
from jobevents_cli.following2.retry_budget import RetryBudget
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.runtime.discover import Found, pause_between, search
from jobevents_cli.runtime.event_loop import Loop, Result
from jobevents_cli.runtime.followed_job import Key
from jobevents_cli.store.positions import Positions, SavedPosition
from jobevents_cli.tail.report import Report

SEARCH: Final = Key("search")
"""The result of a search."""

LOOK: Final = Key("look")
"""The next search is due."""


class AllJobs:
    """Searches for jobs again and again."""

    def __init__(
        self,
        client: Orchestrator,
        wanted: Callable[[Job], bool],
        *,
        interval: float,
        retry_for: float,
        positions: Positions | None = None,
    ) -> None:
        """Find jobs of *client* that are *wanted*. *interval* and *retry_for* are seconds, as for a job.

        *positions* is what an earlier run kept.
        """
        self._client = client
        self._wanted = wanted
        self._pause = pause_between(interval)
        self._budget = RetryBudget(retry_for, random.random)
        self._positions = positions
        self._known = positions.known.get(Kind.JOB) if positions else None
        self._requested_at = 0.0
        self.finds_new = False
        """Whether what was found last started while someone followed, or since the earlier run."""

    @property
    def unfinished(self) -> list[JobRef]:
        """The jobs that an earlier run had not followed to their ends."""
        return sorted(self._positions.positions) if self._positions else []

    def start(self, loop: Loop) -> None:
        """Begin the next search."""
        self._requested_at = loop.clock()
        loop.start(SEARCH, search(self._client.jobs, Kind.JOB, self._known, self._wanted))

    def handle(self, result: Result, loop: Loop, report: Report) -> list[JobRef]:
        """Take in the *result* of a search, and plan the next one. Returns the jobs to follow.

        Raises the error of a search that is not repeated.
        """
        now = loop.clock()
        if result.error is not None:
            if not isinstance(result.error, JobEventsError):
                raise result.error
            retry = self._budget.retry(result.error, self._requested_at, now)
            if retry is None:
                raise result.error
            report.note(SEARCH, "", [retry.lost] if retry.lost else [])
            loop.timer(LOOK, now + retry.delay)
            return []
        back = self._budget.good(now)
        report.note(SEARCH, "", [back] if back else [])
        found: Found = result.value
        if found.restored:
            report.say(f"jobevents: {found.restored}")
        self.finds_new = self._known is not None and not found.restored
        self._known = found.known
        report.warn(self._save(found.jobs))
        loop.timer(LOOK, now + self._pause)
        return found.jobs

    def _save(self, found: Iterable[JobRef]) -> list[str]:
        """Save what is known before any event of the jobs *found* is printed. Returns warnings."""
        if self._positions is None or self._known is None:
            return []
        warning = self._positions.save({ref: SavedPosition() for ref in found}, {Kind.JOB: self._known})
        return [warning] if warning else []
