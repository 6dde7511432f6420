"""Counts a job's events: how many of each type, and which nodes are between their start and their end."""

from collections import Counter
from typing import Final

from jobevents_cli.model.event import CLOSING_STATES, NODE_RUNNING, Event
from jobevents_cli.model.job import Job

_STARTED: Final = 1


_CLOSED_UNSEEN_START: Final = -1


_CLOSED_MAYBE_NEVER_STARTED: Final = 0


_MUST_HAVE_STARTED: Final = ("node_finished", "node_failed")


class Tally:
    """What the events so far add up to. Events may come in any order, each once."""

    def __init__(self, counts: dict[str, int] | None = None, *, whole: bool = True) -> None:
        """Start with the *counts* by type of an earlier run; *whole*: every event of the job will be seen."""
        self.counts = Counter(counts or {})
        self._whole = whole
        self._nodes: dict[str, int] = {}

    def count(self, event: Event) -> None:
        """Take in one event."""
        kind = event.type
        self.counts[kind] += 1
        node = event.node
        if kind == NODE_RUNNING:
            if self._nodes.pop(node, None) is None:
                self._nodes[node] = _STARTED
        elif kind in CLOSING_STATES and self._nodes.pop(node, None) is None:
            self._nodes[node] = _CLOSED_UNSEEN_START if kind in _MUST_HAVE_STARTED else _CLOSED_MAYBE_NEVER_STARTED

    @property
    def has_open_nodes(self) -> bool:
        """Whether a node started and has not ended yet."""
        return _STARTED in self._nodes.values()

    @property
    def failures(self) -> int:
        """How many nodes failed, errored or were skipped."""
        return sum(self.counts[kind] for kind in CLOSING_STATES if kind != "node_finished")

    def agrees_with(self, job: Job) -> bool:
        """Whether no event of a node can be missing, going by what the *job* says of its nodes."""
        if not self._whole or not job.is_over:
            return False
        if any(mark != _CLOSED_MAYBE_NEVER_STARTED for mark in self._nodes.values()):
            return False
        closed = {state: self.counts[kind] for kind, state in CLOSING_STATES.items() if self.counts[kind]}
        if job.node_states is not None:
            told = {state: job.node_states.get(state, 0) for state in CLOSING_STATES.values()}
            return closed == {state: count for state, count in told.items() if count}
        return sum(closed.values()) == (job.node_count or 0)
