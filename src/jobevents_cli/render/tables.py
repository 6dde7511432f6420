"""The views of `jobs` and `show`: tables, and a timeline of nodes. The one place that draws with Rich itself."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from jobevents_cli.model.durations import format_duration
from jobevents_cli.model.event import Event
from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.model.timestamps import seconds_of
from jobevents_cli.render.details import report_link, what_happened
from jobevents_cli.render.escape import safe
from jobevents_cli.render.looks import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jobevents_cli.model.job import Job
    from jobevents_cli.render.times import TimeFormat

UNLIMITED: Final = 100_000
"""The width of what is no terminal: nothing is cut or wrapped there."""

_NARROW: Final = 60
_WIDE: Final = 100
_LONGEST_TIMELINE: Final = 60
_TIMELINE_OFF_TERMINAL: Final = 60
_NARROWEST_BAR: Final = 8
_STATE_STYLES: Final = {
    "finished": "green",
    "failed": "bold red",
    "errored": "bold magenta",
    "skipped": "yellow",
    "stopped": "bold yellow",
    "stopping": "bold yellow",
    "running": "cyan",
}
_SHOWN_OPTIONS: Final = (
    "description",
    "noop",
    "concurrency",
    "task",
    "plan_job",
    "debug",
    "trace",
    "enforce_environment",
)


class View:
    """How tables are drawn: for which width, with which colours and symbols."""

    def __init__(self, *, columns: int, color: bool, symbols: bool, time: TimeFormat | None, now: float) -> None:
        """*columns*: UNLIMITED off a terminal. *now*: the orchestrator's clock, in seconds since 1970."""
        self.columns = columns
        self.symbols = symbols
        self._color = color
        self._time = time
        self._now = now

    def text(self, renderable: Any) -> str:
        """*renderable* as text, a line each, nothing behind the last character."""
        console = self._console(record=False)
        console.print(renderable, soft_wrap=self.columns == UNLIMITED)
        written = console.file.getvalue()  # type: ignore[attr-defined] # a StringIO
        return "".join(f"{line.rstrip()}\n" for line in written.splitlines())

    def svg(self, renderable: Any, title: str) -> str:
        """*renderable* as a picture."""
        console = self._console(record=True)
        console.print(renderable)
        return console.export_svg(title=title)

    def _console(self, *, record: bool) -> Console:
        picture_columns = min(self.columns, 2 * _WIDE)
        return Console(
            file=io.StringIO(),
            width=picture_columns if record else self.columns,
            force_terminal=self._color or record,
            color_system="truecolor" if record else "standard" if self._color else None,
            no_color=not (self._color or record),
            legacy_windows=False,
            record=record,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def moment(self, timestamp: object) -> str:
        """A *timestamp* of an answer, as the user wants times shown."""
        text = as_text(timestamp)
        return self._time.full(text) if self._time and text else "-"

    def took(self, document: Mapping[str, Any], start: str, end: str) -> str:
        """How long it took from the field *start* to the field *end* of *document*, or has taken until now."""
        seconds = _seconds(document, start, end, self._now)
        return "-" if seconds is None else format_duration(seconds)

    # The views.

    def jobs(self, jobs: Iterable[Job]) -> Table:
        """A table of *jobs*, a line each, narrower where the terminal is."""
        table = _table()
        wide, narrow = self.columns >= _WIDE, self.columns < _NARROW
        table.add_column("ID", justify="right")
        table.add_column("STATE")
        if not narrow:
            table.add_column("TYPE")
        if wide:
            table.add_column("ENVIRONMENT", overflow="ellipsis")
            table.add_column("OWNER", overflow="ellipsis")
        table.add_column("NODES")
        if not narrow:
            table.add_column("STARTED")
        table.add_column("TOOK", justify="right")
        for job in jobs:
            cells: list[str | Text] = ["-" if job.number is None else str(job.number), _state(job.state)]
            if not narrow:
                cells.append(safe(job.type) or "-")
            if wide:
                cells += [safe(job.environment) or "-", safe(job.owner) or "-"]
            cells.append(self._node_states(job))
            if not narrow:
                cells.append(self.moment(job.raw.get("created_timestamp") or job.raw.get("started_timestamp")))
            cells.append(self.took(job.raw, "created_timestamp", "finished_timestamp"))
            table.add_row(*cells)
        return table

    def job(self, job: Job, nodes: Sequence[Mapping[str, Any]]) -> Group:
        """One *job* with its *nodes*: header, counts, table, timeline."""
        parts: list[Any] = [*self._header(job), Text()]
        if nodes:
            longest_first = sorted(nodes, key=lambda node: -(self._node_seconds(node) or 0.0))
            parts += [self._nodes(longest_first), Text(), *self._timeline(longest_first)]
        else:
            parts.append(Text("no nodes"))
        return Group(*parts)

    def _header(self, job: Job) -> list[Text]:
        raw = job.raw
        head = Text()
        head.append(f"Job {'-' if job.number is None else job.number}", "bold").append("  ")
        head.append_text(_state(job.state))
        about = [job.type, f"in {job.environment}" if job.environment else "", f"by {job.owner}" if job.owner else ""]
        head.append("  " + " ".join(safe(word) for word in about if word))
        times = Text(f"started {self.moment(raw.get('created_timestamp') or raw.get('started_timestamp'))}")
        if job.is_over:
            times.append(f", ended {self.moment(raw.get('finished_timestamp') or raw.get('timestamp'))}")
        times.append(f", took {self.took(raw, 'created_timestamp', 'finished_timestamp')}")
        lines = [head, times]
        options = as_mapping(raw.get("options"))
        told = [f"{name} {safe(str(options[name]))}" for name in _SHOWN_OPTIONS if options.get(name)]
        told += _scope(options)
        if told:
            lines.append(Text(", ".join(told)))
        counts = Text(f"{job.node_count if job.node_count is not None else '?'} nodes  ")
        return [*lines, counts.append_text(self._node_states(job))]

    def _node_states(self, job: Job) -> Text:
        text = Text()
        for state, count in (job.node_states or {}).items():
            if text:
                text.append("  ")
            look = LOOKS.get(f"node_{state}")
            if self.columns == UNLIMITED or look is None:
                text.append(f"{safe(state)} {count}", _STATE_STYLES.get(state, ""))
            else:
                text.append(f"{look.mark(symbols=self.symbols)} {count}", look.style)
        return text or Text("-" if job.node_count is None else str(job.node_count))

    def _nodes(self, nodes: Sequence[Mapping[str, Any]]) -> Table:
        table = _table()
        table.add_column("NODE", overflow="ellipsis", min_width=10)
        table.add_column("STATE")
        table.add_column("TOOK", justify="right")
        table.add_column("WHAT", overflow="ellipsis")
        for node in nodes:
            event = _as_event(node)
            told = what_happened(event)
            if not told and node.get("state") in ("failed", "errored", "skipped"):
                told = event.message
            # What went well has one line; a reason is told whole.
            is_good = node.get("state") == "finished"
            what = Text(safe(told), no_wrap=is_good, overflow="ellipsis" if is_good else "fold")
            if link := report_link(event):
                what.append(" " if told else "").append(
                    "report" if self._links else safe(link), f"link {safe(link)}" if self._links else ""
                )
            seconds = self._node_seconds(node)
            table.add_row(
                safe(as_text(node.get("name"))),
                _state(as_text(node.get("state"))),
                "-" if seconds is None else format_duration(seconds),
                what,
            )
        return table

    @property
    def _links(self) -> bool:
        return self._color and self.columns != UNLIMITED

    def _timeline(self, nodes: Sequence[Mapping[str, Any]]) -> list[Text]:
        """A bar a node, from its start to its end on one axis of time."""
        spans = [
            (node, start, max(start, start + (self._node_seconds(node) or 0.0)))
            for node in nodes
            if (start := seconds_of(node.get("start_timestamp"))) is not None
        ]
        if not spans:
            return []
        shown = spans[:_LONGEST_TIMELINE]
        first = min(start for _, start, _ in spans)
        whole = max(max(end for _, _, end in spans) - first, 1.0)
        names = [safe(as_text(node.get("name"))) for node, _, _ in shown]
        room = self.columns if self.columns != UNLIMITED else 2 * _TIMELINE_OFF_TERMINAL
        label = min(max(len(name) for name in names), max(8, room // 3))
        width = max(_NARROWEST_BAR, min(room - label - 10, _TIMELINE_OFF_TERMINAL))
        lines = [Text(f"{'TIMELINE':<{label}}  0s{format_duration(whole):>{width - 2}}", "bold", no_wrap=True)]
        for name, (node, start, end) in zip(names, shown, strict=True):
            left = min(width - 1, int((start - first) / whole * width))
            length = max(1, min(width - left, round((end - start) / whole * width)))
            line = Text(f"{_cut(name, label):<{label}}  {' ' * left}", no_wrap=True, overflow="crop")
            line.append(("━" if self.symbols else "=") * length, _STATE_STYLES.get(as_text(node.get("state")), ""))
            line.append(f"{' ' * (width - left - length)} {format_duration(end - start):>6}")
            lines.append(line)
        if more := len(spans) - len(shown):
            lines.append(Text(f"and {more} shorter ones"))
        return lines

    def _node_seconds(self, node: Mapping[str, Any]) -> float | None:
        return _seconds(node, "start_timestamp", "finish_timestamp", self._now)


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


def _state(state: str) -> Text:
    return Text(safe(state) or "-", _STATE_STYLES.get(state, ""))


def _cut(name: str, columns: int) -> str:
    return name if len(name) <= columns else name[: columns - 1] + "…"


def _seconds(document: Mapping[str, Any], start: str, end: str, now: float) -> float | None:
    duration = document.get("duration")
    if isinstance(duration, (int, float)) and not isinstance(duration, bool):
        return float(duration)
    begun = seconds_of(document.get(start))
    if begun is None:
        return None
    return max(0.0, (seconds_of(document.get(end)) or now) - begun)


def _scope(options: Mapping[str, Any]) -> list[str]:
    """What the job was aimed at: lists are counted, a query or group is told."""
    scope = as_mapping(options.get("scope"))
    told = []
    for name, value in scope.items():
        if isinstance(value, list):
            told.append(f"scope {len(value)} {safe(name)}")
        elif value:
            told.append(f"scope {safe(name)} {safe(str(value))}")
    return told


def _as_event(node: Mapping[str, Any]) -> Event:
    """A node of `GET /jobs/:job-id/nodes` as the event that closed it: `result` holds that event's detail."""
    details = as_mapping(node.get("details"))
    detail = {**as_mapping(node.get("result"))}
    if "report-url" in details:
        detail.setdefault("report-url", details["report-url"])
    return Event(
        {
            "type": f"node_{as_text(node.get('state'))}",
            "details": {"node": node.get("name"), "detail": detail},
            "message": details.get("message"),
        }
    )
