"""The closing summary: how the job ended, what went wrong and what took long."""

from typing import Final

from jobevents_cli.model.durations import format_duration
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.details import report_link, story
from jobevents_cli.render.escape import safe
from jobevents_cli.render.event_line import LOOKS
from jobevents_cli.render.styles import Span

_SLOWEST: Final = 3
_OUTCOMES: Final = {
    Outcome.SUCCEEDED: ("finished", "bold green"),
    Outcome.FAILED: ("failed", "bold red"),
    Outcome.STOPPED: ("was stopped", "bold yellow"),
}


def summary_lines(job_id: int, outcome: Outcome, progress: Progress, *, symbols: bool) -> list[list[Span]]:
    """The lines that close the tail of job *job_id*, which ended with *outcome*."""
    word, style = _OUTCOMES[outcome]
    head: list[Span] = [(f"Job {job_id} {word}", style)]
    if progress.duration is not None:
        head.append((f" after {format_duration(progress.duration)}", ""))
    head.append((_counted(progress), ""))
    return [head, *_failures(job_id, progress, symbols=symbols), *_slowest(progress)]


def _counted(progress: Progress) -> str:
    nodes = progress.node_count if progress.node_count is not None else progress.done
    parts = [f": {nodes} {'node' if nodes == 1 else 'nodes'}"]
    if finished := progress.count("finished"):
        changed = f" ({progress.changed} changed)" if progress.changed else ""
        parts.append(f"{finished} finished{changed}")
    parts += [f"{count} {state}" for state in ("failed", "errored", "skipped") if (count := progress.count(state))]
    if (missing := nodes - progress.done) > 0:
        parts.append(f"{missing} not seen to end")
    return ", ".join(parts)


def _failures(job_id: int, progress: Progress, *, symbols: bool) -> list[list[Span]]:
    lines: list[list[Span]] = []
    shown = progress.failures
    widest = max((len(safe(event.node)) for event in shown), default=0)
    for event in shown:
        look = LOOKS[event.type]
        line: list[Span] = [(f"  {look.symbol if symbols else look.ascii} {look.status:<7}", look.style)]
        line.append((f"  {safe(event.node):<{widest}}", ""))
        line.append((f"  {safe(story(event) or event.message)}", ""))
        if link := report_link(event):
            line.append((f"  {safe(link)}", "dim"))
        lines.append(line)
    if more := progress.failed_nodes - len(shown):
        lines.append([(f"  and {more} more: jobevents list {job_id} --failures", "")])
    return lines


def _slowest(progress: Progress) -> list[list[Span]]:
    slowest = sorted(progress.slowest, reverse=True)[:_SLOWEST]
    if len(slowest) <= 1:
        return []
    return [[("Slowest: " + ", ".join(f"{safe(node)} {format_duration(taken)}" for taken, node in slowest), "dim")]]
