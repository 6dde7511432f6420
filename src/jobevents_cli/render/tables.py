"""Tables of jobs and plans: `jobs`, and the jobs of a plan. Also `View`: width and colours of all views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.json_values import as_text
from jobevents_cli.model.plan import Plan
from jobevents_cli.render.escape import safe
from jobevents_cli.render.job_details import job_seconds, ordered_counts
from jobevents_cli.render.looks import Look, look_of_state
from jobevents_cli.render.styles import Paint, Span, cut_in_middle, painted, plain, width
from jobevents_cli.render.times import TimeFormat, took_text

NOTHING: Final = "-"
_GAP: Final = "  "
_LONGEST_ID: Final = 20
_STATE_LOOKS: Final = {
    "success": Look("success", "✔", "+", "bold green"),
    "failure": Look("failure", "✘", "x", "bold red"),
    "pending": Look("pending", "•", "-", ""),
}
"""The states that only plans have."""


@dataclass(frozen=True, slots=True)
class View:
    """How tables are drawn. *columns*: the terminal's width, None if it is not one. *now*: the orchestrator's clock."""

    columns: int | None
    time: TimeFormat | None
    now: float
    paint: Paint = plain
    symbols: bool = True
    links: bool = False

    @property
    def ellipsis(self) -> str:
        """Return what marks a cut."""
        return "…" if self.symbols else ".."

    def moment(self, timestamp: object) -> str:
        """Return a *timestamp* with its date."""
        text = as_text(timestamp)
        return self.time.full(text) if self.time and text else NOTHING

    def short_moment(self, timestamp: object) -> str:
        """Return a *timestamp* for a table: on a terminal today's `HH:MM:SS`, another day's `MM-DD HH:MM`."""
        text = as_text(timestamp)
        if self.columns is None or not self.time or not text:
            return self.moment(text)
        moment = self.time(text)
        if not moment.day or moment.day == self.time.today:
            return moment.text
        return f"{moment.day[len('2026-') : len('2026-11-23')]} {moment.text[: len('HH:MM')]}"

    def look(self, state: str) -> Look:
        """Return how a job, plan or node in *state* is shown."""
        return _STATE_LOOKS.get(state) or look_of_state(state)

    def state(self, state: str) -> Span:
        """Return *state*, with its symbol on a terminal."""
        look = self.look(state)
        if self.columns is None:
            return safe(state) or NOTHING, look.style
        return look.text(symbols=self.symbols), look.style

    def counts(self, counts: Mapping[str, int], *, words: bool) -> list[Span]:
        """Return *counts* by state, in the same order always; on a terminal as symbols unless with *words*."""
        spans: list[Span] = []
        for state, count in ordered_counts(counts):
            look = self.look(state)
            if self.columns is None:
                text = f"{safe(state)} {count}"
            else:
                mark = look.mark(symbols=self.symbols)
                text = f"{mark} {count} {look.status}" if words else f"{mark}{count}"
            if spans:
                spans.append((", " if self.columns is None else _GAP if words else " ", ""))
            spans.append((text, look.style))
        return spans


class Column(NamedTuple):
    """A table's column: *least* is the width to which it may be cut; the lowest *keep* is left out first."""

    title: str
    right: bool = False
    least: int = 0
    keep: int = 0


_ALWAYS: Final = 9
_ID: Final = Column("ID", right=True, keep=_ALWAYS)
_STATE: Final = Column("STATE", keep=_ALWAYS)
_TYPE: Final = Column("TYPE", least=6, keep=3)
_PLAN: Final = Column("PLAN", least=12, keep=4)
_ENVIRONMENT: Final = Column("ENVIRONMENT", least=8, keep=2)
_OWNER: Final = Column("OWNER", least=5, keep=1)
_STARTED: Final = Column("STARTED", keep=5)
_TOOK: Final = Column("TOOK", right=True, keep=_ALWAYS)
_NODES: Final = Column("NODES", keep=_ALWAYS)
_JOBS: Final = Column("JOBS", keep=_ALWAYS)


def jobs_table(jobs: Sequence[Job], view: View) -> str:
    """Return *jobs*, all of them jobs or all plans, as a table, one a row; a plan with its jobs by state.

    On a terminal it has as many columns as fit, elsewhere all of them.
    """
    is_plans = bool(jobs) and isinstance(jobs[0], Plan)
    kind, counts = (_PLAN, _JOBS) if is_plans else (_TYPE, _NODES)
    columns = (_ID, _STATE, kind, _ENVIRONMENT, _OWNER, counts, _STARTED, _TOOK)
    rows = [
        [
            [(_name(job), "")],
            [view.state(job.state)],
            [(safe(job.plan_name if isinstance(job, Plan) else job.type) or NOTHING, "")],
            [(safe(job.environment) or NOTHING, "")],
            [(safe(job.owner) or NOTHING, "")],
            job_counts(job, view) or [(NOTHING, "")],
            [(view.short_moment(started_text(job)), "")],
            [(took_text(job_seconds(job, view.now)) or NOTHING, "")],
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


def table(columns: Sequence[Column], rows: Sequence[Sequence[Sequence[Span]]], view: View) -> str:
    """Return *rows*, each a list of cells, below the titles of *columns*.

    On a terminal columns are cut, then left out, until the rest fits. Elsewhere each column is as wide as its widest
    cell, and two spaces separate it from the next.
    """
    widths = [
        max([width(column.title), *(_width(row[number]) for row in rows)]) for number, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    if view.columns is not None:
        shown = _fit(columns, widths, view.columns)
    lines: list[list[Sequence[Span]]] = [[[(columns[number].title[: widths[number]], "bold")] for number in shown]]
    lines += [[_cut(row[number], widths[number], view.ellipsis) for number in shown] for row in rows]
    text = []
    for line in lines:
        cells = [
            _padded(cell, widths[number], view.paint, right=columns[number].right)
            for number, cell in zip(shown, line, strict=True)
        ]
        text.append(f"{_GAP.join(cells).rstrip()}\n")
    return "".join(text)


def _fit(columns: Sequence[Column], widths: list[int], room: int) -> list[int]:
    """Return the numbers of the columns that fit into *room*, after reducing *widths* of those that may be cut."""
    shown = list(range(len(columns)))
    while _total(shown, [min(wide, column.least or wide) for wide, column in zip(widths, columns, strict=True)]) > room:
        droppable = [number for number in shown if columns[number].keep < _ALWAYS]
        if not droppable:
            break
        shown.remove(min(droppable, key=lambda number: columns[number].keep))
    excess = _total(shown, widths) - room
    for number in sorted(shown, key=lambda number: columns[number].keep):
        if excess > 0 and columns[number].least:
            spared = max(0, min(excess, widths[number] - columns[number].least))
            widths[number] -= spared
            excess -= spared
    return shown


def _total(shown: Sequence[int], widths: Sequence[int]) -> int:
    return sum(widths[number] for number in shown) + len(_GAP) * (len(shown) - 1)


def _cut(cell: Sequence[Span], columns: int, mark: str) -> Sequence[Span]:
    if _width(cell) <= columns or len(cell) != 1:
        return cell
    ((text, style),) = cell
    return [(cut_in_middle(text, columns, mark), style)]


def _padded(cell: Sequence[Span], columns: int, paint: Paint, *, right: bool) -> str:
    blanks = " " * (columns - _width(cell))
    text = painted(cell, paint)
    return blanks + text if right else text + blanks


def _width(cell: Sequence[Span]) -> int:
    return sum(width(text) for text, _ in cell)


def _name(job: Job) -> str:
    if job.number is None:
        return safe(as_text(job.raw.get("name"))[:_LONGEST_ID]) or NOTHING
    return str(JobRef.plan(job.number)) if isinstance(job, Plan) else str(job.number)
