"""Sorts by time the events of a plan and its jobs that existed before following began, or only the last ones."""

from collections import deque
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import groupby

from jobevents_cli.model.timestamps import seconds_of
from jobevents_cli.output.printed_job import Held, PrintedJob
from jobevents_cli.output.rendering import Rendered

Entry = tuple[float, int, PrintedJob, Rendered, int]
"""The time of an event, the number of its job among the jobs, and where the event is found."""


def hold(job: PrintedJob, rendered: Rendered, count: int) -> int:
    """Hold those of the first *count* events of *rendered* that will be printed; return how many."""
    job.latest = (rendered, count)
    if count == len(rendered.lines):
        # What need not be kept would only take memory for as long as this is held.
        job.latest = (rendered.only(()), 0)
        if job.save is None:  # no cursor counts the other events
            rendered = rendered.only(rendered.shown(count))
            count = len(rendered.lines)
    shown = [(rendered, place) for place in rendered.shown(count)]
    if job.held is not None:
        job.held.extend(shown)
    return len(shown)


def in_order(jobs: Iterable[PrintedJob], last: int | None = None) -> Iterator[tuple[PrintedJob, Rendered, list[int]]]:
    """What *jobs* hold, by time; only the *last* events of all of them together if that is not None.

    Yields events of one update that follow each other: the job, the update, the places of the events in it. The
    order within a job is kept. Afterwards nothing is held.
    """
    entries: Iterable[Entry] = merge(*(list(_entries(job, number)) for number, job in enumerate(jobs)))
    if last is not None:
        entries = deque(entries, maxlen=last)
    for _, group in groupby(entries, key=lambda entry: (entry[1], id(entry[3]))):
        run = list(group)
        yield run[0][2], run[0][3], [place for *_, place in run]


def _entries(job: PrintedJob, number: int) -> Iterator[Entry]:
    held: deque[Held] = job.held or deque()
    job.held = None
    latest = float("-inf")
    for rendered, place in held:
        latest = max(latest, seconds_of(rendered.update.events[place].timestamp) or latest)
        yield latest, number, job, rendered, place
