"""Decides what to do next while reading the events that exist now, once: for `jobevents list`."""

from collections.abc import Callable, Sequence

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.contact import Contact
from jobevents_cli.following.end_watch import EndWatch
from jobevents_cli.following.event_reader import EventReader
from jobevents_cli.following.position import Position
from jobevents_cli.following.schedule import Stream
from jobevents_cli.following.update import CheckJob, Done, Fetch, Step, Wait
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Ending
from jobevents_cli.model.progress import Progress


class SnapshotReader(EventReader):
    """Reads one page."""

    def __init__(
        self,
        *,
        ref: JobRef,
        sample: Callable[[], float],
        start: int | None = None,
        wants_progress: bool = True,
        job_first: bool = False,
        retry_for: float = 300.0,
    ) -> None:
        """Read the events of *ref* from id *start* on. *sample* gives random numbers from 0 to 1.

        *wants_progress*: without it nothing is counted, and no node's time is known. *retry_for*: seconds that an
        outage may last. *job_first*: before the events, request the job once.
        """
        super().__init__(
            ref,
            Position(-1 if start is None else start - 1),
            Progress(is_whole=start is None),
            lambda say: Contact(retry_for, 0.0, sample, say),
            EndWatch(ref.kind),
        )
        self._counts = wants_progress
        self._due = float("-inf")
        self._stream = Stream.JOB if job_first else Stream.EVENTS

    def next_step(self, now: float) -> Step:
        """What to do at *now*: request the events, before them perhaps the job."""
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
        self._ending = Ending(None, None)

    def receive_job(self, job: Job, now: float) -> None:
        """Take in the job, and continue with its events."""
        self._contact.good(Stream.JOB, now)
        self.progress.take_job(job)
        self._stream = Stream.EVENTS

    def receive_fault(self, fault: JobEventsError, now: float) -> None:
        """Plan to repeat the request for the events; raises *fault* if it is not repeated."""
        self._position.cut_off(now)
        delay = self._contact.retry(Stream.EVENTS, fault, now, pause=0.0)
        if delay is None:
            raise fault
        self._due = now + delay

    def receive_job_fault(self, fault: JobEventsError, now: float) -> None:  # noqa: ARG002 - as following it
        """Continue with the events: the job is not needed for them."""
        self._stream = Stream.EVENTS

    def jobs_running(self, now: float, *, are_running: bool) -> None:
        """Nothing: a plan is read once, whether its jobs are running or not."""
