"""The live footer: what is going on, in two lines that fit the terminal."""

from collections import Counter
from collections.abc import Collection
from typing import Final

from jobevents_cli.model.durations import format_duration
from jobevents_cli.model.event import CLOSING_STATES
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.escape import safe
from jobevents_cli.render.event_line import LOOKS
from jobevents_cli.render.styles import Span, fitted, width

_WIDEST_BAR: Final = 30
_NARROWEST_BAR: Final = 5
_LONGEST_RUNNING: Final = 4
_STATES: Final = {
    "finished": LOOKS["node_finished"],
    "failed": LOOKS["node_failed"],
    "errored": LOOKS["node_errored"],
    "skipped": LOOKS["node_skipped"],
    "running": LOOKS["node_running"],
}


def footer_lines(
    jobs: Collection[Progress], *, now: float, columns: int, symbols: bool, waits_for_jobs: bool = False
) -> list[list[Span]]:
    """The footer for *jobs* at *now* (the orchestrator's seconds since 1970), each line within *columns*.

    *symbols*: the terminal shows more than ASCII. *waits_for_jobs*: more jobs may come, so none is no end.
    """
    rest = _facts(jobs, now, symbols=symbols, waits_for_jobs=waits_for_jobs)
    done = sum(job.done for job in jobs)
    total = sum(job.node_count or 0 for job in jobs)
    room = columns - sum(width(text) for text, _ in rest) - 1
    first = [*_bar(done, total, min(room, _WIDEST_BAR), symbols=symbols), *rest]
    running = _running(jobs, now)
    return [fitted(line, columns) for line in (first, running) if line]


def _bar(done: int, total: int, room: int, *, symbols: bool) -> list[Span]:
    if not total or room < _NARROWEST_BAR:
        return []
    full = min(room, room * done // total)
    filled, empty = ("━", "─") if symbols else ("#", ".")
    return [(filled * full, "green"), (empty * (room - full), "dim"), (" ", "")]


def _facts(jobs: Collection[Progress], now: float, *, symbols: bool, waits_for_jobs: bool) -> list[Span]:
    spans: list[Span] = []
    if waits_for_jobs or len(jobs) > 1:
        spans.append((f"{len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}  ", "bold"))
    total = sum(job.node_count or 0 for job in jobs)
    done = sum(job.done for job in jobs)
    spans.append((f"{done}/{total}" if total else f"{done} done", "bold"))
    if any(job.is_lost for job in jobs):
        spans.append(("  contact lost", "bold red"))
    if any(job.is_stopping for job in jobs):
        spans.append(("  stopping", "bold yellow"))
    counts: Counter[str] = Counter()
    for job in jobs:
        counts.update({state: job.count(state) for state in CLOSING_STATES.values()})
        counts["running"] += job.running
    for state, look in _STATES.items():
        if counts[state]:
            spans.append((f"  {look.symbol if symbols else look.ascii} {counts[state]}", look.style))
    started = [job.started_at for job in jobs if job.started_at is not None]
    if started:
        spans.append((f"  {_whole(now - min(started))}", ""))
    return spans


def _running(jobs: Collection[Progress], now: float) -> list[Span]:
    longest = [entry for job in jobs for entry in job.longest_running(now, _LONGEST_RUNNING)]
    longest.sort(key=lambda entry: -(entry[1] or 0.0))
    shown = [
        f"{safe(node)} {_whole(seconds)}" if seconds is not None else safe(node)
        for node, seconds in longest[:_LONGEST_RUNNING]
    ]
    return [("running: " + ", ".join(shown), "dim")] if shown else []


def _whole(seconds: float) -> str:
    """A duration in whole seconds: what changes ten times a second would make the line jump."""
    return format_duration(max(0, int(seconds)))
