"""The live footer: what is happening now, in at most three rows that fit the terminal."""

from collections.abc import Collection, Iterable
from heapq import nlargest
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from jobevents_cli.model.event import CLOSING_STATES
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.escape import safe
from jobevents_cli.render.looks import look_of_state
from jobevents_cli.render.summary import age
from jobevents_cli.render.times import took_text

_WIDEST_BAR: Final = 30
_NARROWEST_BAR: Final = 5
_MOST_NAMES: Final = 20


def footer(
    jobs: Collection[Progress], *, now: float, columns: int, symbols: bool, waits_for_jobs: bool = False
) -> Text:
    """Return the footer for *jobs* at *now* (the orchestrator's seconds since 1970), each row within *columns*.

    The rows: a bar with the counts, the nodes that have been running longest, the nodes that failed. *symbols*: the
    terminal shows more than ASCII. *waits_for_jobs*: more jobs can come, so the number of jobs is always shown;
    otherwise there are no rows without a job.
    """
    if not jobs and not waits_for_jobs:
        return Text()
    mark = "…" if symbols else "..."
    facts = _facts(jobs, now, symbols=symbols, waits_for_jobs=waits_for_jobs)
    rows = [Text.assemble(_bar(jobs, columns - facts.cell_len - 2, symbols=symbols), facts)]
    for label, names, count in (
        ("running: ", _running(jobs, now), sum(job.running for job in jobs)),
        ("failed: ", _failed(jobs), sum(job.counts["node_failed"] + job.counts["node_errored"] for job in jobs)),
    ):
        if names:
            rows.append(Text(label + _names(names, count, columns - len(label), mark), "dim"))
    for row in rows:
        row.truncate(columns, overflow="ellipsis" if symbols else "crop")
    return Text("\n").join(rows)


def _bar(jobs: Collection[Progress], room: int, *, symbols: bool) -> Text:
    done, total = _done(jobs), _total(jobs)
    room = min(room, _WIDEST_BAR)
    if not total or room < _NARROWEST_BAR:
        return Text()
    full = min(room, room * done // total)
    filled, empty = ("━", "─") if symbols else ("#", ".")
    return Text.assemble((filled * full, "finished"), (empty * (room - full), "dim"), "  ")


def _facts(jobs: Collection[Progress], now: float, *, symbols: bool, waits_for_jobs: bool) -> Text:
    facts = Text()
    if waits_for_jobs or len(jobs) > 1:
        facts.append(f"{len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}  ", "bold")
    total = _total(jobs)
    facts.append(f"{_done(jobs)}/{total}" if total else f"{_done(jobs)} done", "bold")
    if any(job.is_lost for job in jobs):
        facts.append("  contact lost", "failed")
    if any(job.is_stopping for job in jobs):
        facts.append("  stopping", "stopping")
    counts = {state: sum(job.count(state) for job in jobs) for state in CLOSING_STATES.values()}
    counts["running"] = sum(job.running for job in jobs)
    for state, count in counts.items():
        if count:
            look = look_of_state(state)
            facts.append(f"  {look.mark(symbols=symbols)} {count}", look.style)
    if took := took_text(age(jobs, now)):
        facts.append(f"   {took}")
    return facts


def _done(jobs: Iterable[Progress]) -> int:
    return sum(job.done for job in jobs)


def _total(jobs: Iterable[Progress]) -> int:
    return sum(job.node_count or 0 for job in jobs)


def _running(jobs: Iterable[Progress], now: float) -> list[str]:
    """Return the nodes that have been running longest."""
    running = (entry for job in jobs for entry in job.longest_running(now, _MOST_NAMES))
    longest = nlargest(_MOST_NAMES, running, key=lambda entry: entry[1] or 0.0)
    return [f"{safe(node)} {took_text(seconds)}".rstrip() for node, seconds in longest]


def _failed(jobs: Iterable[Progress]) -> list[str]:
    failed = (event for job in jobs for event in job.failures if event.type != "node_skipped")
    return list(dict.fromkeys(safe(event.node) for event in failed))


def _names(names: list[str], count: int, room: int, mark: str) -> str:
    """Return *names*, as many of the *count* as fit into *room*, one at least, and how many more there are."""
    for shown in range(len(names), 0, -1):
        text = ", ".join(names[:shown])
        if shown < count:
            text += f" {mark} and {count - shown} more"
        if cell_len(text) <= room:
            return text
    return f"{names[0]} {mark} and {count - 1} more" if count > 1 else names[0]
