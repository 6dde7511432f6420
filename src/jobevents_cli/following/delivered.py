"""How much of each job was delivered to a receiver. `forward` continues from here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from jobevents_cli.following.id_ranges import IdRanges
from jobevents_cli.following.known_jobs import KnownJobs, Seen, known_after
from jobevents_cli.following.position import Cursor
from jobevents_cli.model.job_ref import JobRef, Kind


class Reached:
    """How much of one job is delivered: all events that *cursor* covers, and those added since."""

    __slots__ = ("above", "base", "version")

    def __init__(self, cursor: Cursor | None = None) -> None:
        """Begin with *cursor*, or with nothing delivered."""
        self.version = 0
        """Changes whenever something was delivered."""
        self.set(cursor or Cursor(-1, (), {}))

    def set(self, cursor: Cursor) -> None:
        """Note that everything that *cursor* covers was delivered."""
        self.base = cursor._replace(above=())
        self.above = IdRanges.of(cursor.above)
        self.version += 1

    def add(self, ids: Sequence[int]) -> None:
        """Note that the events *ids* were delivered too."""
        if ids:
            self.above.add(ids)
            self.version += 1

    @property
    def cursor(self) -> Cursor:
        """Where a follower continues: the base, and the ids above it, which are kept as ranges."""
        return self.base._replace(above=tuple(self.above))


@dataclass(slots=True)
class Delivered:
    """Every job that was found is either in `unfinished` or delivered to its end."""

    unfinished: dict[JobRef, Reached] = field(default_factory=dict)
    """How much of each job that is not delivered to its end the receiver has."""
    known: dict[Kind, KnownJobs] = field(default_factory=dict)
    """The jobs and plans that were found so far; a kind is missing until it was searched once."""

    def find(self, kind: Kind, seen: Seen, wanted: Collection[int]) -> list[JobRef]:
        """Note that the jobs *seen* exist. Returns those of the *wanted* ones that are new, lowest id first."""
        known = self.known.get(kind)
        new = [JobRef(kind, number) for number in sorted(wanted) if known is None or not known.has(number)]
        self.known[kind] = known_after(known, seen)
        self.unfinished |= {ref: Reached() for ref in new}
        return new

    def advance(self, ref: JobRef, ids: Sequence[int | None], cursor: Cursor | None = None) -> None:
        """Note that the events *ids* of *ref* were delivered; or all that *cursor* covers, if it is given."""
        reached = self.unfinished.get(ref)
        if reached is None:
            return
        if cursor:
            reached.set(cursor)
        else:
            reached.add([number for number in ids if number is not None])

    def finish(self, ref: JobRef) -> None:
        """Note that *ref* was delivered to its end."""
        self.unfinished.pop(ref, None)
