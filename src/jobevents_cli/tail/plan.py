"""A plan and the jobs that it starts: which are followed, how they ended, and their first pages by time."""

from collections import deque
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import groupby
from typing import NamedTuple

from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.plan import Plan
from jobevents_cli.model.timestamps import seconds_of


class PlanJobs:
    """The jobs of one plan, from the moment when the plan names them."""

    def __init__(self, open_jobs: Iterable[int] = (), ended: dict[int, Outcome | None] | None = None) -> None:
        """*open_jobs* are followed, *ended* are printed completely: what an earlier run kept."""
        self.open = set(open_jobs)
        self.ended = dict(ended or {})
        """How jobs ended, if that is known: those that ended, and those that cannot be read."""

    def named(self, events: Iterable[Event], document: Job | None) -> Iterator[JobRef]:
        """Yield the jobs that the plan's *events* or its own *document* name for the first time."""
        numbers = [event.child_job for event in events]
        if isinstance(document, Plan):
            numbers += sorted(document.child_states)
        for number in numbers:
            if number is not None and number not in self.open and number not in self.ended:
                self.open.add(number)
                yield JobRef.job(number)

    def end(self, ref: JobRef, outcome: Outcome | None) -> None:
        """Note that *ref* is no longer followed, and how it ended."""
        self.open.discard(ref.number)
        self.ended[ref.number] = outcome

    @property
    def failed(self) -> dict[int, Outcome]:
        """The jobs that ended badly, by number."""
        return {
            number: outcome for number, outcome in sorted(self.ended.items()) if outcome is not None and outcome.is_bad
        }


class Entry(NamedTuple):
    """One event of a first page."""

    ref: JobRef
    event: Event
    took: float | None


class FirstPages:
    """The first pages of a plan and of its jobs, held until all are here, or until it is too late to wait."""

    def __init__(self, until: float) -> None:
        """Wait *until* that moment of the loop's clock."""
        self.until = until
        self._pages: dict[JobRef, list[Entry] | None] = {}

    def expect(self, ref: JobRef) -> None:
        """Wait for the first page of *ref*, too."""
        self._pages[ref] = None

    def take(self, ref: JobRef, events: Iterable[Event], took: Iterable[float | None]) -> None:
        """Hold the first page of *ref*."""
        self._pages[ref] = [Entry(ref, *each) for each in zip(events, took, strict=True)]

    def forget(self, ref: JobRef) -> None:
        """Stop waiting for *ref*, which cannot be read."""
        if self._pages.get(ref, []) is None:
            del self._pages[ref]

    def __contains__(self, ref: JobRef) -> bool:
        return ref in self._pages

    @property
    def are_complete(self) -> bool:
        """Whether every page that is waited for is here."""
        return None not in self._pages.values()

    @property
    def held(self) -> list[JobRef]:
        """The jobs whose pages are here."""
        return [ref for ref, page in self._pages.items() if page is not None]

    def in_order(self) -> list[Entry]:
        """Return the events of all pages by time; within a job they stay in the order in which they came."""
        keyed = merge(*(_keyed(page) for page in self._pages.values() if page), key=lambda pair: pair[0])
        return [entry for _, entry in keyed]


def runs(entries: Iterable[Entry]) -> Iterator[tuple[JobRef, list[Event], list[float | None]]]:
    """Yield the events of *entries* that follow each other and belong to the same job."""
    for ref, group in groupby(entries, key=lambda entry: entry.ref):
        run = list(group)
        yield ref, [entry.event for entry in run], [entry.took for entry in run]


def last_of(entries: list[Entry], shown: Iterable[bool], count: int) -> int:
    """Return where the last *count* of *entries* begin, counting those that are *shown*."""
    places = deque((place for place, is_shown in enumerate(shown) if is_shown), maxlen=count)
    return places[0] if places else len(entries)


def _keyed(page: list[Entry]) -> Iterator[tuple[float, Entry]]:
    # An event without a time, or with an earlier one, stays behind the event before it.
    latest = float("-inf")
    for entry in page:
        at = seconds_of(entry.event.timestamp)
        latest = latest if at is None else max(latest, at)
        yield latest, entry
