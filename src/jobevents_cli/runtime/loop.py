"""The one loop: ask the follower what to do, do it, hand on what came."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.update import CheckJob, Done, Fetch, Update, Wait
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job

if TYPE_CHECKING:
    from jobevents_cli.following.position import Cursor


class Orchestrator(Protocol):
    """What following a job needs of a client."""

    def events(self, job_id: int, start: int | None, limit: float) -> Iterator[list[Any]]:
        """The events from id *start* on, in pieces; JobEventsError where the answer breaks."""

    def job(self, job_id: int, limit: float) -> Job:
        """The job as it is now."""


def tail(
    orchestrator: Orchestrator,
    job_id: int,
    follower: Follower,
    *,
    clock: Callable[[], float],
    with_cursor: bool = False,
) -> Iterator[Update | Wait]:
    """Follow *job_id* until the follower is done; raises what makes going on useless.

    Whoever takes the updates does the waiting, where there is a Wait among them. *clock* gives seconds that never go
    back. *with_cursor*: each update says where the next follower would go on once its events are printed.
    """
    told: Cursor | None = None
    was_whole = was_lost = False
    while True:
        update = Update(job_id)
        match follower.next_step(clock()):
            case Wait() as wait:
                yield wait
                continue
            case CheckJob(limit):
                try:
                    update.job = orchestrator.job(job_id, limit)
                    follower.receive_job(update.job, clock())
                except JobEventsError as fault:
                    follower.receive_job_fault(fault, clock())
            case Fetch() as fetch:
                for events in _page(orchestrator, job_id, follower, fetch, clock):
                    cursor = follower.cursor if with_cursor else None
                    yield Update(job_id, events, notices=follower.take_notices(), cursor=cursor)
                update.is_page_end = follower.page_is_whole
                cursor = follower.cursor if with_cursor else None
                update.cursor, told = (cursor if cursor != told else None), cursor
            case Done(ending):
                update.ending = ending
        update.notices = follower.take_notices()
        update.contact = follower.take_contact()
        update.is_lost = follower.is_lost
        # A poll that brought nothing is nobody's business: a job may be silent for hours, and many jobs at once.
        is_news = update.notices or update.job or update.cursor or update.ending or update.is_lost != was_lost
        if is_news or (update.is_page_end and not was_whole):
            yield update
        was_whole, was_lost = was_whole or update.is_page_end, update.is_lost
        if update.ending:
            return


def _page(
    orchestrator: Orchestrator, job_id: int, follower: Follower, fetch: Fetch, clock: Callable[[], float]
) -> Iterator[list[Event]]:
    """The new events of one answer, in the pieces in which they come; the follower hears how it ended."""
    try:
        for values in orchestrator.events(job_id, fetch.start, fetch.limit):
            events = follower.receive_values(values, clock())
            if events:
                yield events
        follower.end_of_page(clock())
    except JobEventsError as fault:
        follower.receive_fault(fault, clock())
