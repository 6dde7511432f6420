"""The text of `show`: a job with its nodes, each with a bar on one axis of time; a plan with its jobs; one node."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.model.node import Node
from jobevents_cli.render.escape import safe, safe_lines
from jobevents_cli.render.header import what_ran
from jobevents_cli.render.looks import look_of_node
from jobevents_cli.render.plan_text import failure_text
from jobevents_cli.render.styles import Span, painted, plain, width
from jobevents_cli.render.tables import NOTHING, Cell, Column, View, cell, table
from jobevents_cli.render.times import took_text
from jobevents_cli.show.job_details import JobDetails, ShownNode
from jobevents_cli.show.node_result import result_lines
from jobevents_cli.show.tables import job_counts, started_text

_BAR: Final = 30
_LEAST_BAR: Final = 8
_LEAST_WHAT: Final = 18
_TAKEN: Final = 2 + 1 + 1 + 2 + 5 + 2
"""Columns of the table that are neither name, bar nor what happened: gaps, mark and time."""

_LONGEST_OPTION: Final = 200
_OPTIONS: Final = ("description", "noop", "concurrency", "task", "plan_job", "debug", "trace", "enforce_environment")


def text_lines(details: Iterable[JobDetails], view: View, *, with_nodes: bool) -> Iterator[str]:
    """Yield the lines of *details*, separated by empty lines. *with_nodes*: also the nodes of a plan's jobs."""
    is_first = True
    for job in details:
        for one in (job, *(child for child in job.jobs if with_nodes and child.nodes.shown)):
            if not is_first:
                yield ""
            is_first = False
            yield from _job_lines(one, view)


def _job_lines(details: JobDetails, view: View) -> Iterator[str]:
    """Yield a job or plan: its header, the counts, and its nodes or jobs; or the only node that was chosen."""
    nodes = details.nodes
    if nodes.only is not None:
        yield from _node_lines(nodes.only, nodes.shown[0].seconds, view)
    else:
        yield from _header(details, view)
        yield ""
        if details.plan:
            rows, title, none = [_job_row(job, view) for job in details.jobs], "JOB", "no jobs"
        else:
            rows, title = sorted(nodes.shown, key=lambda node: node.place), "NODE"
            none = "no node matches" if nodes.counts.total() else "no nodes"
        if rows:
            yield from _table(title, rows, view, whole=details.plan is not None)
        else:
            yield none
    if details.why:
        yield ""
        yield from details.why.lines  # laid out for the terminal already


def _header(details: JobDetails, view: View) -> Iterator[str]:
    job = details.job
    what, environment = what_ran(job)
    about = [what, f"in {environment}" if environment else "", f"by {job.owner}" if job.owner else ""]
    text = safe(" ".join(part for part in about if part))
    yield from view.rows([(details.label, "bold"), ("  ", ""), view.state(job.state), ("  ", ""), (text, "")])
    times = [f"started {view.moment(started_text(job))}"] if view.time and started_text(job) else []
    ended = as_text(job.raw.get("finished_timestamp")) or as_text(job.raw.get("timestamp"))
    if job.is_over and view.time and ended:
        times.append(f"ended {view.moment(ended)}")
    if took := took_text(details.seconds):
        times.append(f"took {took}" if job.is_over else f"running for {took}")
    for facts in (times, list(_options(as_mapping(job.raw.get("options"))))):
        if facts:
            yield from view.rows([(", ".join(facts), "")])
    if details.plan:
        if details.plan.state == "failure":
            for line in safe_lines(failure_text(details.plan.result)):
                yield from view.rows([(line, "bold red")])
    else:
        yield from view.rows(_counts(details, view))
    if details.problem:
        yield from view.rows([(safe(details.problem), "")])


def _counts(details: JobDetails, view: View) -> list[Span]:
    """Return `14 nodes  ✔ 12 finished (3 changed)  ✘ 1 failed`."""
    nodes = details.nodes
    counts: Mapping[str, int] = details.job.node_states or nodes.counts
    total = details.job.node_count
    if total is None and counts:
        total = sum(counts.values())
    head = f"{'?' if total is None else total} {'node' if total == 1 else 'nodes'}  "
    return [(head, ""), *view.counts(counts, words=True, notes=finished_notes(details))]


def finished_notes(details: JobDetails) -> str:
    """Return what is to be said of the nodes that finished: `3 changed, 1 with an error`."""
    nodes = details.nodes
    notes = [f"{nodes.changed} changed"] if nodes.changed else []
    return ", ".join([*notes, f"{nodes.with_error} with an error"] if nodes.with_error else notes)


def _options(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield the job's options that say what it did: lists are counted, a query or a group is printed."""
    for name in _OPTIONS:
        if options.get(name):
            yield f"{name} {safe(_value(options[name]))}"
    for name, value in as_mapping(options.get("scope")).items():
        if isinstance(value, list):
            if name != "nodes":  # the counts say how many
                yield f"scope {len(value)} {safe(name)}"
        elif value:
            yield f"scope {safe(name)} {safe(_value(value))}"


def _value(value: object) -> str:
    return (value if isinstance(value, str) else repr(value))[:_LONGEST_OPTION]


def _node_lines(node: Node, seconds: float | None, view: View) -> Iterator[str]:
    """Yield the whole result of *node*, which took *seconds*, with its line breaks."""
    name = safe(node.name) or NOTHING
    look = look_of_node(node.state, node.detail)
    state = (safe(node.state) or NOTHING, "") if view.console is None else (look.text(symbols=view.symbols), look.style)
    yield from view.rows([(f"{name}  ", ""), state, (f"  {took_text(seconds)}", "")])
    times = [
        f"{word} {view.moment(node.raw.get(key))}"
        for word, key in (("started", "start_timestamp"), ("ended", "finish_timestamp"))
        if view.time and as_text(node.raw.get(key))
    ]
    if times:
        yield ", ".join(times)
    for line in result_lines(node):
        yield from safe_lines(line)
    if link := safe(node.report_link):
        yield f"report: {link}"


def _job_row(details: JobDetails, view: View) -> ShownNode:
    """Return a plan's job in the form of a node: what happened are its nodes by state."""
    job = details.job
    counts = painted(job_counts(job, view), plain)
    what = details.problem or "  ".join(part for part in (what_ran(job)[0], counts) if part)
    name = str(details.ref) if details.ref else ""
    return ShownNode(name, job.state, view.look(job.state), job.started_at, details.seconds, what, "", "")


def _table(title: str, rows: Sequence[ShownNode], view: View, *, whole: bool) -> Iterator[str]:
    """Yield the table. What happened continues on the next row, if it is *whole* or a failure; else it is cut."""
    axis = _Axis.of(rows)
    columns = view.columns
    if columns is None:
        yield from table(
            [Column(title), Column("STATE"), Column(axis.title(_BAR)), Column(" TOOK", right=True), Column("WHAT")],
            [
                [
                    cell(row.name),
                    Cell([(safe(row.state) or NOTHING, row.look.style)]),
                    Cell(axis.bar(row, _BAR, view)),
                    cell(took_text(row.seconds)),
                    Cell([(f"{safe(row.what)}  {safe(row.link) if row.is_failure else ''}".rstrip(), "")]),
                ]
                for row in rows
            ],
            view,
        )
    elif view.is_narrow:
        for row in rows:
            yield from _narrow_row(row, view, columns, wraps=whole or row.is_failure)
    else:
        room = columns - _TAKEN
        name = max(len(title), min(max(width(safe(row.name)) for row in rows), room - _LEAST_BAR - _LEAST_WHAT))
        bar = max(_LEAST_BAR, min(_BAR, (room - name) // 4))
        yield from table(
            [
                Column(title, width=name),
                Column(f"  {axis.title(bar)}", width=2 + bar),
                Column("TOOK", right=True, width=5),
                Column("WHAT", width=room - name - bar),
            ],
            [
                [
                    cell(row.name, wraps=True, link=row.link if row.is_failure else ""),
                    Cell([_mark(row, view), (" ", ""), *axis.bar(row, bar, view)]),
                    cell(took_text(row.seconds)),
                    Cell([(safe(row.what), "")], wraps=whole or row.is_failure),
                ]
                for row in rows
            ],
            view,
        )


def _mark(row: ShownNode, view: View) -> Span:
    return row.look.mark(symbols=view.symbols), row.look.style


def _narrow_row(row: ShownNode, view: View, columns: int, *, wraps: bool) -> Iterator[str]:
    """Yield a row without a bar; what does not fit beside the name is on the next rows."""
    what = safe(row.what)
    took = took_text(row.seconds) or NOTHING
    head: list[Span] = [(f"{safe(row.name) or NOTHING}  ", ""), _mark(row, view), (f" {took}", "")]
    if what and sum(width(text) for text, _ in head) + 2 + width(what) <= columns:
        yield from view.rows([*head, (f"  {what}", "")])
        return
    yield from view.rows(head)
    if what:
        yield from view.below(what, wraps=wraps)


@dataclass(frozen=True, slots=True)
class _Axis:
    """The axis of time that all bars share: its beginning in seconds since 1970, and its length."""

    begin: float
    length: float

    @classmethod
    def of(cls, rows: Iterable[ShownNode]) -> "_Axis":
        """Return the axis on which all *rows* are."""
        spans = [(row.started_at, row.started_at + (row.seconds or 0.0)) for row in rows if row.started_at is not None]
        begin = min((start for start, _ in spans), default=0.0)
        return cls(begin, max(1.0, max((end for _, end in spans), default=0.0) - begin))

    def title(self, columns: int) -> str:
        """Return its two ends, as wide as the bars."""
        return f"0s{took_text(self.length) or NOTHING:>{columns - 2}}"

    def bar(self, row: ShownNode, columns: int, view: View) -> list[Span]:
        """Return a bar from the row's start to its end, on an axis of so many *columns*."""
        if row.started_at is None:
            return []
        left = min(columns - 1, max(0, int((row.started_at - self.begin) / self.length * columns)))
        length = max(1, min(columns - left, round((row.seconds or 0.0) / self.length * columns)))
        return [(" " * left, ""), (("━" if view.symbols else "=") * length, row.look.style)]
