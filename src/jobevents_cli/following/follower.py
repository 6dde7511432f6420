"""Decides what to do next while following one job. Does no I/O, reads no clock, never sleeps.

Times are seconds on any clock that never goes back; they come in as arguments. The caller performs the step
that `next_step` names and tells what came of it:

    Fetch     -> receive_events for each piece, then end_of_page;  receive_fault where it broke
    CheckJob  -> receive_job;                                      receive_job_fault where it broke
    Wait      -> nothing
    Done      -> the end

Two lines of requests run beside each other, events and the job itself, each with its own patience, so that one
of them failing never holds up the other.

An answer that breaks off is gone on with behind what came of it, so that a link that always breaks gets through;
with its rest it counts as one answer, asked when its first piece was.

Once-only: `SeenIds` tells new from known, whatever the server sends again. A poll asks from `low`, the highest
id below which all is settled. That is right for both readings of `start` (servers include the event itself; the
oldest manuals could be read otherwise), and next-events is never needed: PE's manuals contradict each other on
what it holds.

The end: job_finished or job_aborted was seen, or the job's state is a terminal one. From then on the job and
the events are looked at again until nothing can be missing: the end and every node that the job counts are among
the events, or the settle time has passed between the end and the asking of the last look.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from json import dumps
from typing import Final

from jobevents_cli.errors import JobEventsError, UnknownJob
from jobevents_cli.following.notices import (
    ContactBack,
    ContactLost,
    EventsRestored,
    JobNotRead,
    LateEventsNotRead,
    Notice,
    WaitingForJob,
)
from jobevents_cli.following.position import Cursor, SeenIds
from jobevents_cli.following.retry_budget import RetryBudget
from jobevents_cli.following.schedule import poll_delay
from jobevents_cli.following.update import CheckJob, Done, Fetch, Step, Wait
from jobevents_cli.model.event import JOB_ABORTED, JOB_FINISHED, Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Ending, outcome_of
from jobevents_cli.model.progress import Progress

SETTLE: Final = 3.0
"""Seconds within which an event may become visible under a lower id than one already seen."""


JOB_CHECK_EVERY: Final = 15.0
"""Seconds between two looks at the job's own state while no event comes."""


FIRST_ANSWER_LIMIT: Final = 10.0


ANSWER_LIMIT: Final = 30.0
"""Seconds without progress after which a request is given up: at first, and once the server has answered."""


_NEVER: Final = float("inf")


_ENDS: Final = (JOB_FINISHED, JOB_ABORTED)


@dataclass(slots=True)
class _Page:
    """What is known of the answer that is coming in; one that broke off is gone on with by the next request."""

    asked_at: float = 0.0
    highest: int = -1
    news: int = 0
    is_sorted: bool = True
    is_whole: bool = False
    rest_from: int | None = None


class Follower:
    """Follows one job. Public attributes may be read at any moment; only the methods change them."""

    def __init__(
        self,
        *,
        ref: JobRef,
        sample: Callable[[], float],
        start: int | None = None,
        cursor: Cursor | None = None,
        follow: bool = True,
        job_first: bool = False,
        wait_for: float = 0.0,
        wants_outcome: bool = True,
        interval: float = 1.0,
        retry_for: float = 300.0,
        settle: float = SETTLE,
    ) -> None:
        """Follow *ref* from event id *start*, or go on from *cursor*, else at the job's first event.

        *follow*: until the job ends; else the events there are now, and the job itself if *wants_outcome*.
        *job_first*: ask for the job itself before its events. *wait_for*: seconds to wait for a job that does not
        exist yet. *interval*, *retry_for* and *settle* are seconds; *sample* gives random numbers from 0 to 1.
        """
        self.ref = ref
        first_low = -1 if start is None else start - 1
        self._is_resumed = False
        if cursor:
            self._seen = SeenIds(cursor.low, cursor.above)
            self._is_resumed = True
            self.highest = max([cursor.low, *cursor.above])
        else:
            self._seen = SeenIds(first_low)
            self.highest = first_low
        self._first_low = first_low
        self.progress = Progress(cursor.counts if cursor else None, is_whole=first_low < 0 and not cursor)
        self.last: Event | None = None

        self._sample = sample
        self._follow = follow
        self._wants_outcome = wants_outcome
        self._takes_events = follow or wants_outcome
        self._interval = interval
        self._settle = settle
        self._events_budget = RetryBudget(retry_for, sample)
        self._job_budget = RetryBudget(retry_for, sample)
        self._notices: list[Notice] = []

        self._poll_at = float("-inf")
        self._check_at = float("-inf") if job_first else _NEVER
        self._wait_for = wait_for
        self._wait_until: float | None = None
        self._is_awaited = False
        self._asked_at = 0.0
        self._asked_from = -1
        self._checked_at = float("-inf")
        self._may_check = True
        self._idle_polls = 0
        self._ended_at: float | None = None
        self._ending: Ending | None = None

        self._page = _Page()
        self._echoes = False
        self._behind_since: float | None = None
        self._newest_timestamp = cursor.newest_timestamp if cursor else ""
        self._ignore_until = ""

    @property
    def cursor(self) -> Cursor:
        """Where this follower stands now."""
        low, above = self._seen.snapshot()
        return Cursor(low, above, dict(self.progress.counts), self._newest_timestamp)

    @property
    def page_is_whole(self) -> bool:
        """Whether the answer to the last Fetch came to its end."""
        return self._page.is_whole

    def take_notices(self) -> tuple[Notice, ...]:
        """What the follower has to say since the last call."""
        notices, self._notices = self._notices, []
        return tuple(notices)

    def next_step(self, now: float) -> Step:
        """What to do at *now*. A Fetch or CheckJob that is given out counts as asked at *now*."""
        if self._ending:
            return Done(self._ending)
        due = min(self._poll_at, self._check_at)
        if due > now:
            return Wait(due - now)
        self._asked_at = now
        if self._wait_until is None:
            self._wait_until = now + self._wait_for
        if self._check_at <= now:
            return CheckJob(self._limit(self._job_budget))
        if self._is_resumed:
            # Nobody knows how long ago the last ones were seen: they settle anew.
            self._seen = SeenIds(*self._seen.snapshot(), now=now)
            self._is_resumed = False
        if self._page.rest_from is None:
            self._page = _Page(asked_at=now)
        start = self._seen.low if self._page.rest_from is None else self._page.rest_from
        self._asked_from = start
        return Fetch(None if start < 0 else start, self._limit(self._events_budget))

    def receive_events(self, events: Iterable[Event], now: float) -> tuple[list[Event], list[float | None]]:
        """Take in *events*, a piece of the response that came at *now*.

        Returns those not seen before, and for each the seconds its node took, if it ends a node whose start was seen.
        """
        news: list[Event] = []
        took: list[float | None] = []
        take = self.progress.take if self._takes_events else None
        is_new = self._is_new
        for event in events:
            if not is_new(event, now):
                continue
            took.append(take(event) if take else None)
            news.append(event)
            if event.type in _ENDS:
                self._see_end(event, now)
        self._page.news += len(news)
        if news:
            self._newest_timestamp = max(self._newest_timestamp, news[-1].timestamp)
            self._events_budget.progress(now)
        return news, took

    def _is_new(self, event: Event, now: float) -> bool:
        """Whether *event*, which came at *now*, was never handled; from now on it counts as handled."""
        number = event.id
        if number is None:
            return self._seen.add_key(dumps(event.raw, sort_keys=True))
        page = self._page
        if number < page.highest:
            page.is_sorted = False
        else:
            page.highest = number
        if number == self._asked_from:
            self._echoes = True
        if not self._seen.add(number, now):
            return False
        self.highest = max(self.highest, number)
        return not self._ignore_until or event.timestamp > self._ignore_until

    def end_of_page(self, now: float) -> None:
        """Note that the answer to the last Fetch was whole at *now*, with what broken ones brought before it."""
        page = self._page
        page.rest_from = None
        page.is_whole = True
        self._note_contact(self._events_budget.good(now))
        self._job_budget.had_contact = True
        self._seen.end_of_answer()
        if not self._follow:
            self._finish_list(now)
            return
        if self._is_behind(now):
            self._poll_at = now + self._pause()
            return
        self._seen.settle(page.asked_at - self._settle)
        if self._ended_at is not None:
            self._look_again(self._ended_at, now)
            return
        self._idle_polls = 0 if page.news else self._idle_polls + 1
        self._poll_at = now + self._pause()
        self._plan_check(now)

    def receive_job(self, job: Job, now: float) -> None:
        """Take in what the answer to the last CheckJob said."""
        self._note_contact(self._job_budget.good(now))
        self.progress.take_job(job)
        self._checked_at = now
        self._check_at = now + JOB_CHECK_EVERY
        if not self._follow:
            outcome = outcome_of(self.progress, self.last, job) if job.is_over or self.last else None
            self._ending = Ending(outcome, job, self.last)
        elif self._ended_at is None and job.is_over:
            self._ended_at = now
            self._poll_at = now
        if self._ended_at is not None:
            self._check_at = _NEVER

    def receive_fault(self, fault: JobEventsError, now: float) -> None:
        """Take in that the last Fetch failed at *now*; raises *fault* where there is no use in going on."""
        self._seen.end_of_answer()
        if self._page.is_sorted and self._page.highest >= 0:
            self._page.rest_from = self._page.highest
        delay = self._delay_after(fault, self._events_budget, now)
        if delay is not None:
            self._poll_at = now + delay
        elif self._ended_at is None or not self._follow:
            raise fault
        else:
            self._notices.append(LateEventsNotRead(fault.message))
            self._conclude()

    def receive_job_fault(self, fault: JobEventsError, now: float) -> None:
        """The same for the last CheckJob. With the end seen, how the job ended is known without it."""
        delay = self._delay_after(fault, self._job_budget, now)
        if delay is not None:
            self._check_at = now + delay
        elif self._ended_at is None:
            raise fault
        else:
            self._notices.append(JobNotRead(fault.message))
            self._checked_at = now
            self._check_at = _NEVER
            self._may_check = False
            if not self._follow:
                self._conclude()

    def _limit(self, budget: RetryBudget) -> float:
        return ANSWER_LIMIT if budget.had_contact else FIRST_ANSWER_LIMIT

    def _pause(self) -> float:
        return poll_delay(self._interval, self._idle_polls, self._sample())

    def _see_end(self, event: Event, now: float) -> None:
        if self.last is None or event.type == JOB_ABORTED:
            self.last = event
        if self._ended_at is None:
            self._ended_at = now

    def _plan_check(self, now: float) -> None:
        """Look at the job when a silence begins, and every 15 s while it lasts.

        Not at the beginning of each silence while nodes are known to run: then the job cannot be over.
        """
        if self._job_budget.lost_at is not None:
            return
        since_last = now - self._checked_at
        if self._page.news:
            self._check_at = _NEVER
        elif since_last >= JOB_CHECK_EVERY or (self._idle_polls == 1 and not self.progress.has_open_nodes):
            self._check_at = now
        else:
            self._check_at = self._checked_at + JOB_CHECK_EVERY

    def _look_again(self, ended_at: float, now: float) -> None:
        """After the end: conclude where nothing can be missing, else ask for the job and the events again."""
        settled_at = ended_at + self._settle
        if self._checked_at < ended_at:
            # The look counts once the job was asked; where that fails, the next try is planned already.
            self._check_at = now if self._job_budget.lost_at is None else self._check_at
            self._poll_at = self._check_at
            return
        if self._page.asked_at < ended_at:
            self._poll_at = now
            return
        # Where the job's state came before its last event, that event is still to be waited for.
        job = self.progress.job
        agrees = self.last is not None and job is not None and self.progress.agrees_with(job)
        if agrees or self._page.asked_at >= settled_at:
            self._conclude()
            return
        self._poll_at = now + max(0.0, min(self._interval, settled_at - now))
        if self._may_check:
            self._check_at = self._poll_at

    def _conclude(self) -> None:
        job = self.progress.job
        self._ending = Ending(outcome_of(self.progress, self.last, job), job, self.last)

    def _finish_list(self, now: float) -> None:
        if self._wants_outcome:
            self._poll_at = _NEVER
            self._check_at = now
        else:
            self._ending = Ending(None, None, self.last)

    def _is_behind(self, now: float) -> bool:
        """Whether the answer lacks what was there before: a stale copy, or a database that was restored.

        A server that goes on so for longer than the settle time has gone back for good. What it then sends is
        told from what was printed by its timestamp: ids are given out a second time.
        """
        expected = self._echoes or self._asked_from < self.highest or self._page.highest >= 0
        if self._page.highest >= self.highest or self.highest == self._first_low or not expected:
            self._behind_since = None
            return False
        if self._behind_since is None:
            self._behind_since = now
        if now - self._behind_since > self._settle:
            self._notices.append(EventsRestored(self.highest))
            self._ignore_until = self._newest_timestamp
            self._seen = SeenIds(self._first_low)
            self.highest = self._first_low
            self._echoes = False
            self._behind_since = None
        return True

    def _delay_after(self, fault: JobEventsError, budget: RetryBudget, now: float) -> float | None:
        """Seconds until the next attempt, or None if the *fault* is final or the time for retries is over."""
        if isinstance(fault, UnknownJob) and not budget.had_contact and self._wait_until and now < self._wait_until:
            if not self._is_awaited:
                self._is_awaited = True
                self._notices.append(WaitingForJob(self._wait_for))
            return min(self._wait_until - now, self._pause())
        was_lost = self.is_lost
        retry = budget.retry(fault, self._asked_at, now)
        self.progress.is_lost = self.is_lost
        if retry and retry.lost and not was_lost:
            self._note_contact(retry.lost)
        return retry.delay if retry else None

    @property
    def is_lost(self) -> bool:
        """Whether there is no contact with the orchestrator now."""
        return self._events_budget.lost_at is not None or self._job_budget.lost_at is not None

    def _note_contact(self, notice: ContactLost | ContactBack | None) -> None:
        """Keep the *notice*, but that contact is back only once both streams of requests have it."""
        self.progress.is_lost = self.is_lost
        if isinstance(notice, ContactLost) or (notice and not self.is_lost):
            self._notices.append(notice)
