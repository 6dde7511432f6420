"""Markdown of jobs, safe to append to a CI step summary, a merge request or a chat message.

All text from a server is put into code: there neither HTML, links, mentions nor other markup have a meaning.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from jobevents_cli.render.escape import safe
from jobevents_cli.render.header import what_ran
from jobevents_cli.render.markdown_code import code, code_block
from jobevents_cli.render.plan_text import failure_text
from jobevents_cli.render.tables import STATES, View, ordered_counts
from jobevents_cli.render.times import took_text
from jobevents_cli.show.job_details import NOT_STARTED, JobDetails, ShownNode
from jobevents_cli.show.tables import started_text
from jobevents_cli.show.text import finished_notes

LONGEST: Final = 900_000
"""Bytes of one document: GitHub refuses a step summary of more than 1 MiB."""

_RESERVE: Final = 1000
_CONSOLE: Final = r"(https?://[^\s#]+#/run/jobs/{number})/"
"""How the address of a report in the console begins: with that of its job."""

_WORDS: Final = {
    **{state: state for state in (*STATES, "pending", "not started")},
    "success": "finished",
    "failure": "failed",
}
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
    if job.plan and job.plan.state == "failure" and (error := failure_text(job.plan.result)):
        document.add(f"Error: {code(error)}", "")
    if job.problem:
        document.add(code(job.problem), "")
    if job.why and job.why.objects:
        document.add("Causes:", "", *code_block(_within(job.why.lines, LONGEST // 4)), "")
    shown = (node for node in job.nodes.shown if all_nodes or node.is_failure)
    nodes = sorted(shown, key=lambda node: node.place)
    if nodes and document.add("| Node | State | Time | What happened | Report |", "| --- | --- | --- | --- | --- |"):
        for node in nodes:
            document.add(_row(node))
        document.add("")
    for one in job.jobs:
        _write_job(document, one, view, level=level + 1, all_nodes=all_nodes)


def _heading(job: JobDetails) -> str:
    """Return `[Job 352](...) failed · deploy in production · 285 finished (40 changed), 12 failed`."""
    state = job.job.state
    word = _WORDS.get(state) or code(state) or "without state"
    said = word if job.is_over or not state else f"is {word}"
    what, environment = what_ran(job.job)
    what = f"{code(what)} in {code(environment)}" if what and environment else code(what)
    label = next((f"[{job.label}](<{link}>)" for link in _job_links(job)), job.label)
    return " · ".join(part for part in (f"{label} {said}", what, _counts(job)) if part)


def _counts(job: JobDetails) -> str:
    if job.problem:
        return ""
    if job.plan:
        states = [one.job.state for one in job.jobs]
        counts = ", ".join(_counted({state: states.count(state) for state in states}))
        return f"jobs: {counts}" if counts else ""
    by_state = dict(job.job.node_states or job.nodes.counts)
    if job.is_over:
        waiting = sum(by_state.pop(state, 0) for state in NOT_STARTED)
        by_state |= {"not started": waiting}
    return ", ".join(_counted(by_state, finished_notes(job))) or "no nodes"


def _counted(counts: Mapping[str, int], notes: str = "") -> Iterator[str]:
    for state, count in ordered_counts(counts):
        extra = f" ({notes})" if state == "finished" and notes else ""
        yield f"{count} {_WORDS.get(state) or code(state)}{extra}"


def _job_links(job: JobDetails) -> Iterator[str]:
    """Yield the job's address in the console, as the addresses of its nodes' reports begin."""
    if job.ref:
        pattern = re.compile(_CONSOLE.format(number=job.ref.number))
        for node in job.nodes.shown:
            if (match := pattern.match(node.link)) and (target := _target(match[1])):
                yield target


def _about(job: JobDetails, view: View) -> str:
    owner, started = job.job.owner, started_text(job.job)
    took = took_text(job.seconds)
    parts = [
        f"by {code(owner)}" if owner else "",
        f"started {code(view.moment(started))}" if view.time and started else "",
        f"{'took' if job.is_over else 'running for'} {took}" if took else "",
    ]
    return ", ".join(part for part in parts if part)


def _row(node: ShownNode) -> str:
    state = _WORDS.get(node.state) or code(node.state)
    if node.state == "finished" and node.is_failure:
        state = "finished with an error"
    cells = [code(node.name), state, took_text(node.seconds), code(node.what), _link(node.link)]
    return f"| {' | '.join(cells)} |"


def _link(link: str) -> str:
    target = _target(link)
    return f"[report](<{target}>)" if target else ""


def _target(link: str) -> str:
    """Return *link* as Markdown takes it; empty if it is no web address."""
    if not link.startswith(("https://", "http://")) or safe(link) != link:
        return ""
    return quote(link, safe="/:?#=&%;,~+.-_").replace("&", "&amp;")


def _within(lines: Iterable[str], room: int) -> Iterator[str]:
    """Yield *lines*, safe, as long as they fit into *room* bytes, and then one that says so."""
    for line in lines:
        line = safe(line)  # noqa: PLW2901 - the same line
        room -= len(line.encode("utf-8", "replace")) + 1
        if room < 0:
            yield "… cut: jobevents why prints all causes"
            return
        yield line
