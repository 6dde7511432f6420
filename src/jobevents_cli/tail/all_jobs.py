"""The jobs of `tail --all`: every job that runs, those that start, and with `--resume` those that ran meanwhile."""

from collections.abc import Callable, Iterable
from typing import Final

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.runtime.discover import RepeatedSearch
from jobevents_cli.runtime.followed_job import Key
from jobevents_cli.runtime.loop import Loop, Result
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
        self._positions = positions
        known = positions.known.get(Kind.JOB) if positions else None
        self._search = RepeatedSearch(
            client.jobs, Kind.JOB, wanted, known=known, interval=interval, retry_for=retry_for
        )
        self.finds_new = False
        """Whether what was found last started while someone followed, or since the earlier run."""
        self.begins_anew = False
        """Whether the last search has seen that PE was restored: what is known and kept is about other jobs."""

    @property
    def unfinished(self) -> list[JobRef]:
        """The jobs that an earlier run had not followed to their ends."""
        return sorted(self._positions.positions) if self._positions else []

    def start(self, loop: Loop) -> None:
        """Begin the next search."""
        loop.start(SEARCH, self._search.requests(loop.clock()))

    def handle(self, result: Result, loop: Loop, report: Report) -> list[JobRef]:
        """Take in the *result* of a search, and plan the next one. Returns the jobs to follow.

        Raises the error of a search that is not repeated.
        """
        known = self._search.known
        found, notices, next_at = self._search.receive(result, loop.clock())
        report.note(SEARCH, "", notices)
        loop.timer(LOOK, next_at)
        self.begins_anew = found is not None and found.restored is not None
        if found is None:
            return []
        if found.restored:
            report.say(f"jobevents: {found.restored}")
        self.finds_new = known is not None and not found.restored
        return found.jobs

    def save(self, found: Iterable[JobRef]) -> list[str]:
        """Save what is known before any event of the jobs *found* is printed. Returns warnings."""
        if self._positions is None or self._search.known is None:
            return []
        warning = self._positions.save({ref: SavedPosition() for ref in found}, {Kind.JOB: self._search.known})
        return [warning] if warning else []
