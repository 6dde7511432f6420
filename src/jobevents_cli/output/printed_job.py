"""How far one job is printed, and so where a later run continues."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from jobevents_cli.following.position import Cursor
from jobevents_cli.following.update import Save, Update
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.rendering import Rendered

if TYPE_CHECKING:
    from collections import deque

Held = tuple[Rendered, int]
"""An event that is not sorted yet: its update, and its place in it."""


class PrintedJob:
    """How much of *ref* is printed. Only what was written counts.

    It has more than a dozen attributes: what is held, written and saved of a job must agree, so it is kept together.

    `next_start` and `cursor` are those after the last update that was written as a whole; of the update `_part`, the
    first `_count` events were written.
    """

    def __init__(
        self,
        ref: JobRef,
        progress: Progress,
        cursor: Cursor,
        *,
        next_start: int | None = None,
        save: Save | None = None,
    ) -> None:
        """*save* saves the cursor for `--resume`."""
        self.ref = ref
        self.progress = progress
        self.cursor = cursor
        self.next_start = next_start
        self.save = save
        self.commit_all: Callable[[], str | None] | None = None
        """Saves the cursors of several jobs together, after `save` of each; None if `save` itself does."""
        self.last: int | None = None
        """Of the events of the first page, only so many are printed; None: all."""
        self.held: deque[Held] | None = None
        """The events of the first page, until the first pages of all jobs are put into order; None from then on."""
        self.latest: Held | None = None
        """The latest update that was held, and how many of its events are done once all that is held is written."""
        self.has_begun = False
        """The first page is complete, or will not come."""
        self._part: Update | None = None
        self._count = 0
        self._saved: Cursor | None = None

    def written(self, update: Update, count: int) -> None:
        """Note that the first *count* events of *update* are written, and with them all updates before it."""
        if self._part is not None and self._part is not update:
            self._finish(self._part)
        self._part, self._count = update, count
        if count >= len(update.events):
            self._finish(update)
            self._part = None

    def _finish(self, update: Update) -> None:
        self.cursor = update.cursor or self.cursor
        if update.next_start is not None:
            self.next_start = update.next_start

    @property
    def resume_start(self) -> int | None:
        """The `--start` with which a later run misses nothing of what is not written yet."""
        return self._part.next_start_after(self._count) if self._part else self.next_start

    @property
    def resume_cursor(self) -> Cursor:
        """The cursor with which a later run prints exactly what is not written yet."""
        return self.cursor.after(self._part.events[: self._count]) if self._part else self.cursor

    def commit(self) -> str | None:
        """Save the cursor of what is written; returns a warning if that failed."""
        if self.save is None:
            return None
        cursor = self.resume_cursor
        if cursor == self._saved:
            return None
        warning = self.save(cursor)
        self._saved = cursor  # only now: a signal may have ended the saving
        return warning


def commit(jobs: Iterable[PrintedJob]) -> list[str]:
    """Save the cursors of *jobs*; returns a warning for each that failed."""
    jobs = list(jobs)
    warnings = [job.commit() for job in jobs]
    warnings += [commit_all() for commit_all in dict.fromkeys(job.commit_all for job in jobs) if commit_all]
    return [warning for warning in warnings if warning]
