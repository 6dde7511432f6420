"""Decides what to do next while following one job or plan to its end.

The parts decide: `Position` which events are new and where the next request starts; `RestoreDetector` whether the
server's ids went back; `Schedule` when the next request is due; `Contact` whether a failed one is repeated; `EndWatch`
when the end has been seen and settled; `PlanWatch` what is special about plans. `Progress` counts.

The end: the last event was seen, or the job's own state is a final one. From then on the job and the events are
requested again until nothing can be missing: the end and every node that the job counts are among the events, or the
settle time has passed between the end and the last request.
"""

from collections.abc import Callable, Sequence

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.contact import Contact
from jobevents_cli.following.end_watch import SETTLE, EndWatch
from jobevents_cli.following.event_reader import EventReader
from jobevents_cli.following.notices import EventsRestored, JobNotRead, LateEventsNotRead
from jobevents_cli.following.plan_watch import PlanWatch
from jobevents_cli.following.position import Cursor, Page, Position
from jobevents_cli.following.restore import Age, RestoreDetector
from jobevents_cli.following.schedule import Schedule, Stream
from jobevents_cli.following.update import CheckJob, Done, Fetch, Step, Wait
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.outcome import Ending, outcome_of
from jobevents_cli.model.progress import Progress


class Follower(EventReader):
    """Follows one job or plan to its end."""

    def __init__(
        self,
        *,
        ref: JobRef,
        sample: Callable[[], float],
        start: int | None = None,
        cursor: Cursor | None = None,
        job_first: bool = False,
        wait_for: float = 0.0,
        interval: float = 1.0,
        retry_for: float = 300.0,
        settle: float = SETTLE,
    ) -> None:
        """Follow *ref* from event id *start*, or continue from *cursor*, else from the job's first event.

        *job_first*: request the job itself before its events, a plan's until that works. *wait_for*: seconds to wait
        for a job that does not exist yet. *interval*, *retry_for* and *settle* are seconds; *sample* gives random
        numbers from 0 to 1.
        """
        first = -1 if start is None else start - 1
        if cursor:
            position = Position(cursor.low, cursor.above, cursor.unordered)
            progress = Progress(cursor.counts, changed=cursor.changed, is_whole=False)
        else:
            position, progress = Position(first), Progress(is_whole=start is None)
        super().__init__(
            ref,
            position,
            progress,
            lambda say: Contact(retry_for, wait_for, sample, say),
            EndWatch(ref.kind, settle),
        )
        self._settle = settle
        self._restore = RestoreDetector(first, settle, cursor.newest_timestamp if cursor else "")
        self._schedule = Schedule(interval, sample, job_first=job_first)
        self._whole_at = float("-inf")
        """When a page was last read to its end."""
        self._plan = PlanWatch() if ref.kind is Kind.PLAN else None
        self._is_before_events = job_first and self._plan is None
        """The job is requested before its events: once, and if that fails, the events show what is wrong."""

    @property
    def cursor(self) -> Cursor:
        """The follower's position now."""
        return super().cursor._replace(newest_timestamp=self._restore.newest_timestamp)

    def next_step(self, now: float) -> Step:
        """What to do at *now*. A Fetch or CheckJob that is returned counts as requested at *now*."""
        if self._ending:
            return Done(self._ending)
        due, stream = self._schedule.next_due()
        if due > now:
            return Wait(due - now)
        limit = self._end.limit(self._contact.begin_request(now))
        if stream is Stream.JOB:
            return CheckJob(limit)
        start = self._position.begin_request(now)
        return Fetch(None if start < 0 else start, limit)

    def receive_events(self, events: Sequence[Event], now: float) -> tuple[Sequence[Event], list[float | None]]:
        """Take in *events*, a piece of the response that came at *now*.

        Returns those not seen before, and for each the seconds its node took, if it ends a node whose start was seen.
        """
        news = self._restore.accept(self._position.accept(events))
        if not news:
            return [], []
        took = self.progress.take_all(news)
        self._contact.progress(Stream.EVENTS, now)
        self._end.see_events(news, now)
        if self._plan:
            self._plan.note_activity(now)
        return news, took

    def end_of_page(self, now: float) -> None:
        """Note that the response to the last Fetch was whole at *now*, and so is the page."""
        position = self._position
        position.end_page(now)
        self._note_good(Stream.EVENTS, now)
        self._whole_at = now
        page = position.page
        if page is None or self._is_behind(page, now):
            self._schedule.retry(Stream.EVENTS, now + self._schedule.pause())
            return
        position.settle(page.requested_at - self._settle)
        if self._end.ended_at is not None:
            self._look_again(self._end.ended_at, page.requested_at, now)
            return
        is_job_failing = self._contact.is_failing(Stream.JOB)
        self._schedule.page_ended(now, has_news=page.news > 0, is_job_failing=is_job_failing)

    def receive_job(self, job: Job, now: float) -> None:
        """Take in what the response to the last CheckJob said."""
        self._is_before_events = False
        self._note_good(Stream.JOB, now)
        self.progress.take_job(job)
        self._schedule.job_checked(now)
        if job.is_over and self._end.ended_at is None:
            self._end.see_end(now)
            self._schedule.poll_now(now)
        if self._end.ended_at is not None:
            self._schedule.stop_checking()
        elif self._plan and (notice := self._plan.notice(job, now)):
            self._notices.append(notice)

    def receive_fault(self, fault: JobEventsError, now: float) -> None:
        """Take in that the last Fetch failed at *now*; raises *fault* if following cannot continue."""
        self._position.cut_off(now)
        if not self._will_retry(Stream.EVENTS, fault, now):
            if self._end.ended_at is None or self._whole_at < self._end.ended_at:
                raise fault  # how the job ended is known, but not all of its events are
            self._notices.append(LateEventsNotRead(fault.message))
            self._conclude()

    def receive_job_fault(self, fault: JobEventsError, now: float) -> None:
        """The same for the last CheckJob. Once the end was seen, how the job ended is known without it."""
        if self._is_before_events:
            self._is_before_events = False
            self._schedule.stop_checking()
            return
        if not self._will_retry(Stream.JOB, fault, now):
            self._notices.append(JobNotRead(fault.message))
            self._schedule.give_up_job(now)
            if not self._end.fault_time_left:
                self._conclude()

    def jobs_running(self, now: float, *, are_running: bool) -> None:
        """Note at *now* whether any job of this plan is running. Once none is, the plan may be over."""
        have_ended = self._plan is not None and self._plan.jobs_running(now, are_running=are_running)
        if have_ended and not self.has_ended and not self._contact.is_failing(Stream.JOB):
            self._schedule.check_soon(now)

    def _note_good(self, stream: Stream, now: float) -> None:
        self._contact.good(stream, now)
        self.progress.is_lost = self._contact.is_lost

    def _will_retry(self, stream: Stream, fault: JobEventsError, now: float) -> bool:
        """Plan to repeat the failed request; False if following ends instead. Raises *fault* if the job runs on."""
        delay = self._contact.retry(stream, fault, now, pause=self._schedule.pause(), at_most=self._end.fault_time_left)
        self.progress.is_lost = self._contact.is_lost
        if delay is not None:
            delay = self._end.delay_after_fault(delay, self._contact.requested_at, now)
        if delay is not None:
            self._schedule.retry(stream, now + delay)
        elif self._end.ended_at is None:
            raise fault
        return delay is not None

    def _look_again(self, ended_at: float, requested_at: float, now: float) -> None:
        """After the end: conclude if nothing can be missing, else request the job and the events again.

        The last page was requested at *requested_at*.
        """
        schedule, job = self._schedule, self.progress.job
        if schedule.checked_at < ended_at:
            # The page counts once the job was read; if that fails, the next try is planned already.
            schedule.check_first(schedule.check_at if self._contact.is_failing(Stream.JOB) else now)
            return
        if requested_at < ended_at:
            schedule.poll_now(now)
            return
        # If the job's state came before its last event, that event is still to be waited for. A plan counts no nodes
        # that could prove that no event is missing.
        settled_at = self._end.settled_at(ended_at)
        is_plan = self._plan is not None
        agrees = not is_plan and self._end.last is not None and job is not None and self.progress.agrees_with(job)
        if self._position.is_certain and (agrees or requested_at >= settled_at):
            self._conclude()
            return
        schedule.look_again(now, at_most=settled_at - now)

    def _conclude(self) -> None:
        outcome = outcome_of(self.ref.kind, self.progress, self._end.last)
        self._ending = Ending(outcome, self.progress.job)

    def _is_behind(self, page: Page, now: float) -> bool:
        """Whether *page* lacks what was there before. If the server has gone back for good, begin anew."""
        age = self._restore.check(page, self._position.highest, now)
        if age is Age.RESTORED:
            self._notices.append(EventsRestored(self._position.highest))
            self._position = Position(self._restore.first)
        return age is not Age.CURRENT
