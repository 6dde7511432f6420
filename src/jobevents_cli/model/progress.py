"""What is known of a job while it is followed, for those who watch: counts, who runs, who failed, who was slow."""

from collections import Counter
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import Final

from jobevents_cli.model.event import CLOSING_STATES, NODE_RUNNING, Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.timestamps import seconds_of

SLOWEST: Final = 5
"""How many of the slowest nodes are remembered."""


@dataclass(slots=True)
class Progress:
    """One job's progress. Times are seconds since 1970, by the orchestrator's clock."""

    job: Job | None = None
    counts: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    running: dict[str, float | None] = field(default_factory=dict)
    failures: list[Event] = field(default_factory=list)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    is_stopping: bool = False
    is_lost: bool = False
    first: float | None = None
    last: float | None = None

    def take(self, event: Event) -> None:
        """Take in one event."""
        at = seconds_of(event.timestamp)
        if at is not None:
            self.first = at if self.first is None else self.first
            self.last = at
        state = CLOSING_STATES.get(event.type)
        if event.type == NODE_RUNNING:
            self.running[event.node] = at
        elif state:
            self._close(event, state, at)
        elif event.type == "job_stopping":
            self.is_stopping = True

    def take_job(self, job: Job) -> None:
        """Take in what the orchestrator says of the job."""
        self.job = job
        self.is_stopping = job.state == "stopping" or self.is_stopping

    def _close(self, event: Event, state: str, at: float | None) -> None:
        self.counts[state] += 1
        if event.detail.get("status") == "changed":
            self.changed += 1
        if state != "finished":
            self.failures.append(event)
        started = self.running.pop(event.node, None)
        if started is not None and at is not None:
            entry = (at - started, event.node)
            if len(self.slowest) < SLOWEST:
                heappush(self.slowest, entry)
            else:
                heappushpop(self.slowest, entry)

    def count(self, state: str) -> int:
        """Nodes in *state*, one of those that end a node: by the events, or by the job where it knows of more."""
        told = (self.job.node_states if self.job else None) or {}
        return max(self.counts[state], told.get(state, 0))

    @property
    def done(self) -> int:
        """Nodes that have ended, one way or another."""
        return sum(self.count(state) for state in CLOSING_STATES.values())

    @property
    def node_count(self) -> int | None:
        """How many nodes the job has, where that is known."""
        return self.job.node_count if self.job else None

    @property
    def started_at(self) -> float | None:
        """When the job began, as far as is known."""
        raw = self.job.raw if self.job else {}
        # Older orchestrators write started_timestamp, newer ones created_timestamp.
        told = seconds_of(raw.get("created_timestamp")) or seconds_of(raw.get("started_timestamp"))
        return told if told is not None else self.first

    @property
    def duration(self) -> float | None:
        """Seconds the job took, once it is over."""
        ended = seconds_of(self.job.raw.get("finished_timestamp")) if self.job else None
        ended = self.last if ended is None else ended
        started = self.started_at
        return None if ended is None or started is None else max(0.0, ended - started)

    def longest_running(self, now: float, most: int) -> list[tuple[str, float | None]]:
        """The nodes that run longest at *now*, at most *most*, with the seconds they have run."""
        longest = sorted(self.running.items(), key=lambda entry: entry[1] if entry[1] is not None else now)[:most]
        return [(node, None if since is None else max(0.0, now - since)) for node, since in longest]
