"""The live footer: what is happening now, in at most three rows that fit the terminal."""

from collections.abc import Collection, Iterable
from heapq import nlargest
from typing import Final

from jobevents_cli.model.event import CLOSING_STATES
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.escape import safe
from jobevents_cli.render.looks import look_of_state
from jobevents_cli.render.styles import Span, fitted, width
from jobevents_cli.render.times import took_text

_WIDEST_BAR: Final = 30
_NARROWEST_BAR: Final = 5
_MOST_NAMES: Final = 20


def footer_lines(
    jobs: Collection[Progress], *, now: float, columns: int, symbols: bool, waits_for_jobs: bool = False
) -> list[list[Span]]:
    """Return the footer for *jobs* at *now* (the orchestrator's seconds since 1970), each row within *columns*.

    The rows: a bar with the counts, the nodes that have been running longest, the nodes that failed. *symbols*: the
    terminal shows more than ASCII. *waits_for_jobs*: more jobs can come, so the number of jobs is always shown;
    otherwise there are no rows without a job.
    """
    if not jobs and not waits_for_jobs:
        return []
    mark = "…" if symbols else "..."
    facts = _facts(jobs, now, symbols=symbols, waits_for_jobs=waits_for_jobs)
    room = columns - sum(width(text) for text, _ in facts) - 2
    rows = [
        [*_bar(jobs, min(room, _WIDEST_BAR), symbols=symbols), *facts],
        _names("running: ", _running(jobs, now), sum(job.running for job in jobs), columns, mark),
        _names("failed: ", _failed(jobs), _failed_count(jobs), columns, mark),
    ]
    return [fitted(row, columns, mark) for row in rows if row]


def _bar(jobs: Collection[Progress], room: int, *, symbols: bool) -> list[Span]:
    done, total = _done(jobs), _total(jobs)
    if not total or room < _NARROWEST_BAR:
        return []
    full = min(room, room * done // total)
    filled, empty = ("━", "─") if symbols else ("#", ".")
    return [(filled * full, "green"), (empty * (room - full), "dim"), ("  ", "")]


def _facts(jobs: Collection[Progress], now: float, *, symbols: bool, waits_for_jobs: bool) -> list[Span]:
    spans: list[Span] = []
    if waits_for_jobs or len(jobs) > 1:
        spans.append((f"{len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}  ", "bold"))
    total = _total(jobs)
    spans.append((f"{_done(jobs)}/{total}" if total else f"{_done(jobs)} done", "bold"))
    if any(job.is_lost for job in jobs):
        spans.append(("  contact lost", "bold red"))
    if any(job.is_stopping for job in jobs):
        spans.append(("  stopping", "bold magenta"))
    counts = {state: sum(job.count(state) for job in jobs) for state in CLOSING_STATES.values()}
    counts["running"] = sum(job.running for job in jobs)
    for state, count in counts.items():
        if count:
            look = look_of_state(state)
            spans.append((f"  {look.mark(symbols=symbols)} {count}", look.style))
    started = [job.started_at for job in jobs if job.started_at is not None]
    if started:
        spans.append((f"   {took_text(now - min(started))}", ""))
    return spans


def _done(jobs: Iterable[Progress]) -> int:
    return sum(job.done for job in jobs)


def _total(jobs: Iterable[Progress]) -> int:
    return sum(job.node_count or 0 for job in jobs)


def _running(jobs: Iterable[Progress], now: float) -> list[str]:
    # The longest running nodes are in the jobs whose own longest running nodes run longest.
    firsts = nlargest(_MOST_NAMES, (job for job in jobs if job.running), key=lambda job: _longest(job, now))
    longest = [entry for job in firsts for entry in job.longest_running(now, _MOST_NAMES)]
    longest.sort(key=_seconds, reverse=True)
    return [f"{safe(node)} {took_text(seconds)}".rstrip() for node, seconds in longest[:_MOST_NAMES]]


def _longest(job: Progress, now: float) -> float:
    return max(map(_seconds, job.longest_running(now, 1)), default=0.0)


def _seconds(entry: tuple[str, float | None]) -> float:
    return entry[1] or 0.0


def _failed(jobs: Iterable[Progress]) -> list[str]:
    failed = (event for job in jobs for event in job.failures if event.type != "node_skipped")
    return list(dict.fromkeys(safe(event.node) for event in failed))


def _failed_count(jobs: Iterable[Progress]) -> int:
    return sum(job.counts["node_failed"] + job.counts["node_errored"] for job in jobs)


def _names(label: str, names: list[str], count: int, columns: int, mark: str) -> list[Span]:
    """Return a row of *names*, as many of the *count* as fit, with *mark* for the others."""
    if not names:
        return []
    row = label + names[0]
    for shown, name in enumerate(names[1:], 2):
        longer = f"{row}, {name}"
        if width(longer) + (0 if shown == count else len(mark) + 2) > columns:
            return [(f"{row}, {mark}", "dim")]
        row = longer
    return [(row if len(names) == count else f"{row}, {mark}", "dim")]
