"""Passes the events of all jobs to a command, batch by batch; the command's exit status 0 commits a batch.

Longer than other modules because everything that happens between two batches is here.
"""

import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from jobevents_cli.errors import UnknownJob
from jobevents_cli.following.backlog import Backlog, Part
from jobevents_cli.following.batch_retry import BatchRetry
from jobevents_cli.following.delivered import Delivered
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.runtime.deferred_signals import DeferredSignals
from jobevents_cli.runtime.forward_notices import ForwardNotices
from jobevents_cli.runtime.forward_receiver import CommandResult, Receiver
from jobevents_cli.runtime.job_feed import Found, JobFeed, Said
from jobevents_cli.runtime.workers import TICK, Ended, Workers
from jobevents_cli.state.forward_position import ForwardPosition

_DELIVERY: Final = "delivery"
"""The name of the work that runs the command."""

_SAVE_AGAIN: Final = 1.0
"""Seconds after which a position that could not be saved is saved again."""

_KILL_AGAIN: Final = 1.0
"""Seconds after which a command that takes too long is killed again."""

_AT_ONCE: Final = 200
"""Jobs whose first events are read at the same time; other jobs wait for their turn."""

_MOST_EVENTS: Final = 50_000
"""How many events may wait, hidden ones included."""

FINISH_WITHIN: Final = 10.0
"""Seconds that the command may still take when a signal ends `forward`."""

_NEVER: Final = float("inf")

Arrival = Part | Found | Said | CommandResult
"""What workers bring."""


@dataclass(frozen=True, slots=True)
class Batching:
    """When a batch is sent, and when it counts as refused. Times are seconds."""

    events: int = 500
    wait: float = 1.0
    timeout: float = 60.0
    skip_after: float | None = None


class Forwarder:
    """Everything between the jobs' events and the command. Belongs to the main thread.

    It has more than a dozen attributes: the parts that it connects, and the times at which each of them is due.
    """

    def __init__(
        self,
        workers: Workers[Arrival],
        feed: JobFeed,
        receiver: Receiver,
        position: ForwardPosition,
        *,
        delivered: Delivered,
        batching: Batching,
        server_time: Callable[[], float] = time.time,
        stats_every: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Forward what *feed* brings to *receiver*, beginning after what is *delivered*, which *position* keeps.

        *workers* do the work of both. *server_time* is the orchestrator's clock, in seconds since 1970.
        *stats_every*: seconds between two status lines. *clock* gives seconds that never go back.
        """
        self._clock = clock
        self._workers = workers
        self._feed = feed
        self._receiver = receiver
        self._position = position
        self._delivered = delivered
        self._batching = batching
        self._retry = BatchRetry(batching.events, random.random, skip_after=batching.skip_after)
        self._backlog = Backlog()
        self._say = ForwardNotices(receiver.command[0], server_time, clock, stats_every)
        self._jobs = _Jobs(feed, delivered)
        self._is_running = False
        self._late_at = _NEVER
        self._save_at = _NEVER

    def run(self, searches: Mapping[Kind, Callable[[Job], bool]], signals: DeferredSignals) -> None:
        """Forward until an error or a signal ends it. *searches*: for each kind of jobs, which are wanted."""
        self._jobs.start([ref for ref in self._delivered.unfinished if ref.kind in searches])
        for kind, wanted in searches.items():
            self._feed.search(kind, self._delivered.known.get(kind), wanted)
        try:
            while not signals.is_pending:
                now = self._clock()
                if signals.take_stats_request() or self._say.stats_due(now):
                    self._say.stats(len(self._delivered.unfinished), self._backlog.oldest(), now)
                self._take(self._workers.next(self._wait_time(now)))
                self._attend(self._clock())
        finally:
            self._finish(self._clock() + FINISH_WITHIN)
        signals.obey()

    def _wait_time(self, now: float) -> float:
        """Seconds until something is due if nothing arrives."""
        return max(0.0, min(TICK, self._due_at() - now))

    def _due_at(self) -> float:
        """When the next batch is to be sent, the one under way is late, or the position is saved again."""
        if self._is_running:
            return self._late_at
        if self._save_at < _NEVER:
            return self._save_at
        if self._retry.size:
            return self._retry.retry_at
        oldest = self._backlog.oldest()
        if oldest is None or self._backlog.lines >= self._batching.events:
            return _NEVER if oldest is None else oldest.since
        return oldest.since + self._batching.wait

    def _take(self, arrived: Arrival | Ended | None) -> None:
        match arrived:
            case Part():
                self._jobs.note(arrived)
                self._backlog.append(arrived, self._clock())
                self._pause()
            case Found(kind, seen, wanted):
                before = self._delivered.known.get(kind)
                self._jobs.start(self._delivered.find(kind, seen, wanted))
                if self._delivered.known[kind] != before:
                    self._save()
            case Said(name, notices):
                self._say.notices(name, notices)
            case CommandResult():
                self._end_of_batch(arrived, self._clock())
            case Ended(name, error):
                self._end_of_work(name, error)
            case None:
                pass

    def _attend(self, now: float) -> None:
        """Do what is due: save, send, or kill a command that takes too long."""
        if now < self._due_at():
            return
        if self._is_running:
            self._late_at = now + _KILL_AGAIN  # it may have been about to start
            self._receiver.kill(is_late=True)
        elif self._save_at < _NEVER:
            self._save()
        else:
            self._send(now)

    def _send(self, now: float) -> None:
        lines = self._backlog.first(self._retry.limit)
        if not lines:
            # All of these events are hidden.
            self._commit(0)
            return
        self._retry.begin(len(lines))
        self._is_running, self._late_at = True, now + self._batching.timeout
        self._workers.start(_DELIVERY, self._deliveries(lines))

    def _deliveries(self, lines: list[bytes]) -> Iterator[CommandResult]:
        """The one result of sending *lines*; runs in another thread."""
        try:
            yield self._receiver.run(lines)
        except OSError as error:
            yield CommandResult(-1, f"{self._receiver.command[0]} cannot be started: {error.strerror}")

    def _end_of_batch(self, result: CommandResult, now: float) -> None:
        size, self._is_running = self._retry.size, False
        if result.status == 0:
            since = self._retry.accept()
            self._commit(size)
            self._say.delivered += size
            if since is not None:
                self._say.accepted(now - since)
            return
        self._say.failed += 1
        event, line = self._backlog.first_event(), self._backlog.first(1)
        refused = self._retry.refuse(now)
        if refused.is_first:
            self._say.refused(result, self._batching.timeout)
        if refused.is_named and event:
            self._say.named(*event, result)
        if refused.is_skipped:
            self._say.skipped(line[0])
            self._commit(1)
        self._pause()

    def _end_of_work(self, name: object, error: BaseException | None) -> None:
        if name == _DELIVERY:
            if error:
                self._is_running = False
                raise error
            return
        if not isinstance(name, JobRef):
            raise error or AssertionError("the search for jobs never ends by itself")
        self._say.forget(name)
        self._jobs.end(name)
        if isinstance(error, UnknownJob):
            self._say.gone(name, error)
            self._backlog.append(Part(name, is_end=True), self._clock())
        elif error:
            raise error

    def _commit(self, count: int) -> None:
        self._backlog.commit(count, self._delivered)
        self._pause()
        self._save()

    def _pause(self) -> None:
        """Pause polling if events wait: more than one batch beside the one being sent, or any while it is refused."""
        is_refused = self._retry.failing_since is not None and self._backlog.lines > 0
        is_full = self._backlog.lines >= 2 * self._batching.events or self._backlog.events >= _MOST_EVENTS
        self._feed.is_paused = is_refused or is_full

    def _save(self) -> None:
        """Save the position; if that fails, nothing more is sent until it is saved."""
        try:
            self._position.save(self._delivered)
        except OSError as error:
            if self._save_at == _NEVER:
                self._say.not_saved(self._position.path, error)
            self._save_at = self._clock() + _SAVE_AGAIN
            return
        self._save_at = _NEVER

    def _finish(self, deadline: float) -> None:
        """Let the command end by *deadline* and commit its batch if it takes it; otherwise kill it."""
        try:
            while self._is_running and (left := deadline - self._clock()) > 0:
                arrived = self._workers.next(min(TICK, left))
                if isinstance(arrived, CommandResult):
                    self._end_of_batch(arrived, self._clock())
                elif isinstance(arrived, Ended) and arrived.name == _DELIVERY:
                    return
        finally:
            self._receiver.kill()


class _Jobs:
    """Which jobs are followed, and which wait until the first events of others were read."""

    def __init__(self, feed: JobFeed, delivered: Delivered) -> None:
        self._feed = feed
        self._delivered = delivered
        self._waiting: deque[JobRef] = deque()
        self._behind: set[JobRef] = set()

    def start(self, refs: list[JobRef]) -> None:
        """Follow *refs* as soon as it is their turn."""
        self._waiting.extend(refs)
        self._start_next()

    def note(self, part: Part) -> None:
        """Note what following brought."""
        if part.is_page_end:
            self.end(part.ref)

    def end(self, ref: JobRef) -> None:
        """Note that the first events of *ref* were read, or that it is no longer followed."""
        if ref in self._behind:
            self._behind.discard(ref)
            self._start_next()

    def _start_next(self) -> None:
        while self._waiting and len(self._behind) < _AT_ONCE:
            ref = self._waiting.popleft()
            self._behind.add(ref)
            self._feed.follow(ref, self._delivered.unfinished[ref].cursor)
