"""How a job ended, in one line: `✘ failed  job 352  42s  2 finished (1 changed), 1 failed, 1 skipped`."""

from typing import Final

from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.plan import Plan
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.looks import Look
from jobevents_cli.render.times import took_text

_LOOKS: Final = {
    Outcome.SUCCEEDED: Look("finished", "✔", "+", "bold green"),
    Outcome.FAILED: Look("failed", "✘", "x", "bold red"),
    Outcome.STOPPED: Look("stopped", "■", "#", "bold red"),
}


def ending_look(outcome: Outcome) -> Look:
    """Return how a job that ended with *outcome* is shown."""
    return _LOOKS[outcome]


def ending_facts(ref: JobRef, progress: Progress) -> list[str]:
    """Return what is known of the ended job *ref* besides its outcome: its name, its time, its counts."""
    counts = _job_counts(progress) if ref.kind is Kind.PLAN else _counts(progress)
    return [ref.label, took_text(progress.duration), counts]


def _job_counts(plan: Progress) -> str:
    """Return how many jobs a plan had, and how many of them failed, by its own status."""
    states = list(plan.job.child_states.values()) if isinstance(plan.job, Plan) else []
    if not states:
        return ""
    failed = sum(state in ("failed", "stopped") for state in states)
    jobs = "1 job" if len(states) == 1 else f"{len(states)} jobs"
    return f"{jobs}, {failed} failed" if failed else jobs


def _counts(progress: Progress) -> str:
    parts = []
    if finished := progress.count("finished"):
        notes = [f"{progress.changed} changed"] if progress.changed else []
        notes += [f"{progress.with_error} with an error"] if progress.with_error else []
        extra = f" ({', '.join(notes)})" if notes else ""
        parts.append(f"{finished} finished{extra}")
    parts += [f"{count} {state}" for state in ("failed", "errored", "skipped") if (count := progress.count(state))]
    if (missing := (progress.node_count or 0) - progress.done) > 0:
        parts.append(f"{missing} without a result")
    return ", ".join(parts) or "no nodes"
