"""Decides what to do next while following one job or plan to its end.

A follower is in one of five states. What changes them:

              a first response   the end is seen, by an    nothing can be   a fault is not retried any more:
              comes              event or the job's state  missing          it is final, or its time is over
    WAITING   RUNNING            (a response has come)                      GIVEN_UP: the fault is raised
    RUNNING                      ENDED                                      GIVEN_UP: the fault is raised
    ENDED                                                  SETTLED          SETTLED with a notice and what is known,
                                                                            or GIVEN_UP if the events were not read
                                                                            to the end
    SETTLED, GIVEN_UP            nothing more is requested

How long a fault is retried:

              could not be reached,      the job is unknown          the token is refused     any other
              or a broken response
    WAITING   5 s                        wait_for                    not at all               not at all
    RUNNING   retry_for                  30 s of retry_for           retry_for                not at all
    ENDED     as RUNNING, and all faults together for 15 s at most, unless retry_for is infinite

While the job runs, events are polled, and the job's own state is requested only while no events come. After the end
both are read again: the job's own state once, because the worse of both counts for the outcome; the events until they
have settled, as `position.py` says. A finished job is settled when its first page comes. A job that ends while it is
followed is settled a few seconds later, or, after one more poll, as soon as the job counts no node whose end is not
among the events.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, NamedTuple

from jobevents_cli.errors import JobEventsError, UnknownJob
from jobevents_cli.following.notices import JobNotRead, LateEventsNotRead, Notice, WaitingForJob
from jobevents_cli.following.page import Page
from jobevents_cli.following.plan_notices import PlanNotices
from jobevents_cli.following.position import SETTLE, Position
from jobevents_cli.following.printed import Printed, Saved
from jobevents_cli.following.retry_budget import RetryBudget
from jobevents_cli.following.schedule import NEVER, Schedule, Stream
from jobevents_cli.model.event import (
    JOB_ABORTED,
    JOB_FINISHED,
    PLAN_FAILED,
    PLAN_FINISHED,
    Event,
)
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.outcome import Ending, outcome_of
from jobevents_cli.model.progress import Progress
from jobevents_cli.model.timestamps import seconds_of

FAULTS_FOR: Final = 15.0
"""Seconds by which faults may delay the end of following, once the end of the job has been seen."""

LONGEST_REQUEST: Final = 300.0
SHORTEST_LIMIT: Final = 1.0
"""A request is given up after so many seconds: usually, and when the time for faults after the end is used up."""

_END_TYPES: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.JOB: (JOB_FINISHED, JOB_ABORTED),
    Kind.PLAN: (PLAN_FINISHED, PLAN_FAILED),
}
"""The event types that end a job or plan. job_stopping ends no job, plan_end only a sub-plan."""


class State(Enum):
    """What is known of the job that is followed."""

    WAITING = "waiting"
    """Nothing has come yet."""
    RUNNING = "running"
    ENDED = "ended"
    """The end was seen; events may still be missing."""
    SETTLED = "settled"
    """`Follower.ending` says how the job ended."""
    GIVEN_UP = "given up"
    """A fault was raised."""


class Due(NamedTuple):
    """The next request: for the events from id *start* on (None: from the first), or for the job itself.

    Make it at the time *at*, and give it up after *limit* seconds.
    """

    at: float
    stream: Stream
    start: int | None
    limit: float


class Follower:
    """Follows one job or plan to its end. Does no I/O, reads no clock.

    Times are seconds on any clock that never goes back; they come in as arguments. The caller makes the request that
    `next` names, and reports what came of it to `receive_page`, `receive_job` or `receive_fault`. Then it prints the
    new events, reports that to `printed.add`, and calls `next` again. At most one request is under way at any time.
    """

    def __init__(
        self,
        ref: JobRef,
        *,
        sample: Callable[[], float],
        start: int | None = None,
        saved: Saved | None = None,
        interval: float = 1.0,
        retry_for: float = 300.0,
        wait_for: float = 0.0,
        settle: float = SETTLE,
        job_first: bool = False,
        once: bool = False,
        wants_progress: bool = True,
    ) -> None:
        """Follow *ref* from event id *start*, or continue after what was *saved*, else from the job's first event.

        *sample* gives random numbers from 0 to 1. *interval*, *retry_for* (may be infinite), *wait_for* (a job that
        does not exist yet) and *settle* are seconds. *job_first*: request the job itself before its events; a plan's
        until that works. *once*: read one page and end. *wants_progress*: without it nothing is counted, no node's time
        is known, and the end settles by time alone.
        """
        begin = saved or Saved(-1 if start is None else start - 1)
        self.ref = ref
        self.state = State.WAITING
        self.ending: Ending | None = None
        """How the job ended, once following has ended; after *once* the outcome is not known."""
        self.received = Position(begin.low, begin.seen, settle)
        """What has come. Requests start from here."""
        self.progress = Progress(begin.counts, changed=begin.changed, is_whole=start is None and saved is None)
        self.printed = Printed(begin, self.received, self.progress)
        """What is out, as the caller says: what is saved, and what a hint names."""
        self._notices: list[Notice] = []
        self._schedule = Schedule(interval, sample, job_first=job_first)
        self._budget = RetryBudget(retry_for, sample, is_known=saved is not None)
        self._plan = PlanNotices() if ref.kind is Kind.PLAN else None
        self._interval = interval
        self._wait_for = wait_for
        self._wait_until: float | None = None
        self._said_waiting = False
        self._settle = settle
        self._once = once
        self._wants_progress = wants_progress
        self._is_job_optional = job_first and self._plan is None
        """The job is requested before its events, once. If that fails, the events show what is wrong."""
        self._requested_at = NEVER
        self._ended_at = NEVER
        """When the end was seen first, by an event or by the job's own state."""
        self._end: Event | None = None
        """The event of the end."""
        self._is_polled_after_end = False
        """A page came that was requested after the end had been seen."""
        self._to_read = {Stream.JOB, Stream.EVENTS}
        """What is still to be read after the end."""
        self._faults_until = NEVER if retry_for < NEVER else None
        """When faults have delayed the end for long enough; None: they may delay it for ever."""

    def next(self, now: float) -> Due | None:
        """The next request; None if following has ended.

        Call it when no request is under way, or after giving up the one that is.
        """
        if self.state in (State.SETTLED, State.GIVEN_UP):
            return None
        stream = self._schedule.first
        at = self._requested_at = max(now, self._schedule.due[stream])
        if self._wait_until is None:
            self._wait_until = at + self._wait_for
        limit = LONGEST_REQUEST
        if self._is_read_to_end and self._faults_until is not None:
            limit = max(SHORTEST_LIMIT, min(FAULTS_FOR, self._faults_until - at))
        return Due(at, stream, self.received.start if stream is Stream.EVENTS else None, limit)

    def receive_page(self, page: Page, now: float) -> tuple[list[Event], list[float | None]]:
        """Take in the *page* of the last request, which had come by *now*.

        Returns the new events, and for each the seconds its node took, if it ends a node whose start was seen.
        """
        self._note_good(Stream.EVENTS, now)
        self._is_polled_after_end = self.state is State.ENDED
        events = self.received.take(page, self._requested_at, now)
        self.printed.expect(events)
        took: list[float | None] = [None] * len(events)
        if self._wants_progress:
            took = self.progress.take_all(events)
        if self._once:
            self.ending = Ending(None, self.progress.job)
            self.state = State.SETTLED
            return events, took
        if self._plan and events:
            self._plan.note_activity(now)
        for event in events:
            if event.type in _END_TYPES[self.ref.kind]:
                self._see_end(now, event)
        if self.state is State.ENDED:
            self._look_again(now)
        else:
            is_job_failing = self._budget.is_failing(Stream.JOB)
            self._schedule.page_came(now, has_news=bool(events), is_job_failing=is_job_failing)
        return events, took

    def receive_job(self, job: Job, now: float) -> None:
        """Take in the job's own state, which had come by *now*."""
        self._is_job_optional = False
        self._note_good(Stream.JOB, now)
        self.progress.take_job(job)
        if job.is_over and not self._once:
            self._see_end(now)
        if self.state is State.ENDED:
            self._to_read.discard(Stream.JOB)
            self._look_again(now)
            return
        self._schedule.job_came(now)
        if self._plan and (notice := self._plan.notice(job, now)):
            self._notices.append(notice)

    def receive_fault(self, stream: Stream, fault: JobEventsError, now: float) -> None:
        """Take in that the last request, one of *stream*, had failed by *now*.

        Raises *fault* if following cannot go on: then `state` is GIVEN_UP.
        """
        if stream is Stream.JOB and self._is_job_optional:
            self._is_job_optional = False
            self._schedule.due[Stream.JOB] = NEVER
            return
        delay = self._retry_delay(stream, fault, now)
        self.progress.is_lost = self.is_lost
        if delay is not None:
            self._schedule.due[stream] = now + delay
            return
        if self.state is not State.ENDED or (stream is Stream.EVENTS and not self._is_read_to_end):
            self.state = State.GIVEN_UP
            raise fault
        self._notices.append((JobNotRead if stream is Stream.JOB else LateEventsNotRead)(fault.message))
        self._to_read.discard(stream)
        self._look_again(now)

    def jobs_running(self, now: float, *, are_running: bool) -> bool:
        """Note at *now* whether any job of this plan is running. Once none is, the plan may be over.

        True: the plan's own state is to be requested now. Give up the request that is under way, and call `next`.
        """
        have_ended = self._plan is not None and self._plan.jobs_running(now, are_running=are_running)
        if not have_ended or self.state is not State.RUNNING or self._budget.is_failing(Stream.JOB):
            return False
        self._schedule.check_soon(now)
        return True

    @property
    def has_ended(self) -> bool:
        """Whether the end of the job was seen, though late events may still come."""
        return self._ended_at < NEVER

    @property
    def had_contact(self) -> bool:
        """Whether the orchestrator has ever answered."""
        return self._budget.had_contact

    @property
    def is_lost(self) -> bool:
        """Whether there is no contact with the orchestrator now."""
        return self._budget.is_lost

    def take_notices(self) -> list[Notice]:
        """The notices for the user since the last call."""
        notices, self._notices = self._notices, []
        return notices

    def _note_good(self, stream: Stream, now: float) -> None:
        """Note that a response of *stream* came at *now*."""
        back = self._budget.good(now, stream)
        if back:
            self._notices.append(back)
        self.progress.is_lost = self.is_lost
        if self.state is State.WAITING:
            self.state = State.RUNNING

    def _see_end(self, now: float, event: Event | None = None) -> None:
        """Note that the job is over, as known from *now* on; *event* is that of the end."""
        self._end = event or self._end
        if self.state is not State.ENDED:
            self.state = State.ENDED
            self._ended_at = now
            self._schedule.due = dict.fromkeys(Stream, now)  # a retry may be half a minute away

    @property
    def _is_read_to_end(self) -> bool:
        """Whether the events were read to the job's end: to the event of the end, or by a poll after it."""
        return self._end is not None or self._is_polled_after_end

    def _look_again(self, now: float) -> None:
        """After the end: request what is still to be read, or conclude if that is nothing."""
        if self._is_settled():
            self._to_read.discard(Stream.EVENTS)
        if not self._to_read:
            self.state = State.SETTLED
            outcome = outcome_of(self.ref.kind, self.progress, self._end)
            self.ending = Ending(outcome, self.progress.job)
            return
        pause = min(self._interval, self._settle) if self._is_polled_after_end else 0.0
        for stream, at in ((Stream.JOB, now), (Stream.EVENTS, now + pause)):
            if stream not in self._to_read:
                self._schedule.due[stream] = NEVER
            elif not self._budget.is_failing(stream):  # a retry is planned already
                self._schedule.due[stream] = at

    def _is_settled(self) -> bool:
        """Whether no event can be missing."""
        if not self._is_read_to_end:  # the server's clocks may differ: that of Date, and that of the job's own times
            return False
        job, end = self.progress.job, self._end
        at = seconds_of(end.timestamp) if end else job.finished_at if job else None
        if self.received.is_settled(at, self._ended_at):
            return True
        # The job counts its nodes; plans do not. One more poll shows what came while the end was read.
        has_all = self._plan is None and end is not None and job is not None and self.progress.agrees_with(job)
        return has_all and self._is_polled_after_end

    def _retry_delay(self, stream: Stream, fault: JobEventsError, now: float) -> float | None:
        """Seconds until the failed request of *stream* is repeated; None if it is not."""
        wait_left = 0.0 if self._wait_until is None else self._wait_until - now
        if isinstance(fault, UnknownJob) and not self.had_contact and wait_left > 0:
            if not self._said_waiting:
                self._said_waiting = True
                self._notices.append(WaitingForJob(self._wait_for))
            return min(wait_left, self._schedule.pause())
        until = NEVER
        if self.state is State.ENDED and self._faults_until is not None:
            until = self._faults_until = min(self._faults_until, self._requested_at + FAULTS_FOR)
        retry = self._budget.retry(fault, self._requested_at, now, stream, until=until)
        if retry and retry.lost:
            self._notices.append(retry.lost)
        return retry.delay if retry else None
