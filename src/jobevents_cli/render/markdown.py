"""Markdown of jobs, safe to append to a CI step summary, a merge request or a chat message.

All text from a server is put into code: there neither HTML, links, mentions nor other markup have a meaning.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from jobevents_cli.model.plan import Plan
from jobevents_cli.render.escape import safe
from jobevents_cli.render.job_details import STATES, JobDetails, PlanDetails, ShownNode, in_order, ordered_counts
from jobevents_cli.render.plan_text import failure_text
from jobevents_cli.render.tables import View, started_text
from jobevents_cli.render.times import took_text

LONGEST: Final = 900_000
"""Bytes of one document: GitHub refuses a step summary of more than 1 MiB."""

_LONGEST_CELL: Final = 1000
_LONGEST_RUN: Final = 8
_RESERVE: Final = 1000
_BACKTICKS: Final = re.compile("`+")
_AMBIGUOUS: Final = re.compile(r"\\(?=\|)")
_WORDS: Final = {**{state: state for state in STATES}, "success": "finished", "failure": "failed", "pending": "pending"}
"""The words for known states, which need no escape."""


def markdown_text(details: Sequence[JobDetails], view: View, *, all_nodes: bool = False) -> str:
    """Return *details*, jobs and plans, as Markdown: for each a heading with outcome and counts, and its failed nodes.

    *all_nodes*: its other nodes too. At most 900 kB: the last line says what was left out.
    """
    document = _Document()
    for job in details:
        _write_job(document, job, view, level=2, all_nodes=all_nodes)
    return document.text()


class _Document:
    """Lines up to the limit; what does not fit is counted."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._room = LONGEST - _RESERVE
        self._left_out = 0

    def add(self, *lines: str) -> bool:
        """Add *lines*, all of them or none; False if they do not fit. After that nothing fits."""
        size = sum(len(line.encode("utf-8", "replace")) + 1 for line in lines)
        if size > self._room or self._left_out:
            self._left_out += len(lines)
            return False
        self._room -= size
        self._lines += lines
        return True

    def text(self) -> str:
        if self._left_out:
            self._lines += ["", f"_Cut at {LONGEST // 1000} kB: {self._left_out} more lines._"]
        return "".join(f"{line}\n" for line in self._lines)


def _write_job(document: _Document, job: JobDetails, view: View, *, level: int, all_nodes: bool) -> None:
    document.add(f"{'#' * level} {_heading(job)}", "")
    if about := _about(job, view):
        document.add(about, "")
    if isinstance(job, PlanDetails):
        result = job.job.result if isinstance(job.job, Plan) else None
        if job.job.state == "failure" and (error := failure_text(result)):
            document.add(f"Error: {code(error)}", "")
    if job.problem:
        document.add(code(job.problem), "")
    if job.why_lines:
        fence = "`" * (1 + max(2, *(_longest_run(line) for line in job.why_lines)))
        block = list(_within(job.why_lines, LONGEST // 4))
        document.add("Causes:", "", f"{fence}text", *block, fence, "")
    nodes = in_order(node for node in job.nodes if all_nodes or node.is_failure)
    if nodes and document.add("| Node | State | Time | What happened | Report |", "| --- | --- | --- | --- | --- |"):
        for node in nodes:
            document.add(_row(node))
        document.add("")
    if isinstance(job, PlanDetails):
        for one in job.jobs:
            _write_job(document, one, view, level=level + 1, all_nodes=all_nodes)


def _heading(job: JobDetails) -> str:
    """Return `Job 352 failed: 285 finished (40 changed), 12 failed`, or `Job 352 is running: ...`."""
    state = job.job.state
    word = _WORDS.get(state) or code(state) or "without state"
    said = word if job.is_over or not state else f"is {word}"
    if job.problem:
        return f"{job.label} {said}"
    if isinstance(job, PlanDetails):
        states = [one.job.state for one in job.jobs]
        counts = ", ".join(_counted(_by_state(states)))
        return f"{job.label} {said}{f': jobs: {counts}' if counts else ''}"
    counts = ", ".join(_counted(job.job.node_states or job.counts, job.changed))
    return f"{job.label} {said}: {counts or 'no nodes'}"


def _by_state(states: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for state in states:
        counts[state] = counts.get(state, 0) + 1
    return counts


def _counted(counts: Mapping[str, int], changed: int = 0) -> Iterator[str]:
    for state, count in ordered_counts(counts):
        extra = f" ({changed} changed)" if state == "finished" and changed else ""
        yield f"{count} {_WORDS.get(state) or code(state)}{extra}"


def _about(job: JobDetails, view: View) -> str:
    raw = job.job
    kind = raw.plan_name if isinstance(raw, Plan) else raw.type
    parts = [code(kind) if kind else ""]
    parts += [f"in {code(raw.environment)}" if raw.environment else "", f"by {code(raw.owner)}" if raw.owner else ""]
    text = " ".join(part for part in parts if part)
    started = f"started {code(view.moment(started_text(raw)))}" if view.time and started_text(raw) else ""
    took = took_text(job.seconds)
    took = f"{'took' if job.is_over else 'running for'} {took}" if took else ""
    return ", ".join(part for part in (text, started, took) if part)


def _row(node: ShownNode) -> str:
    state = _WORDS.get(node.state) or code(node.state)
    if node.state == "finished" and node.is_failure:
        state = "finished with an error"
    cells = [code(node.name), state, took_text(node.seconds), code(node.what), _link(node.link)]
    return f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    """Return *text* as a code span that is safe in a table too; empty for blank text.

    It is on one line, and at most 1,000 characters of it are kept.
    """
    text = safe(text.strip())
    if len(text) > _LONGEST_CELL:
        text = f"{text[:_LONGEST_CELL]}…"
    # In a table a pipe is written with a backslash. Parsers disagree about two backslashes before it.
    text = _AMBIGUOUS.sub(r"\\ ", text).replace("|", r"\|")
    longest = _longest_run(text)
    if longest > _LONGEST_RUN:
        text, longest = text.replace("`", "'"), 0
    if not text:
        return ""
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest else f"{fence}{text}{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def _link(link: str) -> str:
    if not link.startswith(("https://", "http://")) or safe(link) != link:
        return ""
    target = quote(link, safe="/:?#=&%;,~+.-_").replace("&", "&amp;")
    return f"[report](<{target}>)"


def _within(lines: Iterable[str], room: int) -> Iterator[str]:
    """Yield *lines*, safe, as long as they fit into *room* bytes, and then one that says so."""
    for line in lines:
        line = safe(line)  # noqa: PLW2901 - the same line
        room -= len(line.encode("utf-8", "replace")) + 1
        if room < 0:
            yield "… cut: jobevents why prints all causes"
            return
        yield line
