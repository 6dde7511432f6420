"""Show jobs and plans: ask for them, or read them from saved events, and print them in a format."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import assert_never

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.clients.puppetdb import PuppetdbClient
from jobevents_cli.errors import UnknownJob
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.output.notices import say_safe
from jobevents_cli.output.printer import print_pieces, write_file
from jobevents_cli.output.terminal import width_of
from jobevents_cli.render.styles import plain
from jobevents_cli.render.tables import View
from jobevents_cli.runtime.loop import Loop, Requests
from jobevents_cli.show.job_details import JobDetails, NodeChoice, Nodes, Why, job_details
from jobevents_cli.show.json_lines import json_pieces
from jobevents_cli.show.junit import junit_pieces
from jobevents_cli.show.markdown import markdown_text
from jobevents_cli.show.saved_jobs import saved_details
from jobevents_cli.show.text import text_lines
from jobevents_cli.store.recent_jobs import remember
from jobevents_cli.store.saved_events import read_saved
from jobevents_cli.why.cause_objects import cause_objects
from jobevents_cli.why.explain import events_by_job, explain, explain_saved
from jobevents_cli.why.explanation import Explanation
from jobevents_cli.why.run import run
from jobevents_cli.why.text import CauseText, texts_by_node


class Format(StrEnum):
    """How `show` prints."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    JUNIT = "junit"


@dataclass(frozen=True, slots=True)
class ShowOptions:
    """What is shown of each job, and where."""

    form: Format
    choice: NodeChoice
    all_nodes: bool = False
    """Markdown: the nodes that did well, too."""
    output: str | None = None
    """The file to write; None is standard output."""

    @property
    def new_nodes(self) -> Callable[[], Nodes]:
        """What makes the collection of a job's nodes."""
        return partial(Nodes, self.choice, as_json=self.form is Format.JSON)


def from_orchestrator(
    client: Orchestrator,
    refs: Requests[list[JobRef]],
    options: ShowOptions,
    view: View,
    puppetdb: PuppetdbClient | None,
) -> list[JobDetails]:
    """Return the jobs and plans that *refs* finds as they are now, with their causes if there is a *puppetdb*.

    Requests that fail are repeated for 5 s.
    """
    with_nodes = options.form in (Format.MARKDOWN, Format.JUNIT) or bool(options.choice)
    with closing(Loop()) as loop:
        found = loop.run(refs)
        details = [loop.run(job_details(client, ref, options.new_nodes, with_nodes=with_nodes)) for ref in found]
        remember(client.url, (job.job for job in details))
        if puppetdb:
            why = partial(explain, client, puppetdb, wanted=options.choice.has_name, said=set())
            explanations = [run(loop, partial(why, ref)) for ref in found]
            details = [_with_why(*each, options, view) for each in zip(details, explanations, strict=True)]
    return details


def from_file(
    name: str, refs: Sequence[JobRef], options: ShowOptions, view: View, puppetdb: PuppetdbClient | None
) -> list[JobDetails]:
    """Return what the events saved in the file *name* say of *refs*, of every job if these are empty.

    With their causes, if there is a *puppetdb*. UnknownJob if the file has no event of one of *refs*.
    """
    # The causes need the events a second time, and a stream can be read only once.
    events = list(read_saved(name)) if puppetdb else read_saved(name)
    known = {job.ref: job for job in saved_details(events, options.new_nodes)}
    if not known:
        say_safe(f"jobevents: --from {name}: no events")
    for ref in refs:
        if ref not in known:
            hint = "leave JOB out: its events name no job" if None in known else None
            raise UnknownJob(f"--from {name}: no events of {ref.label}", hint=hint)
    details = [known[ref] for ref in refs] if refs else list(known.values())
    if puppetdb:
        jobs, said = events_by_job(events), set[str]()
        with closing(Loop()) as loop:
            why = partial(explain_saved, puppetdb, wanted=options.choice.has_name, said=said)
            explanations = [run(loop, partial(why, job.ref, jobs)) for job in details]
        details = [_with_why(*each, options, view) for each in zip(details, explanations, strict=True)]
    return details


def _with_why(job: JobDetails, explanation: Explanation, options: ShowOptions, view: View) -> JobDetails:
    """Return *job* with its causes; the jobs of a plan know them too."""
    for notice in explanation.notices:
        say_safe(f"Notice: {notice}")
    is_text = options.form is Format.TEXT
    text = CauseText(
        columns=view.columns if is_text else None,
        node_columns=width_of(sys.stdout),
        paint=view.paint if is_text else plain,
        all_nodes=options.all_nodes,
    )
    lines = text.causes(explanation) if explanation.has_problems else text.lines(explanation)
    why = Why(texts_by_node(explanation), lines, tuple(cause_objects(explanation)))
    return replace(job, why=why, jobs=[replace(one, why=why) for one in job.jobs])


def print_details(details: Sequence[JobDetails], options: ShowOptions, view: View) -> None:
    """Print *details*. A file is written as a whole, or not at all."""
    pieces = _pieces(details, options, view)
    if options.output is None:
        print_pieces(pieces, is_json=options.form is Format.JSON)
    else:
        write_file(options.output, pieces)


def _pieces(details: Sequence[JobDetails], options: ShowOptions, view: View) -> Iterator[bytes]:
    selects = bool(options.choice)
    match options.form:
        case Format.TEXT:
            yield from view.encoded(text_lines(details, view, with_nodes=selects))
        case Format.JSON:
            yield from json_pieces(details, nodes_only=selects)
        case Format.MARKDOWN:
            yield markdown_text(details, view, all_nodes=options.all_nodes).encode()
        case Format.JUNIT:
            yield from junit_pieces(details)
        case _:
            assert_never(options.form)


def status_of(details: Iterable[JobDetails]) -> ExitStatus:
    """Return the exit status that `tail` would end with: the worst of all *details*; 0 for what has not ended."""
    outcomes = [job.outcome for job in details if job.outcome is not None]
    return max(outcomes, default=Outcome.SUCCEEDED).status
