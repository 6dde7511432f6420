"""The summary of a job: one line for how it ended, or for how far it is, and one for each node that failed."""

from collections.abc import Iterable, Sequence
from typing import Final

from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.plan import Plan
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.details import what_happened
from jobevents_cli.render.escape import safe
from jobevents_cli.render.looks import LOOKS, Look, look_of, look_of_state
from jobevents_cli.render.styles import Span, flowed, width
from jobevents_cli.render.times import took_text

_STATUS: Final = len("skipped")
"""The least width of the column for a failed node's status."""

_LOOKS: Final = {
    Outcome.SUCCEEDED: LOOKS["plan_finished"],
    Outcome.FAILED: LOOKS["plan_failed"],
    Outcome.STOPPED: look_of_state("stopped"),
}


def outcome_lines(
    ref: JobRef, outcome: Outcome, progress: Progress | None, *, symbols: bool, columns: int | None = None
) -> list[list[Span]]:
    """Return how *ref* ended: `✘ failed  job 352  42s  2 finished (1 changed), 1 failed, 1 skipped`.

    Without *progress* only the outcome is known. On a screen with so many *columns* it may take several rows.
    """
    facts = [ref.label]
    if progress:
        counts = _job_counts(progress) if ref.kind is Kind.PLAN else _counts(progress, outcome)
        facts += [took_text(progress.duration), counts]
    return _line(_LOOKS[outcome], facts, symbols=symbols, columns=columns)


def running_lines(
    label: str, jobs: Sequence[Progress], now: float, *, symbols: bool, columns: int | None = None
) -> list[list[Span]]:
    """Return how far *jobs* are, which are called *label*: `▶ running  job 352  12m  180 of 300 done, 2 failed`.

    *now* is the orchestrator's clock, in seconds since 1970.
    """
    facts = [label, took_text(age(jobs, now)), how_far(jobs, "done")]
    return _line(look_of_state("running"), facts, symbols=symbols, columns=columns)


def life_sign(ref: JobRef | None, jobs: Sequence[Progress], now: float) -> str:
    """Return how far *jobs* are, in words: `job 352: 180 of 300 nodes done, 2 failed, 12m`.

    *ref* is the only job or plan that is followed, if there is but one.
    """
    if not jobs:
        return f"{ref.label}: nothing yet" if ref else "no job is running"
    label = ref.label if ref else "1 job" if len(jobs) == 1 else f"{len(jobs)} jobs"
    return ", ".join(filter(None, [f"{label}: {how_far(jobs, 'nodes done')}", took_text(age(jobs, now))]))


def how_far(jobs: Sequence[Progress], done: str) -> str:
    """Return how many nodes of *jobs* are *done*, in that word, and how many failed: `180 of 300 done, 2 failed`."""
    total = sum(job.node_count or 0 for job in jobs)
    failed = sum(job.failed_nodes - job.count("skipped") for job in jobs)
    count = sum(job.done for job in jobs)
    text = f"{count} of {total} {done}" if total else f"{count} {done}"
    return f"{text}, {failed} failed" if failed else text


def age(jobs: Iterable[Progress], now: float) -> float | None:
    """Return the seconds since the first of *jobs* began."""
    started = [job.started_at for job in jobs if job.started_at is not None]
    return now - min(started) if started else None


def failure_lines(progress: Progress, *, symbols: bool, rest: str, columns: int | None = None) -> list[list[Span]]:
    """Return a line for each failed node that *progress* keeps; *rest* is the command that lists the others too.

    On a screen with so many *columns* a line may take several rows; the command stays whole, to be pasted.
    """
    lines: list[list[Span]] = []
    shown = progress.failures
    widest = max((width(safe(event.node)) for event in shown), default=0)
    longest = max([_STATUS, *(len(look_of(event).status) for event in shown)])
    for event in shown:
        look = look_of(event)
        node = safe(event.node)
        text = safe(what_happened(event))
        gap = " " * (widest - width(node) + 2) if text else ""
        head: list[Span] = [
            (f"  {look.mark(symbols=symbols)} {look.status:<{longest}}", look.style),
            (f"  {node}{gap}", ""),
        ]
        lines += _rows(head, text, columns)
    if (more := progress.failed_nodes - len(shown)) > 0:
        lines.append([(f"  and {more} more: {rest}" if shown else f"  which nodes: {rest}", "")])
    return lines


def _job_counts(plan: Progress) -> str:
    """Return how many jobs a plan had, and how many of them failed, by its own status."""
    states = list(plan.job.child_states.values()) if isinstance(plan.job, Plan) else []
    if not states:
        return ""
    failed = sum(state in ("failed", "stopped") for state in states)
    jobs = "1 job" if len(states) == 1 else f"{len(states)} jobs"
    return f"{jobs}, {failed} failed" if failed else jobs


def _counts(progress: Progress, outcome: Outcome) -> str:
    parts = []
    if finished := progress.count("finished"):
        notes = [f"{progress.changed} changed"] if progress.changed else []
        notes += [f"{progress.with_error} with an error"] if progress.with_error else []
        extra = f" ({', '.join(notes)})" if notes else ""
        parts.append(f"{finished} finished{extra}")
    parts += [f"{count} {state}" for state in ("failed", "errored", "skipped") if (count := progress.count(state))]
    missing = max(0, (progress.node_count or 0) - progress.done)
    not_started = max(0, missing - progress.running) if outcome is Outcome.STOPPED else 0
    if missing > not_started:
        parts.append(f"{missing - not_started} without a result")
    if not_started:
        parts.append(f"{not_started} not started")
    return ", ".join(parts) or "no nodes"


def _line(look: Look, facts: Sequence[str], *, symbols: bool, columns: int | None) -> list[list[Span]]:
    return _rows([(f"{look.text(symbols=symbols)}  ", look.style)], "  ".join(filter(None, facts)), columns)


def _rows(head: list[Span], text: str, columns: int | None) -> list[list[Span]]:
    """The *head* and after it *text*, whose further rows begin below its first one."""
    at = sum(width(part) for part, _ in head)
    if columns is None:
        return [[*head, (text, "")]]
    (_, first), *more = flowed(text, at, columns, at)
    return [[*head, (first, "")], *([(" " * column + row, "")] for column, row in more)]
