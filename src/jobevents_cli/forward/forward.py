"""Follow all jobs, and pass their events to COMMAND. Its exit status 0 commits a batch.

Everything here runs in the main thread. The next request of a job is made when all its events are delivered: at most
one page of each job waits for COMMAND.
"""

import math
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple, NoReturn, cast

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.config.redaction import redact
from jobevents_cli.errors import JobEventsError, TimedOut, UnknownJob
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.printed import Saved
from jobevents_cli.forward.command import Command, Ended
from jobevents_cli.forward.lines import ForwardedLines, document_event, without_documents
from jobevents_cli.forward.queue import Queue
from jobevents_cli.forward.report import Report
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.timestamps import seconds_of
from jobevents_cli.runtime.discover import RepeatedSearch
from jobevents_cli.runtime.followed_job import FollowedJob, Key
from jobevents_cli.runtime.loop import Loop, Result
from jobevents_cli.store.positions import Positions, SavedPosition

FINISH_WITHIN: Final = 10.0
"""Seconds that COMMAND may still take when `forward` ends."""

AT_ONCE: Final = 16
"""How many requests are under way at the same time. The loop needs one thread more, for COMMAND."""

_MOST_WAITING: Final = 10_000
"""While so many events wait, nothing is requested."""

_TICK_EVERY: Final = 0.5
"""Seconds between two looks at what is due by time."""

_KILL_AGAIN: Final = 1.0
"""Seconds after which a command that takes too long is killed again: it may have been about to start."""

_NEVER: Final = float("inf")

_TICK, _COMMAND, _LATE, _SEND = map(Key, ("tick", "command", "late", "send"))


class ForwardOptions(NamedTuple):
    """How jobs are followed and COMMAND is run. Times are seconds."""

    interval: float = 1.0
    batch_timeout: float = 60.0
    documents: bool = False
    """Forward each job's own document, too."""


class ForwardedJob(FollowedJob):
    """A job or plan that is followed."""

    document: Job | None = None
    """What was forwarded last of the job itself."""


class Forward:
    """The jobs that are followed, what waits for COMMAND, and COMMAND."""

    def __init__(
        self,
        loop: Loop,
        client: Orchestrator,
        command: Command,
        options: ForwardOptions,
        *,
        queue: Queue[ForwardedJob],
        positions: Positions,
        lines: ForwardedLines,
        report: Report,
        wants_status: Callable[[], bool],
    ) -> None:
        """Follow the jobs of *client*; let *command* take what *queue* says, as *lines*; continue at *positions*.

        *wants_status*: whether the user has asked for the status line since the last call.
        """
        self._loop = loop
        self._client = client
        self._command = command
        self._options = options
        self._queue = queue
        self._positions = positions
        self._lines = lines
        self._report = report
        self._wants_status = wants_status
        self._searches: dict[Kind, RepeatedSearch] = {}
        self._jobs: dict[JobRef, ForwardedJob] = {}
        self._due: dict[JobRef | Kind, None] = {}
        """The jobs and searches whose next request is due, in order."""
        self._under_way: set[JobRef | Kind] = set()
        """Those whose request is under way."""
        self._is_running = False
        """COMMAND runs."""
        self._is_late = False
        """COMMAND was killed because it took too long."""

    def run(self, searches: Mapping[Kind, Callable[[Job], bool]]) -> NoReturn:
        """Forward until an error or a signal ends it. *searches*: for each kind of jobs, which are wanted."""
        lists: Mapping[Kind, Any] = {Kind.JOB: self._client.jobs, Kind.PLAN: self._client.plans}
        for kind, wanted in searches.items():
            known, interval = self._positions.known.get(kind), self._options.interval
            self._searches[kind] = RepeatedSearch(
                lists[kind], kind, wanted, known=known, interval=interval, retry_for=math.inf
            )
            self._due[kind] = None
        for ref, saved in self._positions.positions.items():
            if ref.kind in searches:
                self._follow(ref, Saved(saved.low, saved.seen))
        self._loop.before_death = self._command.kill
        self._tick()
        try:
            while True:
                self._request()
                self._send()
                self._handle(next(self._loop))
        except JobEventsError:
            self._finish()
            raise
        finally:
            self._command.kill()

    def _handle(self, result: Result) -> None:
        key = cast("Key", result.key)
        self._under_way.discard(key.ref)
        match key.task:
            case "due":
                self._due[key.ref] = None
            case "follow":
                self._take_response(self._jobs[key.ref], result)
            case "search":
                self._take_found(self._searches[key.ref], result)
            case "command":
                self._end_batch(result)
            case "late":
                self._loop.timer(_LATE, self._loop.clock() + _KILL_AGAIN)
                self._is_late = True
                self._command.kill()
            case "tick":
                self._tick()
            case _:
                pass  # a batch is due

    def _tick(self) -> None:
        """Do what is due by time."""
        now = self._loop.clock()
        self._loop.timer(_TICK, now + _TICK_EVERY)
        if not self._positions.is_saved:
            self._save()
        self._report.figures(now, jobs=len(self._jobs), lag=self._lag(now), wants_status=self._wants_status())

    # Requests.

    def _request(self) -> None:
        """Make the requests that are due, unless their events could not be delivered now."""
        while (
            self._due
            and len(self._under_way) < AT_ONCE
            and self._queue.size < _MOST_WAITING
            and not self._queue.is_refused
        ):
            about = next(iter(self._due))
            del self._due[about]
            self._under_way.add(about)
            if isinstance(about, JobRef):
                self._jobs[about].ask(self._loop, self._client)
            else:
                self._loop.start(Key("search", about), self._searches[about].requests(self._loop.clock()))

    def _take_found(self, what: RepeatedSearch, result: Result) -> None:
        """Follow the jobs that a search found, and plan the next one."""
        known = what.known
        found, notices, next_at = what.receive(result, self._loop.clock())
        self._report.outages.note(what.kind, "", notices)
        self._loop.timer(Key("due", what.kind), next_at)
        if found is None:
            return
        positions: dict[JobRef, SavedPosition | None] = {}
        if found.restored:
            # What is known is about other jobs of the same numbers. Their events that wait are delivered all the same.
            self._report.say(f"jobevents: {found.restored}")
            for job in [job for job in self._jobs.values() if job.ref.kind is what.kind]:
                self._forget(job)
                positions[job.ref] = None
        for ref in found.jobs:
            self._follow(ref)
            positions[ref] = SavedPosition()
        if positions or found.known != known:
            self._save(positions, {what.kind: found.known})

    def _follow(self, ref: JobRef, saved: Saved | None = None) -> None:
        options = self._options
        follower = Follower(
            ref,
            sample=random.random,
            saved=saved or Saved(),
            interval=options.interval,
            retry_for=math.inf,
            job_first=options.documents,
            wants_progress=False,
        )
        self._jobs[ref] = ForwardedJob(follower)
        self._due[ref] = None

    def _take_response(self, job: ForwardedJob, result: Result) -> None:
        """Take in the response to the request of *job*."""
        try:
            news = job.receive(result, self._loop.clock())
        except UnknownJob as error:
            self._report.say(f"jobevents: {job.ref.label} is not followed any more: {error.message}")
            self._forget(job)
            self._save({job.ref: None})
            return
        finally:
            self._report.outages.note(job.ref, job.ref.label, job.follower.take_notices())
        wanted = [event for event in news.events if self._lines.wants(event)]
        if len(wanted) < len(news.events):
            job.follower.printed.add([event for event in news.events if not self._lines.wants(event)])
        document = news.document
        if self._options.documents and document and (job.document is None or document.is_over > job.document.is_over):
            job.document = document
            wanted.append(document_event(document))
        self._queue.add(job, wanted, self._loop.clock())
        self._go_on(job)

    def _go_on(self, job: ForwardedJob) -> None:
        """Plan the next request of *job*, once all its events are delivered."""
        if job in self._queue or self._jobs.get(job.ref) is not job:
            return
        due = job.follower.next(self._loop.clock())
        if due:
            self._loop.timer(Key("due", job.ref), due.at)
        else:
            self._forget(job)
            self._save({job.ref: None})

    def _forget(self, job: ForwardedJob) -> None:
        """Stop following *job*."""
        del self._jobs[job.ref]
        self._loop.drop(job.key)
        self._loop.drop(Key("due", job.ref))
        self._due.pop(job.ref, None)
        self._under_way.discard(job.ref)
        self._report.outages.forget(job.ref)

    # Batches.

    def _send(self) -> None:
        """Let COMMAND take the next batch, if it is due. If the position is not saved, more could arrive twice."""
        now, at = self._loop.clock(), self._queue.next_at()
        if self._is_running or at == _NEVER or not self._positions.is_saved:
            return
        if at > now:
            self._loop.timer(_SEND, at)
            return
        parts = self._queue.batch(now)
        lines = [line for part in parts for line in self._lines.lines(part.events, part.job.ref)]
        self._is_running, self._is_late = True, False
        self._loop.ask(_COMMAND, partial(self._command.run, redact(b"".join(lines))), limit=_NEVER)
        self._loop.timer(_LATE, now + self._options.batch_timeout)

    def _end_batch(self, result: Result) -> None:
        """Commit the batch that COMMAND has accepted, or note that it was refused."""
        self._is_running = False
        self._loop.drop(_LATE)
        if result.error is not None:
            raise result.error
        ended: Ended = result.value
        now = self._loop.clock()
        if ended.status:
            self._report.failed += 1
            if self._queue.refuse(now, ended.words):
                self._report.refused(ended, self._options.batch_timeout if self._is_late else None)
            return
        accepted = self._queue.accept(now)
        self._report.accepted_at = now
        for job, events in accepted.parts:
            job.follower.printed.add(without_documents(events))
            self._report.delivered += len(events)
        if accepted.recovered_after is not None:
            self._report.recovered(accepted.recovered_after)
        for job, event, words in accepted.named:
            self._report.blamed(job.ref, event, words)
        for job, event, _ in accepted.given_up:
            job.follower.printed.add(without_documents([event]))
            self._report.given_up(*self._lines.lines([event], job.ref))
        jobs = [part.job for part in accepted.parts] + [blamed.job for blamed in accepted.given_up]
        self._save({job.ref: _position(job) for job in jobs if self._jobs.get(job.ref) is job})
        for job in jobs:
            self._go_on(job)

    def _save(self, *what: Mapping[Any, Any]) -> None:
        """Save positions and which jobs are known, and what could not be saved before."""
        if warning := self._positions.save(*what):
            self._report.say(f"jobevents: {warning}; nothing is sent until it can be")

    def _lag(self, now: float) -> float:
        """The age of the oldest event that waits, in seconds."""
        if not self._queue.oldest:
            return 0.0
        since, event = self._queue.oldest
        happened = seconds_of(event.timestamp)
        return now - since if happened is None else max(0.0, self._client.server_time() - happened)

    def _finish(self) -> None:
        """Let COMMAND end, and commit its batch if it accepts it."""
        self._loop.go_on(FINISH_WITHIN)
        with suppress(TimedOut):
            while self._is_running:
                result = next(self._loop)
                if result.key in (_COMMAND, _LATE):
                    self._handle(result)


def _position(job: ForwardedJob) -> SavedPosition:
    return SavedPosition(*job.follower.printed.low_and_seen)
