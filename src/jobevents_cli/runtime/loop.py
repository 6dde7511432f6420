"""The one loop: get the follower's next step, perform it, pass on the result."""

from collections.abc import Callable, Iterator
from typing import Protocol

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.event_reader import EventReader
from jobevents_cli.following.update import CheckJob, Done, Fetch, Update, Wait
from jobevents_cli.following2.page import Page
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind


class Orchestrator(Protocol):
    """What following a job needs of a client."""

    def events(self, ref: JobRef, start: int | None) -> Page:
        """The events from id *start* on."""

    def job(self, ref: JobRef) -> Job:
        """The job as it is now."""


def tail(
    orchestrator: Orchestrator,
    follower: EventReader,
    *,
    clock: Callable[[], float],
    with_cursor: bool = False,
    at_once: int = 2000,
) -> Iterator[Update | Wait]:
    """Follow the follower's job until it is done. Raises the error that ends retrying.

    The caller does the waiting when a Wait is yielded. *clock* gives seconds that never go back. *with_cursor*: each
    update says where the next follower continues once its events are printed. *at_once*: events in one update.
    """
    ref = follower.ref
    was_whole = was_lost = has_news = False
    last_state: str | None = None
    while True:
        job, is_page_end = None, False
        match follower.next_step(clock()):
            case Wait() as wait:
                yield wait
                continue
            case CheckJob():
                try:
                    job = orchestrator.job(ref)
                    follower.receive_job(job, clock())
                except JobEventsError as fault:
                    follower.receive_job_fault(fault, clock())
            case Fetch() as fetch:
                for update in _page(orchestrator, follower, fetch, clock, at_once, with_cursor=with_cursor):
                    has_news = True
                    yield update
                is_page_end = follower.page_is_whole
            case Done():
                pass
        # A job's state counts when it changes; a plan's also says which jobs it has started.
        changed = job if job and (job.state != last_state or ref.kind is Kind.PLAN) else None
        last_state = job.state if job else last_state
        # Reassigning `update` frees the page's last events before the next poll.
        update = follower.update(job=changed, is_page_end=is_page_end, with_cursor=with_cursor)
        # What brought nothing is not worth an update: a job may be silent for hours, and many jobs at once.
        is_news = update.notices or changed or update.cursor or update.ending or update.is_lost != was_lost
        if is_news or (is_page_end and (has_news or not was_whole)):
            yield update
        has_news = has_news and not is_page_end
        was_whole, was_lost = was_whole or is_page_end, update.is_lost
        if update.ending:
            return


def _page(
    orchestrator: Orchestrator,
    follower: EventReader,
    fetch: Fetch,
    clock: Callable[[], float],
    at_once: int,
    *,
    with_cursor: bool,
) -> Iterator[Update]:
    """The updates that the new events of one response bring, some at a time."""
    try:
        page = list(orchestrator.events(follower.ref, fetch.start).events)
    except JobEventsError as fault:
        follower.receive_fault(fault, clock())
        return
    while page:
        piece = page[:at_once]
        del page[:at_once]
        events, took = follower.receive_events(piece, clock())
        if events:
            yield follower.update(events, took, with_cursor=with_cursor)
    follower.end_of_page(clock())
