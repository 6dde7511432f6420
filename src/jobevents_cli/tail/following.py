"""The events of a job for Python programs: each exactly once, until the job ends."""

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.errors import AccessDenied, JobEventsError, RequestRefused, TokenRefused
from jobevents_cli.following.follower import Follower
from jobevents_cli.model.event import Event
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.runtime.followed_job import FollowedJob
from jobevents_cli.runtime.loop import Loop
from jobevents_cli.tail.plan import PlanJobs


class Following:
    """The events of a job, each exactly once, until it ends: an iterator, made by `follow`.

    Use it in a `with` statement, or call `close`, if you may stop before the end.
    """

    def __init__(
        self,
        client: Orchestrator,
        ref: JobRef,
        new_follower: Callable[[JobRef], Follower],
        *,
        with_jobs: bool,
        timeout: float | None,
    ) -> None:
        """Use `follow`."""
        self._job = str(ref)
        self._outcome: Outcome | None = None
        self._unread: list[JobEventsError] = []
        self._client = client
        self._loop = Loop(signals=False, deadline=timeout)
        self._new_follower = new_follower
        self._plan_jobs = PlanJobs() if with_jobs else None
        self._jobs: dict[JobRef, FollowedJob] = {}
        self._events: deque[tuple[FollowedJob, Event]] = deque()
        self._read: list[FollowedJob] = []
        """The jobs whose next request is made once `_events` are taken."""
        self._main = self._add(ref)

    def __repr__(self) -> str:
        state = "not ended" if self.outcome is None else self.outcome.name.lower()
        return f"<Following {self._main.ref.label}, {state}, next_start {self.next_start}>"

    def __iter__(self) -> Self:
        """Return the iterator itself: a second loop continues where the first one stopped."""
        return self

    def __next__(self) -> Event:
        """Wait for the next event and return it.

        Raises JobEventsError if following cannot continue; TimedOut once *timeout* is over.
        """
        try:
            while not self._events:
                self._step()
        except BaseException:
            self.close()
            raise
        job, event = self._events.popleft()
        job.follower.printed.add([event])
        self._job = str(job.ref)
        return event

    def __enter__(self) -> Self:
        """Return this object."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    @property
    def job(self) -> str:
        """The job or plan that the latest event belongs to: `352` or `plan/12`."""
        return self._job

    @property
    def outcome(self) -> Outcome | None:
        """How the job or plan ended; None until it has."""
        return self._outcome

    @property
    def unread(self) -> list[JobEventsError]:
        """Why jobs of a plan could not be read: they were left out."""
        return list(self._unread)

    @property
    def next_start(self) -> int:
        """The `start` with which another `follow` continues after the latest event; 0 for the job's first one.

        For a plan this concerns the plan's own events.
        """
        return self._main.follower.printed.next_start or 0

    def close(self) -> None:
        """Stop following and close the connections. Any thread may call it: the iteration ends. The job goes on."""
        self._loop.close()
        self._events.clear()
        self._client.close()

    def _add(self, ref: JobRef) -> FollowedJob:
        job = self._jobs[ref] = FollowedJob(self._new_follower(ref))
        self._read.append(job)
        return job

    def _step(self) -> None:
        """Make the requests that are due, and take in one response. StopIteration once all is over."""
        while self._read:
            job = self._read.pop()
            if not job.ask(self._loop, self._client):
                self._end(job)
        if not self._jobs:
            raise StopIteration
        result = next(self._loop)
        job = self._jobs[result.key.ref]
        try:
            news = job.receive(result, self._loop.clock())
        except (AccessDenied, RequestRefused) as error:
            # A job of a plan that cannot be read is left out; the plan goes on.
            if job is self._main or isinstance(error, TokenRefused):
                raise
            self._unread.append(error)
            self._end(job)
            return
        if self._plan_jobs and job is self._main:
            for ref in self._plan_jobs.named(news.events, news.document):
                self._add(ref)
        self._events.extend((job, event) for event in news.events)
        self._read.append(job)

    def _end(self, job: FollowedJob) -> None:
        """Note that *job* has ended, or cannot be read."""
        del self._jobs[job.ref]
        ending = job.follower.ending
        outcome = ending.outcome if ending else None
        if job is self._main:
            self._outcome = outcome
        elif self._plan_jobs:
            self._plan_jobs.end(job.ref, outcome)
            if self._main.follower.jobs_running(self._loop.clock(), are_running=bool(self._plan_jobs.open)):
                self._loop.drop(self._main.key)
                if self._main not in self._read:
                    self._read.append(self._main)
