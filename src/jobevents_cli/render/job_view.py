"""The text of `show`: a job with its nodes, each with a bar on one axis of time; a plan with its jobs; one node.

Longer than other modules because the three views share their table.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.model.node import Node
from jobevents_cli.model.plan import Plan
from jobevents_cli.render.details import report_link
from jobevents_cli.render.escape import safe, safe_lines
from jobevents_cli.render.job_details import JobDetails, PlanDetails, ShownNode, in_order
from jobevents_cli.render.looks import Look, look_of
from jobevents_cli.render.node_result import result_lines
from jobevents_cli.render.plan_text import failure_text
from jobevents_cli.render.styles import Span, cut, cut_in_middle, hyperlink, is_linkable, painted, width, wrapped
from jobevents_cli.render.tables import NOTHING, View, job_counts, started_text
from jobevents_cli.render.times import took_text

_NARROW: Final = 60
_GAP: Final = 2
_MARK: Final = 2
_TOOK: Final = 5
_LEAST_BAR: Final = 8
_MOST_BAR: Final = 30
_LEAST_WHAT: Final = 18
_LONGEST_OPTION: Final = 200
_OPTIONS: Final = ("description", "noop", "concurrency", "task", "plan_job", "debug", "trace", "enforce_environment")


class _Row(NamedTuple):
    """A row of the table: a node, or a job of a plan. Texts are safe to print."""

    name: str
    state: str
    look: Look
    start: float | None
    end: float | None
    took: str
    what: str
    link: str = ""
    is_whole: bool = False
    """Whether *what* continues on the next row if it does not fit, and is not cut."""


def details_text(details: Iterable[JobDetails], view: View, *, with_nodes: bool) -> str:
    """Return *details*, jobs and plans, separated by empty lines. *with_nodes*: also the nodes of a plan's jobs."""
    texts = []
    for job in details:
        if isinstance(job, PlanDetails):
            texts.append(plan_text(job, view))
            if with_nodes:
                texts += [job_text(one, view) for one in job.jobs if one.nodes]
        else:
            texts.append(job_text(job, view))
    return "\n".join(texts)


def job_text(details: JobDetails, view: View) -> str:
    """Return a job: its header, the counts, and its nodes, the failures first, then by start time."""
    if details.only is not None:
        return node_text(details.only, details.nodes[0].seconds, view) + "".join(
            f"{line}\n" for line in _causes(details)
        )
    nodes = [_node_row(node) for node in in_order(details.nodes)]
    lines = [*_header(details, view), ""]
    if nodes:
        lines += _table("NODE", nodes, view)
    else:
        lines.append("no node matches" if sum(details.counts.values()) else "no nodes")
    lines += _causes(details)
    return "".join(f"{line}\n" for line in lines)


def plan_text(details: PlanDetails, view: View) -> str:
    """Return a plan: its header, its error, and its jobs with state, nodes and time."""
    lines = list(_header(details, view))
    lines += [view.paint(line, "bold red") for line in _plan_error(details, view)]
    lines.append("")
    if details.jobs:
        lines += _table("JOB", [_job_row(job, view) for job in details.jobs], view)
    else:
        lines.append("no jobs")
    lines += _causes(details)
    return "".join(f"{line}\n" for line in lines)


def node_text(node: Node, seconds: float | None, view: View) -> str:
    """Return the whole result of *node*, which took *seconds*, with its line breaks."""
    event = node.as_event()
    look = look_of(event)
    head = f"{safe(node.name) or NOTHING}  {view.paint(look.text(symbols=view.symbols), look.style)}"
    if view.columns is None:
        head = f"{safe(node.name) or NOTHING}  {safe(node.state) or NOTHING}"
    lines = [f"{head}  {took_text(seconds)}".rstrip()]
    times = [
        f"{word} {view.moment(node.raw.get(key))}"
        for word, key in (("started", "start_timestamp"), ("ended", "finish_timestamp"))
        if view.time and as_text(node.raw.get(key))
    ]
    if times:
        lines.append(", ".join(times))
    for line in result_lines(node):
        lines += safe_lines(line)
    if link := safe(report_link(event)):
        lines.append(f"report: {_linked(link, link, view)}")
    return "".join(f"{line}\n" for line in lines)


def _header(details: JobDetails, view: View) -> Iterator[str]:
    job = details.job
    state, style = view.state(job.state)
    kind = as_text(job.plan_name) if isinstance(job, Plan) else job.type
    about = [kind, f"in {job.environment}" if job.environment else "", f"by {job.owner}" if job.owner else ""]
    spans = [(details.label, "bold"), ("  ", ""), (state, style), ("  ", "")]
    spans += [(" ".join(safe(word) for word in about if word), "")]
    yield from _in_rows(spans, view)
    times = [f"started {view.moment(started_text(job))}"] if view.time and started_text(job) else []
    ended = as_text(job.raw.get("finished_timestamp")) or as_text(job.raw.get("timestamp"))
    if job.is_over and view.time and ended:
        times.append(f"ended {view.moment(ended)}")
    if took := took_text(details.seconds):
        times.append(f"took {took}" if job.is_over else f"running for {took}")
    if times:
        yield from _in_rows([(", ".join(times), "")], view)
    facts = list(_options(as_mapping(job.raw.get("options"))))
    if facts:
        yield from _in_rows([(", ".join(facts), "")], view)
    if not isinstance(job, Plan):
        yield from _in_rows(_counts(details, view), view)
    if details.problem:
        yield from _in_rows([(safe(details.problem), "")], view)


def _counts(details: JobDetails, view: View) -> list[Span]:
    """Return `14 nodes  ✔ 12 finished (3 changed)  ✘ 1 failed`."""
    counts: Mapping[str, int] = details.job.node_states or details.counts
    total = details.job.node_count
    if total is None and counts:
        total = sum(counts.values())
    spans: list[Span] = [(f"{'?' if total is None else total} {'node' if total == 1 else 'nodes'}  ", "")]
    spans += view.counts(counts, words=True)
    if details.changed:
        finished = next((n for n, (text, _) in enumerate(spans) if "finished" in text), len(spans) - 1)
        spans.insert(finished + 1, (f" ({details.changed} changed)", ""))
    return spans


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


def _causes(details: JobDetails) -> list[str]:
    """Return the causes below an empty line; they were laid out for the terminal already."""
    return ["", *details.why_lines] if details.why_lines else []


def _plan_error(details: PlanDetails, view: View) -> list[str]:
    result = details.job.result if isinstance(details.job, Plan) else None
    text = failure_text(result) if details.job.state == "failure" else ""
    lines = safe_lines(text) if text else []
    if view.columns is not None:
        lines = [row for line in lines for row in wrapped(line, view.columns)]
    return lines


def _node_row(node: ShownNode) -> _Row:
    start = node.started_at
    end = None if start is None else start + (node.seconds or 0.0)
    took = took_text(node.seconds) or NOTHING
    whole = node.look.is_failure
    link = node.link if whole else ""
    return _Row(safe(node.name) or NOTHING, node.state, node.look, start, end, took, safe(node.what), safe(link), whole)


def _job_row(details: JobDetails, view: View) -> _Row:
    job = details.job
    start, seconds = job.started_at, details.seconds
    end = None if start is None else start + (seconds or 0.0)
    nodes = painted(job_counts(job, view), lambda text, _: text)
    what = safe(details.problem) or "  ".join(part for part in (safe(job.type), nodes) if part)
    name = str(details.ref) if details.ref else NOTHING
    return _Row(name, job.state, view.look(job.state), start, end, took_text(seconds) or NOTHING, what, is_whole=True)


def _table(title: str, rows: Sequence[_Row], view: View) -> list[str]:
    starts = [row.start for row in rows if row.start is not None]
    ends = [row.end for row in rows if row.end is not None]
    axis = (min(starts), max(1.0, max(ends) - min(starts))) if starts else (0.0, 1.0)
    names = max(width(title), *(width(row.name) for row in rows))
    if view.columns is None:
        return _plain_table(title, rows, names, axis, view)
    if view.columns < _NARROW:
        return [line for row in rows for line in _narrow_row(row, view, view.columns)]
    rest = view.columns - _GAP - _MARK - _GAP - _TOOK - _GAP
    name_width = max(len(title), min(names, rest - _LEAST_BAR - _LEAST_WHAT))
    bar_width = max(_LEAST_BAR, min(_MOST_BAR, (rest - name_width) // 4))
    what_at = view.columns - (rest - name_width - bar_width)
    scale = _scale(axis, bar_width)
    head = f"{title:<{name_width}}{' ' * (_GAP + _MARK)}{scale}{' ' * _GAP}{'TOOK':>{_TOOK}}{' ' * _GAP}WHAT"
    lines = [view.paint(cut(head, view.columns, view.ellipsis), "bold")]
    for row in rows:
        name = cut_in_middle(row.name, name_width, view.ellipsis)
        blanks = " " * (name_width - width(name) + _GAP)
        mark = view.paint(row.look.mark(symbols=view.symbols), row.look.style)
        bar = _bar(row, axis, bar_width, view)
        took = f"{row.took:>{_TOOK}}"
        room = view.columns - what_at
        texts = wrapped(row.what, room) if row.is_whole else [cut(row.what, room, view.ellipsis)]
        line = f"{_linked(name, row.link, view)}{blanks}{mark} {bar}{' ' * _GAP}{took}{' ' * _GAP}{texts[0]}"
        lines.append(line.rstrip())
        lines += [" " * what_at + text for text in texts[1:]]
    return lines


def _narrow_row(row: _Row, view: View, columns: int) -> Iterator[str]:
    """Yield a row without a bar; what does not fit beside the name continues on the next rows."""
    name = cut_in_middle(row.name, max(1, columns - _GAP - _MARK - _TOOK), view.ellipsis)
    mark = view.paint(row.look.mark(symbols=view.symbols), row.look.style)
    head = f"{_linked(name, row.link, view)}  {mark} {row.took}"
    used = width(name) + _GAP + _MARK + len(row.took) + _GAP
    if row.what and used + width(row.what) <= columns:
        yield f"{head}  {row.what}"
        return
    yield head
    if row.what:
        indent = " " * _GAP
        texts = wrapped(row.what, columns - _GAP) if row.is_whole else [cut(row.what, columns - _GAP, view.ellipsis)]
        yield from (indent + text for text in texts)


def _plain_table(title: str, rows: Sequence[_Row], names: int, axis: tuple[float, float], view: View) -> list[str]:
    """Return the table for a file or a pipe: nothing is cut, and two spaces separate the columns."""
    states = max(len("STATE"), *(width(safe(row.state)) for row in rows))
    head = f"{title:<{names}}  {'STATE':<{states}}  {_scale(axis, _MOST_BAR)}  {'TOOK':>{_TOOK}}  WHAT"
    lines = [view.paint(head, "bold")]
    for row in rows:
        state = safe(row.state) or NOTHING
        name = row.name + " " * (names - width(row.name))
        painted_state = view.paint(state, row.look.style) + " " * (states - width(state))
        bar = _bar(row, axis, _MOST_BAR, view)
        lines.append(f"{name}  {painted_state}  {bar}  {row.took:>{_TOOK}}  {row.what}  {row.link}".rstrip())
    return lines


def _scale(axis: tuple[float, float], columns: int) -> str:
    """Return the two ends of the axis of time, as wide as the bars."""
    end = took_text(axis[1]) or NOTHING
    return f"0s{end:>{columns - 2}}"


def _bar(row: _Row, axis: tuple[float, float], columns: int, view: View) -> str:
    """Return a bar from the row's start to its end on *axis*, padded to *columns*."""
    if row.start is None or row.end is None:
        return " " * columns
    first, whole = axis
    left = min(columns - 1, max(0, int((row.start - first) / whole * columns)))
    length = max(1, min(columns - left, round((row.end - row.start) / whole * columns)))
    bar = ("━" if view.symbols else "=") * length
    return " " * left + view.paint(bar, row.look.style) + " " * (columns - left - length)


def _linked(text: str, link: str, view: View) -> str:
    """Return *text*, as a hyperlink to *link* if that can be one."""
    return hyperlink(text, link) if view.links and is_linkable(link) else text


def _in_rows(spans: Sequence[Span], view: View) -> Iterable[str]:
    """Return *spans* as one line, or broken between words if they do not fit the terminal; then without styles."""
    text = "".join(text for text, _ in spans).rstrip()
    if view.columns is None or width(text) <= view.columns:
        return [painted(spans, view.paint).rstrip()]
    return wrapped(text, view.columns)
