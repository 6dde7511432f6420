"""The summary of a job that ended: one line for the outcome, one for each node that failed."""

from typing import Final

from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.details import what_happened
from jobevents_cli.render.endings import ending_facts, ending_look
from jobevents_cli.render.escape import safe
from jobevents_cli.render.looks import look_of
from jobevents_cli.render.styles import Span, width, wrapped

_LEAST_TEXT: Final = 20
"""Columns that a text needs beside what is before it; where fewer are left, its rows begin further left."""

_HANGING: Final = 4


def outcome_lines(
    ref: JobRef, outcome: Outcome, progress: Progress | None, *, symbols: bool, columns: int | None = None
) -> list[list[Span]]:
    """Return how *ref* ended: `✘ failed  job 352  42s  2 finished (1 changed), 1 failed, 1 skipped`.

    Without *progress* only the outcome is known. On a screen with so many *columns* it may take several rows.
    """
    look = ending_look(outcome)
    facts = [fact for fact in ending_facts(ref, progress) if fact] if progress else [ref.label]
    return _rows([(look.text(symbols=symbols), look.style), ("  ", "")], "  ".join(facts), columns)


def failure_lines(progress: Progress, *, symbols: bool, rest: str, columns: int | None = None) -> list[list[Span]]:
    """Return a line for each failed node that *progress* keeps; *rest* is the command that lists the others too.

    On a screen with so many *columns* a line may take several rows; the command stays whole, to be pasted.
    """
    lines: list[list[Span]] = []
    shown = progress.failures
    widest = max((width(safe(event.node)) for event in shown), default=0)
    for event in shown:
        look = look_of(event)
        node = safe(event.node)
        text = safe(what_happened(event))
        gap = " " * (widest - width(node) + 2) if text else ""
        head: list[Span] = [(f"  {look.mark(symbols=symbols)} {look.status:<7}", look.style), (f"  {node}{gap}", "")]
        lines += _rows(head, text, columns)
    if (more := progress.failed_nodes - len(shown)) > 0:
        lines.append([(f"  and {more} more: {rest}" if shown else f"  which nodes: {rest}", "")])
    return lines


def _rows(head: list[Span], text: str, columns: int | None) -> list[list[Span]]:
    """The *head* and after it *text*, whose further rows begin below its first one."""
    at = sum(width(part) for part, _ in head)
    if columns is None or at + width(text) <= columns:
        return [[*head, (text, "")]]
    indent = at if columns - at >= _LEAST_TEXT else _HANGING
    first, *more = wrapped(text, columns - indent, max(0, columns - at))
    return [[*head, (first, "")], *([(" " * indent + row, "")] for row in more)]
