"""The common base of `Follower`, which follows a job, and `SnapshotReader`, which reads its events once."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.contact import Contact
from jobevents_cli.following.end_watch import EndWatch
from jobevents_cli.following.notices import Notice
from jobevents_cli.following.position import Cursor, Position
from jobevents_cli.following.update import Step, Update
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.progress import Progress

if TYPE_CHECKING:
    from jobevents_cli.model.outcome import Ending


class EventReader(ABC):
    """Decides what to do next while reading the events of one job or plan. Does no I/O, reads no clock.

    Times are seconds on any clock that never goes back; they come in as arguments. The caller performs the step that
    `next_step` names and reports what came of it:

        Fetch     -> receive_events for each piece, then end_of_page;  receive_fault if it failed
        CheckJob  -> receive_job;                                      receive_job_fault if it failed
        Wait      -> nothing
        Done      -> the end

    Public attributes may be read at any moment; only the methods change them.
    """

    def __init__(
        self,
        ref: JobRef,
        position: Position,
        progress: Progress,
        contact: Callable[[Callable[[Notice], None]], Contact],
        end: EndWatch,
    ) -> None:
        """Read *ref* from *position* on; *contact* is made with the function that takes notices."""
        self.ref = ref
        self.progress = progress
        self._position = position
        self._notices: list[Notice] = []
        self._contact = contact(self._notices.append)
        self._end = end
        self._ending: Ending | None = None
        self._given_cursor: Cursor | None = None
        self._given_start = position.next_start

    @property
    def cursor(self) -> Cursor:
        """The reader's position now."""
        low, above, unordered = self._position.handled()
        counts = {kind: count for kind, count in self.progress.counts.items() if count}
        return Cursor(low, above, counts, unordered=unordered, changed=self.progress.changed)

    @property
    def next_start(self) -> int | None:
        """The `start` with which another reader misses nothing of what comes next; None: from the first event."""
        return self._position.next_start

    @property
    def page_is_whole(self) -> bool:
        """Whether all events that existed at the last Fetch have been received."""
        page = self._position.page
        return page is not None and page.is_whole and self._position.is_certain

    @property
    def is_lost(self) -> bool:
        """Whether there is no contact with the orchestrator now."""
        return self._contact.is_lost

    @property
    def had_contact(self) -> bool:
        """Whether the orchestrator has ever answered."""
        return self._contact.had_contact

    @property
    def has_ended(self) -> bool:
        """Whether the end of the job was seen, though late events may still come."""
        return self._end.ended_at is not None

    def take_notices(self) -> tuple[Notice, ...]:
        """The notices for the user since the last call."""
        notices = tuple(self._notices)
        self._notices.clear()
        return notices

    def update(
        self,
        events: Sequence[Event] = (),
        took: Sequence[float | None] = (),
        *,
        job: Job | None = None,
        is_page_end: bool = False,
        with_cursor: bool = False,
    ) -> Update:
        """The values for the printer: what `receive_events` returned or `receive_job` took in, and what became of it.

        *with_cursor*: the update says where the next follower resumes once its events are printed.
        """
        cursor = self.cursor if with_cursor else None
        ids = [number for number in (event.id for event in events) if number is not None]
        start, self._given_start = min([self._given_start or 0, *ids]), self.next_start
        update = Update(
            ref=self.ref,
            events=events,
            took=took,
            notices=self.take_notices(),
            is_page_end=is_page_end,
            job=job,
            cursor=cursor if cursor != self._given_cursor else None,
            start=start or None,
            next_start=self._given_start,
            is_lost=self.is_lost,
            ending=self._ending,
        )
        self._given_cursor = cursor
        return update

    @abstractmethod
    def next_step(self, now: float) -> Step:
        """What to do at *now*. A Fetch or CheckJob that is returned counts as requested at *now*."""

    @abstractmethod
    def receive_events(self, events: Sequence[Event], now: float) -> tuple[Sequence[Event], list[float | None]]:
        """Take in *events*, a piece of the response that came at *now*.

        Returns those not seen before, and for each the seconds its node took, if it ends a node whose start was seen.
        """

    @abstractmethod
    def end_of_page(self, now: float) -> None:
        """Note that the response to the last Fetch was whole at *now*."""

    @abstractmethod
    def receive_job(self, job: Job, now: float) -> None:
        """Take in what the response to the last CheckJob said."""

    @abstractmethod
    def receive_fault(self, fault: JobEventsError, now: float) -> None:
        """Take in that the last Fetch failed at *now*; raises *fault* if reading cannot continue."""

    @abstractmethod
    def receive_job_fault(self, fault: JobEventsError, now: float) -> None:
        """Take in that the last CheckJob failed at *now*; raises *fault* if reading cannot continue."""

    @abstractmethod
    def jobs_running(self, now: float, *, are_running: bool) -> None:
        """Note at *now* whether any job of this plan is running."""
