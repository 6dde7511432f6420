"""`jobevents show`: one job with its nodes, or one plan with its jobs; as text, JSON, Markdown or JUnit XML."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.help_groups import HOW_IT_LOOKS, WHEN_IT_ENDS, WHICH_EVENTS, option_in
from jobevents_cli.commands.job_choice import job_argument, latest_options
from jobevents_cli.commands.options import connection_options, look_options, saved_option
from jobevents_cli.exit_status import ExitStatus

if TYPE_CHECKING:
    from jobevents_cli.clients.orchestrator import Orchestrator
    from jobevents_cli.model.event import Event
    from jobevents_cli.model.job_ref import JobRef
    from jobevents_cli.render.job_details import JobDetails
    from jobevents_cli.why.explanation import Explanation
    from jobevents_cli.why.text import CauseText

_nodes, _looks = option_in(WHICH_EVENTS), option_in(HOW_IT_LOOKS)


@click.command(
    "show",
    cls=ConfiguredCommand,
    short_help="Show one job or plan and its nodes",
    epilog="""\b
Examples:
  jobevents show 352
  jobevents show latest --failures
  jobevents show 352 --node web01.example.com
  jobevents show 352 --format junit > report.xml
  jobevents show 352 --format markdown --why >> "$GITHUB_STEP_SUMMARY"
  jobevents show 352 --json --failures | jq -r .name
""",
)
@job_argument()
@latest_options
@saved_option
@_nodes("--node", "nodes", metavar="GLOB", multiple=True, help="Only nodes whose certname matches; repeatable.")
@_nodes("--failures", is_flag=True, help="Only nodes that failed, errored or were skipped.")
@_looks(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "junit"]),
    help="The format [default: text].",
)
@_looks("--json", "as_json", is_flag=True, help="JSON Lines: the job with its nodes as the orchestrator sent them.")
@_looks("--why", is_flag=True, help="Also print what went wrong, grouped by cause.")
@_looks("--all-nodes", is_flag=True, help="Markdown: list all nodes, not only those that failed.")
@look_options
@option_in(WHEN_IT_ENDS)(
    "--exit-status/--no-exit-status",
    default=False,
    help="Whether the exit status reflects the job's outcome [default: no].",
)
@connection_options
def command(*, exit_status: bool, **options: Any) -> int:
    """Show one job: its header, the counts, its nodes (failures first), and when each of them ran.

    Of a plan, show its jobs. If --node matches one node, show its whole result. With --json: the job as the
    orchestrator sent it, its nodes under `nodes`; with --node or --failures, one line for each node.
    """
    from jobevents_cli.output.notices import say_safe
    from jobevents_cli.runtime.job_sources import status_of

    form = _checked_form(options)
    details = _details(options, form)
    _print(details, options, form)
    if not exit_status:
        return ExitStatus.DONE
    if any(job.outcome is None for job in details):
        say_safe("jobevents: the job has not ended: the exit status says only that it was shown")
    return status_of(details)


def _checked_form(options: Mapping[str, Any]) -> str:
    """The format that *options* choose; a usage error names options that contradict each other."""
    from jobevents_cli.commands.builders import refuse_together

    form: str | None = options["form"]
    if options["as_json"] and form is not None:
        raise click.UsageError(f"--json and --format {form} contradict each other: give one of them")
    form = "json" if options["as_json"] else form or "text"
    if options["all_nodes"] and form != "markdown":
        raise click.UsageError("--all-nodes is for --format markdown: the other formats list all nodes")
    if form == "json" and options["why"]:  # a line for each node has no place for causes
        refuse_together("--json --why", {"--node": options["nodes"], "--failures": options["failures"]})
    return form


def _details(options: Mapping[str, Any], form: str) -> "list[JobDetails]":
    """The jobs and plans that *options* choose, with those of their nodes that are shown."""
    from functools import partial

    from jobevents_cli.commands.builders import client_for
    from jobevents_cli.commands.job_choice import job_choice, jobs_of
    from jobevents_cli.output.capabilities import is_terminal
    from jobevents_cli.output.notices import say_safe
    from jobevents_cli.render.job_details import NodeChoice, NodeCollector
    from jobevents_cli.runtime.job_sources import chosen, details_from, details_from_saved
    from jobevents_cli.state.saved_events import read_saved
    from jobevents_cli.store.recent_jobs import remember

    choice = job_choice(options)
    wanted = NodeChoice(options["nodes"], failures=options["failures"])
    collector = partial(NodeCollector, wanted, as_json=form == "json", on_terminal=is_terminal(sys.stdout))
    if saved := options["saved"]:
        choice.refuse_latest("--from")
        # The causes need the events a second time, and a stream can be read only once.
        events = list(read_saved(saved)) if options["why"] else read_saved(saved)
        found = details_from_saved(events, collector)
        if not found:
            say_safe(f"jobevents: --from {saved}: no events")
        found = chosen(found, choice.refs, saved)
        return _explained(found, options, None, events) if options["why"] else found
    if choice.is_empty:
        raise click.UsageError("Missing argument 'JOB': give a job's id, plan/12 for a plan, latest or --from FILE")
    client = client_for(options)
    with_nodes = form in ("markdown", "junit") or bool(wanted)
    details = [details_from(client, ref, collector, with_nodes=with_nodes) for ref in jobs_of(choice, client)]
    remember(client.url, (job.job for job in details))
    return _explained(details, options, client) if options["why"] else details


def _explained(
    details: "Sequence[JobDetails]",
    options: Mapping[str, Any],
    client: "Orchestrator | None",
    events: "Iterable[tuple[JobRef | None, Event]]" = (),
) -> "list[JobDetails]":
    """The *details* with their causes; without a *client* those that the saved *events* contain."""
    from contextlib import closing

    from jobevents_cli.commands.builders import configuration_for, puppetdb_for, view_for
    from jobevents_cli.output.capabilities import width_of
    from jobevents_cli.output.notices import say_safe
    from jobevents_cli.render.job_details import NodeChoice
    from jobevents_cli.render.styles import plain
    from jobevents_cli.runtime.event_loop import Loop
    from jobevents_cli.why.explain import events_by_job, explain, explain_saved
    from jobevents_cli.why.text import CauseText

    puppetdb = puppetdb_for(configuration_for(options), saved=client is None)
    said = set[str]()
    wanted = NodeChoice(options["nodes"]).has_name if options["nodes"] else None
    is_text = options["form"] in (None, "text")
    view = view_for(options, 0.0)
    text = CauseText(
        columns=view.columns if is_text else None,
        node_columns=width_of(sys.stdout),
        paint=view.paint if is_text else plain,
        all_nodes=options["all_nodes"],
    )
    saved = events_by_job(events)
    explained = []
    for job in details:
        if client and job.ref:
            generator = explain(client, puppetdb, job.ref, wanted=wanted, said=said)
        else:
            generator = explain_saved(puppetdb, job.ref, saved, wanted=wanted, said=said)
        with closing(Loop()) as loop:
            explanation = loop.run(generator)
        for notice in explanation.notices:
            say_safe(f"Notice: {notice}")
        explained.append(_with_causes(job, explanation, text))
    return explained


def _with_causes(job: "JobDetails", explanation: "Explanation", text: "CauseText") -> "JobDetails":
    """The *job* with the causes in *explanation*: as lines that *text* draws, by node, and as JSON objects."""
    from dataclasses import replace

    from jobevents_cli.render.job_details import PlanDetails
    from jobevents_cli.why.cause_objects import cause_objects
    from jobevents_cli.why.text import texts_by_node

    why = texts_by_node(explanation)
    lines = text.causes(explanation) if explanation.has_problems else text.lines(explanation)
    explained = replace(job, why=why, why_lines=lines, causes=tuple(cause_objects(explanation)))
    if isinstance(explained, PlanDetails):
        return replace(explained, jobs=tuple(replace(one, why=why) for one in explained.jobs))
    return explained


def _print(details: "Sequence[JobDetails]", options: Mapping[str, Any], form: str) -> None:
    """Print *details* in the format *form*."""
    import time

    from jobevents_cli.commands.builders import view_for
    from jobevents_cli.output.capabilities import is_terminal
    from jobevents_cli.output.streams import print_bytes, print_text
    from jobevents_cli.render.job_details import json_pieces

    selects = bool(options["nodes"] or options["failures"])
    if form == "json":
        for piece in json_pieces(details, nodes_only=selects, on_terminal=is_terminal(sys.stdout)):
            print_bytes(piece)
    elif form == "junit":
        from jobevents_cli.render.junit import junit_pieces

        for piece in junit_pieces(details):
            print_bytes(piece)
    elif form == "markdown":
        from jobevents_cli.render.markdown import markdown_text

        view = view_for(options, time.time())
        print_bytes(markdown_text(details, view, all_nodes=options["all_nodes"]).encode())
    else:
        from jobevents_cli.render.job_view import details_text

        print_text(details_text(details, view_for(options, time.time()), with_nodes=selects))
