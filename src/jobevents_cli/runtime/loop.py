"""The one loop: ask the follower what to do, do it, hand on what came."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.update import CheckJob, Done, Fetch, Update, Wait
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef

if TYPE_CHECKING:
    from jobevents_cli.following.position import Cursor


class Orchestrator(Protocol):
    """What following a job needs of a client."""

    def events(self, ref: JobRef, start: int | None, limit: float) -> Iterator[list[Event]]:
        """The events from id *start* on, in pieces; JobEventsError where the answer breaks."""

    def job(self, ref: JobRef, limit: float) -> Job:
        """The job as it is now."""


def tail(
    orchestrator: Orchestrator,
    follower: Follower,
    *,
    clock: Callable[[], float],
    with_cursor: bool = False,
) -> Iterator[Update | Wait]:
    """Follow the follower's job until it is done; raises the error that makes retrying useless.

    The caller does the waiting when a Wait is yielded. *clock* gives seconds that never go back. *with_cursor*: each
    update says where the next follower continues once its events are printed.
    """
    told: Cursor | None = None
    was_whole = was_lost = False
    ref = follower.ref
    while True:
        job = cursor = ending = None
        is_page_end = False
        match follower.next_step(clock()):
            case Wait() as wait:
                yield wait
                continue
            case CheckJob(limit):
                try:
                    job = orchestrator.job(ref, limit)
                    follower.receive_job(job, clock())
                except JobEventsError as fault:
                    follower.receive_job_fault(fault, clock())
            case Fetch() as fetch:
                for events, took in _page(orchestrator, follower, fetch, clock):
                    cursor = follower.cursor if with_cursor else None
                    yield Update(ref, tuple(events), tuple(took), follower.take_notices(), cursor=cursor)
                is_page_end = follower.page_is_whole
                cursor = follower.cursor if with_cursor else None
                cursor, told = (cursor if cursor != told else None), cursor
            case Done(end):
                ending = end
        notices, is_lost = follower.take_notices(), follower.is_lost
        # A poll that brought nothing is not worth an update: a job may be silent for hours, and many jobs at once.
        is_news = notices or job or cursor or ending or is_lost != was_lost
        if is_news or (is_page_end and not was_whole):
            yield Update(
                ref,
                notices=notices,
                is_page_end=is_page_end,
                job=job,
                cursor=cursor,
                is_lost=is_lost,
                ending=ending,
            )
        was_whole, was_lost = was_whole or is_page_end, is_lost
        if ending:
            return


def _page(
    orchestrator: Orchestrator, follower: Follower, fetch: Fetch, clock: Callable[[], float]
) -> Iterator[tuple[list[Event], list[float | None]]]:
    """The new events of one response, piece by piece, with what `Follower.receive_events` says about each."""
    try:
        for piece in orchestrator.events(follower.ref, fetch.start, fetch.limit):
            events, took = follower.receive_events(piece, clock())
            if events:
                yield events, took
        follower.end_of_page(clock())
    except JobEventsError as fault:
        follower.receive_fault(fault, clock())
