"""The table of `jobs`, and what it shares with `show`: a job's nodes by state, and its start."""

from collections.abc import Iterator, Sequence
from typing import Final

from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.json_values import as_text
from jobevents_cli.model.plan import Plan
from jobevents_cli.render.styles import Span
from jobevents_cli.render.tables import NOTHING, Cell, Column, View, cell, table
from jobevents_cli.render.times import took_text

_LONGEST_ID: Final = 20
_ENVIRONMENT: Final = Column("ENVIRONMENT", keep=1)


def jobs_table(jobs: Sequence[Job], now: float, view: View) -> Iterator[str]:
    """Yield the lines of a table of *jobs*, one a row, at the time *now* of the orchestrator's clock.

    All are jobs, each with its nodes by state, or all are plans, each with its jobs. On a terminal there are as many
    columns as fit, and the environment only if there are several; elsewhere all of them.
    """
    is_plans = isinstance(jobs[0], Plan)
    kind = [] if is_plans else [Column("TYPE", least=4, keep=3)]
    several = view.console is None or len({job.environment for job in jobs}) > 1
    columns = [
        Column("ID", right=True),
        Column("STATE"),
        *kind,
        Column("PLAN" if is_plans else "TARGET", least=16, keep=6),
        *([_ENVIRONMENT] if several else []),
        Column("OWNER", least=5, keep=2),
        Column("JOBS" if is_plans else "NODES"),
        Column("STARTED", keep=4),
        Column("TOOK", right=True, keep=5),
    ]
    rows = [
        [
            cell(_name(job)),
            Cell([view.state(job.state)]),
            *([cell(job.type)] if kind else []),
            cell(job.target),
            *([cell(job.environment)] if several else []),
            cell(job.owner),
            Cell(job_counts(job, view) or [(NOTHING, "")]),
            cell(view.short_moment(started_text(job))),
            cell(took_text(job.seconds(now))),
        ]
        for job in jobs
    ]
    return table(columns, rows, view)


def job_counts(job: Job, view: View) -> list[Span]:
    """Return the job's nodes by state, or the plan's jobs."""
    if isinstance(job, Plan):
        states = list(job.child_states.values())
        return view.counts({state: states.count(state) for state in states}, words=False)
    if job.node_states:
        return view.counts(job.node_states, words=False)
    return [] if job.node_count is None else [(str(job.node_count), "")]


def started_text(job: Job) -> str:
    """Return the timestamp of the job's start as the server wrote it."""
    raw = job.raw
    return as_text(raw.get("created_timestamp")) or as_text(raw.get("started_timestamp"))


def _name(job: Job) -> str:
    if job.number is None:
        return as_text(job.raw.get("name"))[:_LONGEST_ID]
    return str(JobRef.plan(job.number)) if isinstance(job, Plan) else str(job.number)
