"""Decides when following one job or plan ends: it is running, it has ended, its events have settled."""

from collections.abc import Iterable, Mapping
from typing import Final

from jobevents_cli.model.event import JOB_ABORTED, JOB_FINISHED, PLAN_FAILED, PLAN_FINISHED, Event
from jobevents_cli.model.job_ref import Kind

SETTLE: Final = 3.0
"""Seconds within which an event may become visible under a lower id than one already seen."""


FAULTS_FOR: Final = 15.0
"""Seconds by which faults may delay the end of following, once the end of the job has been seen."""


_SHORTEST_LIMIT: Final = 1.0


_NEVER: Final = float("inf")


_END_TYPES: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.JOB: (JOB_FINISHED, JOB_ABORTED),
    Kind.PLAN: (PLAN_FINISHED, PLAN_FAILED),
}
"""The event types that end a job or plan, good and bad. plan_start and plan_end mark sub-plans and end nothing."""


class EndWatch:
    """Whether the end was seen, and whether late events are still possible. Times are seconds."""

    def __init__(self, kind: Kind, settle: float = SETTLE) -> None:
        """Watch a job or a plan; late events may come for *settle* seconds."""
        self._types = _END_TYPES[kind]
        self._settle = settle
        self._faults_left = FAULTS_FOR
        self.ended_at: float | None = None
        """When the end was seen first, by an event or by the job's own state."""
        self.last: Event | None = None
        """The event of the end; of two, the bad one."""

    def see_events(self, events: Iterable[Event], now: float) -> None:
        """Look for the event of the end among *events*, which came at *now*."""
        for event in events:
            if event.type in self._types:
                if self.last is None or event.type == self._types[1]:
                    self.last = event
                self.see_end(now)

    def see_end(self, now: float) -> None:
        """Note that the job is over, as known from *now* on."""
        if self.ended_at is None:
            self.ended_at = now

    def settled_at(self, ended_at: float) -> float:
        """From when on a request brings every event of a job that ended at *ended_at*."""
        return ended_at + self._settle

    @property
    def fault_time_left(self) -> float:
        """Seconds by which faults may still delay the end of following; infinite before the job's end was seen."""
        return _NEVER if self.ended_at is None else max(0.0, self._faults_left)

    def limit(self, seconds: float) -> float:
        """The limit for a request that would otherwise have *seconds*: after the end, little time is left."""
        return min(seconds, max(_SHORTEST_LIMIT, self.fault_time_left))

    def delay_after_fault(self, delay: float, requested_at: float, now: float) -> float | None:
        """How much of *delay* is left for a retry after a fault; None if faults may not delay the end any longer.

        The failed request was made at *requested_at* and had failed by *now*.
        """
        if self.ended_at is None:
            return delay
        self._faults_left -= now - max(requested_at, self.ended_at)
        if self._faults_left <= 0:
            return None
        delay = min(delay, self._faults_left)
        self._faults_left -= delay
        return delay
