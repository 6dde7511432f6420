"""The state of one job by its events: counts, running nodes, failures, times."""

from collections.abc import Iterable, Mapping
from heapq import heappop, heappush
from typing import Final

from jobevents_cli.model.event import (
    CLOSING_STATES,
    EVENT_TYPES,
    JOB_STOPPING,
    NODE_FINISHED,
    NODE_RUNNING,
    Event,
)
from jobevents_cli.model.job import Job
from jobevents_cli.model.node_result import ended_with_error
from jobevents_cli.model.timestamps import seconds_of

WITH_ERROR: Final = "node_finished with an error"
"""Beside the event types, what `Progress.counts` counts: these nodes count as node_finished, too."""

MOST_FAILURES: Final = 20
"""How many failed events are kept; the others are only counted."""


_MUST_HAVE_STARTED: Final = (NODE_FINISHED, "node_failed")

_WORN_OUT: Final = 2
"""The heap of starts is rebuilt when it holds more than so many times the nodes that are running."""

_NEVER: Final = float("inf")
"""The start of a node whose start has no time."""

_ENDED: Final = -1.0
"""The start of a node that is not running."""


class Progress:
    """One job's progress: the one source of the footer, the summary and the exit status.

    Events may come in any order, each once. Times are seconds since 1970, by the orchestrator's clock.

    One thread takes events in; another may read at any moment, because each read is of a single value.
    It has more than a dozen attributes: one for each fact that is shown.
    """

    def __init__(self, counts: Mapping[str, int] | None = None, *, changed: int = 0, is_whole: bool = True) -> None:
        """Start with the *counts* by event type of an earlier run, *changed* nodes among them.

        *is_whole*: every event of the job will come.
        """
        self.counts = {**dict.fromkeys(EVENT_TYPES, 0), **(counts or {})}
        """How many events of each documented type came."""
        self.job: Job | None = None
        self.changed = changed
        self.failures: list[Event] = []
        self.is_lost = False
        self.first: float | None = None
        self.last: float | None = None
        self._is_whole = is_whole
        self._running: dict[str, float | None] = {}
        self._starts: list[tuple[float, int, str]] | None = None
        """A heap of the starts of running nodes, and of nodes that have ended since; None until it is wanted."""
        self._unstarted: dict[str, bool] = {}
        """Nodes that ended before their start was seen: whether they must have started."""

    def take(self, event: Event) -> float | None:
        """Count *event*; the seconds its node took, if it ends a node whose start was seen."""
        return self.take_all([event])[0]

    def take_all(self, events: Iterable[Event]) -> list[float | None]:
        """Count *events*; for each what `take` says about it."""
        took: list[float | None] = []
        timestamp, at = "", None
        for event in events:
            kind, seconds = event.type, None
            if kind in self.counts:
                self.counts[kind] += 1
            if event.timestamp != timestamp:  # many events share a second
                timestamp = event.timestamp
                at = seconds_of(timestamp)
                if at is not None:
                    self.first, self.last = at if self.first is None else self.first, at
            if kind == NODE_RUNNING:
                self._start(event.node, at)
            elif kind in CLOSING_STATES:
                seconds = self._end(event, kind, at)
            took.append(seconds)
        return took

    def _start(self, node: str, at: float | None) -> None:
        if self._unstarted and self._unstarted.pop(node, None) is not None:
            return
        self._running[node] = at
        if self._starts is not None:
            heappush(self._starts, (_NEVER if at is None else at, self.counts[NODE_RUNNING], node))

    def _end(self, event: Event, kind: str, at: float | None) -> float | None:
        has_failed = kind != NODE_FINISHED
        if not has_failed:
            detail = event.detail
            self.changed += detail.get("status") == "changed"
            if has_failed := ended_with_error(event, self.job):
                self.counts[WITH_ERROR] = self.with_error + 1
        if has_failed and len(self.failures) < MOST_FAILURES:
            self.failures.append(event)
        node = event.node
        if node not in self._running:
            if self._is_whole:
                self._unstarted[node] = kind in _MUST_HAVE_STARTED
            return None
        started = self._running.pop(node)
        if started is None or at is None:
            return None
        return max(0.0, at - started)

    def take_job(self, job: Job) -> None:
        """Take in the job's own state, as the orchestrator just gave it."""
        self.job = job

    @property
    def is_stopping(self) -> bool:
        """Whether somebody stopped the job while it ran."""
        return self.counts[JOB_STOPPING] > 0 or (self.job is not None and self.job.state == "stopping")

    def agrees_with(self, job: Job) -> bool:
        """Whether no event of a node can be missing, judging by what the *job* says about its nodes."""
        if not self._is_whole or not job.is_over or self._running or any(self._unstarted.values()):
            return False
        closed = {state: self.counts[kind] for kind, state in CLOSING_STATES.items() if self.counts[kind]}
        if job.node_states is not None:
            said = {state: job.node_states.get(state, 0) for state in CLOSING_STATES.values()}
            return closed == {state: count for state, count in said.items() if count}
        return sum(closed.values()) == (job.node_count or 0)

    def count(self, state: str) -> int:
        """Nodes in *state*, one of those that end a node: by the events, or by the job if it knows of more."""
        said = (self.job.node_states if self.job else None) or {}
        return max(self.counts[f"node_{state}"], said.get(state, 0))

    @property
    def done(self) -> int:
        """Nodes that have ended, in whatever state."""
        return sum(self.count(state) for state in CLOSING_STATES.values())

    @property
    def with_error(self) -> int:
        """How many of the finished nodes did so with an error."""
        return self.counts.get(WITH_ERROR, 0)

    @property
    def failed_nodes(self) -> int:
        """How many nodes failed, errored, were skipped or finished with an error.

        With `--start` the job may know of more than came.
        """
        return sum(self.count(state) for state in ("failed", "errored", "skipped")) + self.with_error

    @property
    def running(self) -> int:
        """Nodes that started and have not ended yet, by the events."""
        return len(self._running)

    @property
    def node_count(self) -> int | None:
        """How many nodes the job has, if that is known."""
        return self.job.node_count if self.job else None

    @property
    def started_at(self) -> float | None:
        """When the job began, as far as is known."""
        said = self.job.started_at if self.job else None
        return said if said is not None else self.first

    @property
    def duration(self) -> float | None:
        """Seconds the job took, once it is over."""
        ended = self.job.finished_at if self.job else None
        ended = self.last if ended is None else ended
        started = self.started_at
        return None if ended is None or started is None else max(0.0, ended - started)

    def longest_running(self, now: float, most: int) -> list[tuple[str, float | None]]:
        """The nodes that have been running longest at *now*, at most *most*, each with its seconds.

        Takes about as long for 50,000 running nodes as for 50. Only one thread may call it.
        """
        starts = self._starts
        if starts is None or len(starts) > _WORN_OUT * (len(self._running) + most):
            # From here on the other thread adds to it; what is in it twice does no harm.
            starts = self._starts = []
            for place, (node, at) in enumerate(list(self._running.items())):
                heappush(starts, (_NEVER if at is None else at, place, node))
        longest: dict[str, tuple[float, int, str]] = {}
        while starts and len(longest) < most:
            start = heappop(starts)
            at, _, node = start
            if node not in longest and self._running.get(node, _ENDED) == (None if at == _NEVER else at):
                longest[node] = start
        for start in longest.values():
            heappush(starts, start)
        return [(node, None if at == _NEVER else max(0.0, now - at)) for at, _, node in longest.values()]
