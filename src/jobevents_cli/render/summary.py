"""The summary of a job that ended: one line for the outcome, one for each node that failed."""

from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.details import what_happened
from jobevents_cli.render.endings import ending_facts, ending_look
from jobevents_cli.render.escape import safe
from jobevents_cli.render.looks import look_of
from jobevents_cli.render.styles import Span, width


def outcome_line(ref: JobRef, outcome: Outcome, progress: Progress | None, *, symbols: bool) -> list[Span]:
    """Return how *ref* ended: `✘ failed  job 352  42s  2 finished (1 changed), 1 failed, 1 skipped`.

    Without *progress* only the outcome is known.
    """
    look = ending_look(outcome)
    facts = [fact for fact in ending_facts(ref, progress) if fact] if progress else [ref.label]
    return [(look.text(symbols=symbols), look.style), (f"  {'  '.join(facts)}", "")]


def failure_lines(progress: Progress, *, symbols: bool, rest: str) -> list[list[Span]]:
    """Return a line for each failed node that *progress* keeps; *rest* is the command that lists the others too."""
    lines: list[list[Span]] = []
    shown = progress.failures
    widest = max((width(safe(event.node)) for event in shown), default=0)
    for event in shown:
        look = look_of(event)
        node = safe(event.node)
        node += " " * (widest - width(node))
        text = safe(what_happened(event))
        lines.append(
            [(f"  {look.mark(symbols=symbols)} {look.status:<7}", look.style), (f"  {node}  {text}".rstrip(), "")]
        )
    if (more := progress.failed_nodes - len(shown)) > 0:
        lines.append([(f"  and {more} more: {rest}" if shown else f"  which nodes: {rest}", "")])
    return lines
