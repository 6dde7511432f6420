"""The jobs that a plan starts: which ones are followed, and one cursor for the plan and all of them."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from jobevents_cli.following.position import Cursor
from jobevents_cli.following.update import Update
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.plan import Plan
from jobevents_cli.state.plan_cursor import PlanCursor

if TYPE_CHECKING:
    from jobevents_cli.model.outcome import Outcome

_FIRST_EVENT: Final = Cursor(-1, (), {})


class PlanJobs:
    """The jobs of one plan, from the moment when the plan names them. The methods are for the main thread."""

    def __init__(
        self,
        plan: JobRef,
        cursor: Cursor,
        *,
        kept: PlanCursor | None = None,
        save: Callable[[PlanCursor], str | None] | None = None,
    ) -> None:
        """The jobs of *plan*, whose own *cursor* is the one to begin with.

        *kept* is what an earlier run saved; *save* keeps what this one does.
        """
        self.plan = plan
        self.is_resumed = kept is not None
        """An earlier run printed some of the plan's events."""
        self.ended: dict[int, Outcome | None] = dict(kept.ended) if kept else {}
        """The jobs that are finished here, and how they ended, if that is known."""
        self.open: set[int] = set(kept.jobs) if kept else set()
        """The jobs that are followed. Another thread may check whether there are any."""
        self._cursors: dict[int, Cursor] = dict(kept.jobs) if kept else {}
        self._plan_cursor = cursor
        self._save = save

    def joining(self, update: Update) -> Iterator[JobRef]:
        """The jobs that *update* of the plan names for the first time, in its events or in its status."""
        numbers = [event.child_job for event in update.events]
        if isinstance(update.job, Plan):
            numbers += sorted(update.job.child_states)
        for number in numbers:
            if number is not None and number not in self.open and number not in self.ended:
                self.open.add(number)
                self._cursors[number] = _FIRST_EVENT
                yield JobRef.job(number)

    def cursor_of(self, number: int) -> Cursor | None:
        """Where following the job *number* continues; None: from its first event."""
        cursor = self._cursors.get(number)
        return None if cursor == _FIRST_EVENT else cursor

    def leave(self, number: int, *, is_done: bool) -> None:
        """Note that the job *number* is no longer followed. *is_done*: all of it is printed."""
        self.open.discard(number)
        self.ended.setdefault(number, None)
        if is_done:
            self._cursors.pop(number, None)

    def keep(self, ref: JobRef, cursor: Cursor) -> None:
        """Note the *cursor* of the plan or of one of its jobs, to be saved with the next `commit`."""
        if ref == self.plan:
            self._plan_cursor = cursor
        elif ref.number in self._cursors:
            self._cursors[ref.number] = cursor

    def commit(self) -> str | None:
        """Save all cursors at once; returns a warning if that failed."""
        if self._save is None:
            return None
        ended = {number: outcome for number, outcome in self.ended.items() if number not in self._cursors}
        return self._save(PlanCursor(self._plan_cursor, dict(self._cursors), ended))
