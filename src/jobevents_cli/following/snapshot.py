"""Decides what to do next while reading the events that exist now, once: for `jobevents list`."""

from collections.abc import Callable, Sequence

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.contact import Contact
from jobevents_cli.following.end_watch import EndWatch
from jobevents_cli.following.event_reader import EventReader
from jobevents_cli.following.notices import JobNotRead
from jobevents_cli.following.position import Position
from jobevents_cli.following.schedule import Stream
from jobevents_cli.following.update import CheckJob, Done, Fetch, Step, Wait
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Ending, outcome_of
from jobevents_cli.model.progress import Progress


class SnapshotReader(EventReader):
    """Reads one page, and then the job itself if its outcome is wanted."""

    def __init__(
        self,
        *,
        ref: JobRef,
        sample: Callable[[], float],
        start: int | None = None,
        wants_outcome: bool = False,
        wants_progress: bool = True,
        job_first: bool = False,
        retry_for: float = 300.0,
    ) -> None:
        """Read the events of *ref* from id *start* on. *sample* gives random numbers from 0 to 1.

        *wants_outcome*: read the job too. *wants_progress*: without it, and without the outcome, nothing is counted,
        and no node's time is known. *retry_for*: seconds that an outage may last.
        *job_first*: before the events, request the job once.
        """
        super().__init__(
            ref,
            Position(-1 if start is None else start - 1),
            Progress(is_whole=start is None),
            lambda say: Contact(retry_for, 0.0, sample, say),
            EndWatch(ref.kind),
        )
        self._wants_outcome = wants_outcome
        self._counts = wants_progress or wants_outcome
        self._due = float("-inf")
        self._stream = Stream.JOB if job_first else Stream.EVENTS
        self._is_first = job_first
        """The job is requested before the events: only once, and not for its outcome."""

    def next_step(self, now: float) -> Step:
        """What to do at *now*: request the events, then perhaps the job."""
        if self._ending:
            return Done(self._ending)
        if self._due > now:
            return Wait(self._due - now)
        limit = self._contact.begin_request(now)
        if self._stream is Stream.JOB:
            return CheckJob(limit)
        start = self._position.begin_request(now)
        return Fetch(None if start < 0 else start, limit)

    def receive_events(self, events: Sequence[Event], now: float) -> tuple[Sequence[Event], list[float | None]]:
        """The new events of a piece of the response, and for each the seconds its node took, if known."""
        news = self._position.accept(events)
        if news:
            self._contact.progress(Stream.EVENTS, now)
        if not self._counts:
            return news, [None] * len(news)
        self._end.see_events(news, now)
        return news, self.progress.take_all(news)

    def end_of_page(self, now: float) -> None:
        """Note that the response was whole at *now*. If it was joined from parts, it is read a second time."""
        self._position.end_page(now)
        self._contact.good(Stream.EVENTS, now)
        if not self._position.is_certain:
            return
        if self._wants_outcome:
            self._stream = Stream.JOB
        else:
            self._ending = Ending(None, None, self._end.last)

    def receive_job(self, job: Job, now: float) -> None:
        """Take in the job; its outcome is known if it is over."""
        self._contact.good(Stream.JOB, now)
        self.progress.take_job(job)
        if self._is_first:
            self._begin()
            return
        self._conclude(is_over=job.is_over or self._end.last is not None)

    def receive_fault(self, fault: JobEventsError, now: float) -> None:
        """Plan to repeat the request for the events; raises *fault* if it is not repeated."""
        self._position.cut_off(now)
        if not self._will_retry(Stream.EVENTS, fault, now):
            raise fault

    def receive_job_fault(self, fault: JobEventsError, now: float) -> None:
        """Plan to repeat the request for the job. If it is not repeated, the events may say how the job ended."""
        if self._is_first:
            self._begin()
            return
        if self._will_retry(Stream.JOB, fault, now):
            return
        if self._end.last is None:
            raise fault
        self._notices.append(JobNotRead(fault.message))
        self._conclude(is_over=True)

    def jobs_running(self, now: float, *, are_running: bool) -> None:
        """Nothing: a plan is read once, whether its jobs are running or not."""

    def _begin(self) -> None:
        """Continue with the events, whether the job could be read or not."""
        self._is_first = False
        self._stream = Stream.EVENTS

    def _will_retry(self, stream: Stream, fault: JobEventsError, now: float) -> bool:
        delay = self._contact.retry(stream, fault, now, pause=0.0)
        self._due = now + (delay or 0.0)
        return delay is not None

    def _conclude(self, *, is_over: bool) -> None:
        last = self._end.last
        outcome = outcome_of(self.ref.kind, self.progress, last) if is_over else None
        self._ending = Ending(outcome, self.progress.job, last)
