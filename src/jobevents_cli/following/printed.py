"""What of a job's events is out: what another run need not print again."""

from collections import Counter, deque
from collections.abc import Collection, Mapping
from typing import NamedTuple

from jobevents_cli.following.position import Position
from jobevents_cli.model.event import EVENT_TYPES, NODE_FINISHED, Event
from jobevents_cli.model.node_result import ended_with_error
from jobevents_cli.model.progress import WITH_ERROR, Progress


class Saved(NamedTuple):
    """What another run needs to continue after the events that this one has printed."""

    low: int = -1
    seen: Collection[int | str] = ()
    """The keys of `Position`."""
    counts: Mapping[str, int] = {}
    """What `Progress.counts` says of the events that were printed."""
    changed: int = 0
    """How many nodes of those that finished were changed."""


class Printed:
    """The position of the printer. It follows that of what was received, and never passes an event that is not out."""

    def __init__(self, saved: Saved, received: Position, progress: Progress) -> None:
        """Begin with what an earlier run *saved*. *received* is what came, and *progress* has counted it."""
        self._position = Position(saved.low, saved.seen)
        self._received = received
        self._progress = progress
        self._waiting = 0
        """How many events came and are not out."""
        self._waiting_ids: deque[int] = deque()
        """Their ids, ascending. Between them may be some that are out, but the first is not."""
        self._counts: Counter[str] = Counter()
        self._changed = 0
        """What was counted before the events that wait came, and of those that are out since then."""
        self._uncounted: list[Event] = []
        """Events that are out since then and are not counted yet."""

    def expect(self, events: Collection[Event]) -> None:
        """Note that *events* have come, before they are counted."""
        if not self._waiting:
            self._counts, self._changed = Counter(self._progress.counts), self._progress.changed
        self._waiting += len(events)
        if ids := [event.id for event in events if event.id is not None]:
            self._waiting_ids = deque(sorted([*self._waiting_ids, *ids]))
        self._advance()

    def add(self, events: Collection[Event]) -> None:
        """Note that *events* are out, in any order: printed, hidden by a filter, or passed on for good."""
        self._position.add(events)
        self._waiting -= len(events)
        if self._waiting:
            self._uncounted += events
        else:
            self._uncounted.clear()
        self._advance()

    def _advance(self) -> None:
        """Bring the low id as far up as that of what was received, but not past an event that is not out."""
        waiting = self._waiting_ids
        while waiting and self._position.has(waiting[0]):
            waiting.popleft()
        low = self._received.low
        self._position.advance(min(low, waiting[0] - 1) if waiting else low)

    @property
    def next_start(self) -> int | None:
        """The `start` with which another run misses nothing that is not out; None if nothing is out.

        If events came in order, it repeats nothing either.
        """
        next_start = self._position.next_start
        return self._waiting_ids[0] if self._waiting_ids and next_start is not None else next_start

    @property
    def low_and_seen(self) -> tuple[int, list[int | str]]:
        """The position alone, for who needs no counts."""
        return self._position.saved()

    def saved(self) -> Saved:
        """What another run needs to continue after the events that are out."""
        if not self._waiting:
            return self._saved(self._progress.counts, self._progress.changed)
        self._counts.update(event.type for event in self._uncounted)
        self._counts[WITH_ERROR] += sum(ended_with_error(event, self._progress.job) for event in self._uncounted)
        self._changed += sum(map(_is_changed, self._uncounted))
        self._uncounted.clear()
        return self._saved(self._counts, self._changed)

    def _saved(self, counts: Mapping[str, int], changed: int) -> Saved:
        known = {kind: counts[kind] for kind in (*EVENT_TYPES, WITH_ERROR) if counts.get(kind)}
        return Saved(*self._position.saved(), known, changed)


def _is_changed(event: Event) -> bool:
    return event.type == NODE_FINISHED and event.detail.get("status") == "changed"
