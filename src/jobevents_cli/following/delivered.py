"""What a receiver has: up to where it was given each job. `forward` continues from here."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from jobevents_cli.following.known_jobs import KnownJobs, Seen, known_after
from jobevents_cli.following.position import Cursor
from jobevents_cli.model.job_ref import JobRef, Kind

FROM_FIRST: Final = Cursor(-1, (), {})
"""The cursor of a job of which nothing was delivered yet."""


@dataclass(slots=True)
class Delivered:
    """Every job that was found is either in `unfinished` or delivered to its end."""

    unfinished: dict[JobRef, Cursor] = field(default_factory=dict)
    """Where each job that is not delivered to its end continues."""
    known: dict[Kind, KnownJobs] = field(default_factory=dict)
    """The jobs and plans that were found so far; a kind is missing until it was searched once."""

    def find(self, kind: Kind, seen: Seen, wanted: Collection[int]) -> list[JobRef]:
        """Note that the jobs *seen* exist. Returns those of the *wanted* ones that are new, lowest id first."""
        known = self.known.get(kind)
        new = [JobRef(kind, number) for number in sorted(wanted) if known is None or not known.has(number)]
        self.known[kind] = known_after(known, seen)
        self.unfinished |= dict.fromkeys(new, FROM_FIRST)
        return new

    def advance(self, ref: JobRef, ids: Iterable[int], cursor: Cursor | None = None) -> None:
        """Note that the events *ids* of *ref* were delivered after those that *cursor*, if given, stands for."""
        base = cursor or self.unfinished.get(ref)
        if base is None:
            return
        ids = tuple(number for number in ids if number > base.low)
        self.unfinished[ref] = replace(base, above=(*base.above, *ids)) if ids else base

    def finish(self, ref: JobRef) -> None:
        """Note that *ref* was delivered to its end."""
        self.unfinished.pop(ref, None)
