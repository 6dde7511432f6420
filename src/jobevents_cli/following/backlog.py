"""The events that wait for the receiver, in order, and what is committed when it has taken some of them."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jobevents_cli.following.delivered import Delivered
from jobevents_cli.following.position import Cursor
from jobevents_cli.model.job_ref import JobRef


@dataclass(frozen=True, slots=True)
class Part:
    """What one step of following *ref* brought, for the receiver."""

    ref: JobRef
    lines: Sequence[bytes | None] = ()
    """For each event its line; None if a filter hides it."""
    ids: Sequence[int | None] = ()
    """For each event its id, if it has one."""
    cursor: Cursor | None = None
    """Where another follower continues after all these events. Without a cursor, the ids say so."""
    is_page_end: bool = False
    """All events that existed at the last request have been returned."""
    is_end: bool = False
    """Nothing of this job comes after these events."""
    timestamp: str = ""
    """When the first event happened, as the server wrote it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The oldest event that is not delivered: when it arrived, by the caller's clock, and when it happened."""

    since: float
    timestamp: str


class Backlog:
    """Parts in the order in which they arrived. What is being sent stays here until it is committed."""

    def __init__(self) -> None:
        self._parts: deque[tuple[Part, float]] = deque()
        self._done = 0
        """How many events of the first part are committed."""
        self.lines = 0
        """How many lines wait."""
        self.events = 0
        """How many events wait, those without a line included; parts that are committed in part count whole."""

    def append(self, part: Part, now: float) -> None:
        """Add *part*, which arrived at *now*, behind the others."""
        self._parts.append((part, now))
        self.lines += len(part.lines) - part.lines.count(None)
        self.events += len(part.lines)

    def oldest(self) -> Waiting | None:
        """The oldest part that is not committed, or None."""
        if not self._parts:
            return None
        part, since = self._parts[0]
        return Waiting(since, part.timestamp)

    def first(self, count: int) -> list[bytes]:
        """The first lines that wait, at most *count*.

        Events without id are committed only with their whole part, so such a part is not cut if it can wait.
        """
        lines: list[bytes] = []
        for part, rest in self._from_first():
            wanted = [line for line in rest if line is not None]
            room = count - len(lines)
            if len(wanted) <= room:
                lines += wanted
            elif lines and None in part.ids:
                break
            else:
                lines += wanted[:room]
            if len(lines) == count:
                break
        return lines

    def first_event(self) -> tuple[JobRef, int | None] | None:
        """The job and the id of the event whose line comes first, or None if no line waits."""
        for part, rest in self._from_first():
            for number, line in enumerate(rest, len(part.lines) - len(rest)):
                if line is not None:
                    return part.ref, part.ids[number]
        return None

    def commit(self, count: int, delivered: Delivered) -> None:
        """Note in *delivered* that the first *count* lines were taken, and the hidden events after them with them."""
        while self._parts:
            part, _ = self._parts[0]
            end = self._end_of(part, count)
            ids = part.ids[self._done : end]
            taken = end - self._done - part.lines[self._done : end].count(None)
            count -= taken
            self.lines -= taken
            if end < len(part.lines):
                delivered.advance(part.ref, ids)
                self._done = end
                return
            delivered.advance(part.ref, ids, part.cursor)
            if part.is_end:
                delivered.finish(part.ref)
            self.events -= len(part.lines)
            self._parts.popleft()
            self._done = 0

    def _end_of(self, part: Part, count: int) -> int:
        """How many events of *part*, the first one, are done when *count* more lines are taken."""
        end = self._done
        if len(part.lines) - end <= count:
            return len(part.lines)
        while end < len(part.lines) and (count > 0 or part.lines[end] is None):
            count -= part.lines[end] is not None
            end += 1
        return end

    def _from_first(self) -> Iterator[tuple[Part, Sequence[bytes | None]]]:
        done = self._done
        for part, _ in self._parts:
            yield part, part.lines[done:]
            done = 0
