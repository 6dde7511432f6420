"""Print saved events as `list` prints those of an orchestrator."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby, islice
from typing import Final

from jobevents_cli.errors import UnknownJob
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.model.event import Event
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.lines import EventLines
from jobevents_cli.output.stdout import Stdout
from jobevents_cli.tail.plan import Entry, runs

_AT_ONCE: Final = 500
"""Events that are printed together."""


def print_saved(
    events: Iterable[tuple[JobRef | None, Event]],
    lines: EventLines,
    *,
    jobs: Collection[JobRef] = (),
    start: int | None = None,
    last: int | None = None,
) -> ExitStatus:
    """Print saved *events* as *lines* says, in saved order.

    Only those of *jobs*, unless that is empty, from id *start* on, and only the *last* that the filters let through.
    UnknownJob if there is no event of a job that is chosen.
    """
    found: dict[JobRef, Progress] = {}
    entries = _entries(events, jobs, start, found)
    if last is not None:
        entries = iter(deque((entry for entry in entries if lines.shows(entry.event)), maxlen=last))
    stdout = Stdout()
    while batch := list(islice(entries, _AT_ONCE)):
        for ref, some, took in runs(batch):
            stdout.write([line for line in lines.render(ref, some, took) if line is not None])
    for ref in jobs:
        if ref not in found:
            raise UnknownJob(f"there are no events of {ref.label} among the saved ones")
    return ExitStatus.DONE


def _entries(
    events: Iterable[tuple[JobRef | None, Event]],
    jobs: Collection[JobRef],
    start: int | None,
    found: dict[JobRef, Progress],
) -> Iterator[Entry]:
    """Yield what is to be printed; *found* gets the progress of each job that has events."""
    wanted = ((ref or JobRef.unknown(), event) for ref, event in events if not jobs or ref in jobs)
    for ref, group in groupby(wanted, key=lambda saved: saved[0]):
        progress = found.setdefault(ref, Progress())
        for _, event in group:
            # Every event is counted: one that is printed may end a node whose start is not.
            took = progress.take(event)
            if start is None or (event.id is not None and event.id >= start):
                yield Entry(ref, event, took)
