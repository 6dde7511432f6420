"""`jobevents why`: what went wrong in a job, a plan or saved events, grouped by cause."""

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.help_groups import HOW_IT_LOOKS, WHICH_EVENTS, option_in
from jobevents_cli.commands.job_choice import job_argument, latest_options
from jobevents_cli.commands.options import color_option, connection_options, saved_option
from jobevents_cli.exit_status import ExitStatus

if TYPE_CHECKING:
    from jobevents_cli.commands.job_choice import JobChoice
    from jobevents_cli.model.event import Event
    from jobevents_cli.model.job_ref import JobRef
    from jobevents_cli.why.explanation import Explanation
    from jobevents_cli.why.text import CauseText

_nodes, _looks = option_in(WHICH_EVENTS), option_in(HOW_IT_LOOKS)


@click.command(
    "why",
    cls=ConfiguredCommand,
    short_help="Show what went wrong, grouped by cause",
    epilog="""\b
Examples:
  jobevents why 352
  jobevents why latest --state failed
  jobevents why plan/12 --all-nodes
  jobevents why 352 --node 'db*' --logs
  jobevents why 352 --json | jq -r '"\\(.count) \\(.message)"'
""",
)
@job_argument()
@latest_options
@saved_option
@_nodes("--node", "nodes", metavar="GLOB", multiple=True, help="Only nodes whose certname matches; repeatable.")
@_looks("--all-nodes", is_flag=True, help="Print the names of all nodes.")
@_looks("--logs", is_flag=True, help="Print all log lines from warning up.")
@_looks("--json", "as_json", is_flag=True, help="JSON Lines: one object for each cause.")
@color_option
@connection_options
def command(**options: Any) -> int:
    """Show what went wrong in a job or plan: the failed nodes, grouped by cause.

    The orchestrator says which nodes failed, PuppetDB has the reports that say why. Without PuppetDB, everything that
    the orchestrator knows is shown. Log lines can contain secrets: they are printed, and kept nowhere.
    """
    from jobevents_cli.output.notices import say_safe
    from jobevents_cli.output.printer import print_lines
    from jobevents_cli.why.cause_objects import cause_objects

    for explanation in _explanations(options):
        for notice in explanation.notices:
            say_safe(f"Notice: {notice}")
        if options["as_json"]:
            print_lines(cause_objects(explanation, logs=options["logs"]))
        else:
            lines = _cause_text(options).lines(explanation)
            print_lines(text="".join(f"{line}\n" for line in lines))
    return ExitStatus.DONE


def _cause_text(options: Mapping[str, Any]) -> "CauseText":
    """How causes are drawn on standard output."""
    from jobevents_cli.output.terminal import is_terminal, paint_for, size_of
    from jobevents_cli.why.text import SCREEN_ROWS, CauseText

    on_terminal = is_terminal(sys.stdout)
    columns, rows = size_of(sys.stdout)
    return CauseText(
        columns=columns if on_terminal else None,
        node_columns=columns,
        rows=rows if on_terminal else SCREEN_ROWS,
        paint=paint_for(options["color"], sys.stdout),
        all_nodes=options["all_nodes"],
        logs=options["logs"],
    )


def _explanations(options: Mapping[str, Any]) -> "Iterator[Explanation]":
    from contextlib import closing
    from functools import partial

    from jobevents_cli.commands.builders import client_for, configuration_for, puppetdb_for
    from jobevents_cli.commands.job_choice import find_jobs, job_choice, no_job_named
    from jobevents_cli.following.filters import node_filter
    from jobevents_cli.runtime.loop import Loop
    from jobevents_cli.why.explain import explain, explain_saved
    from jobevents_cli.why.run import run

    choice = job_choice(options)
    configuration = configuration_for(options)
    puppetdb = puppetdb_for(configuration, saved=options["saved"] is not None)
    wanted = node_filter(options["nodes"]) if options["nodes"] else None
    said = set[str]()
    if options["saved"] is not None:
        choice.refuse_latest("--from")
        saved = list(_saved(options["saved"], choice))  # on the loop a signal would not end a wait for the file
        with closing(Loop()) as loop:
            for each in saved:
                yield run(loop, partial(explain_saved, puppetdb, *each, wanted=wanted, said=said))
        return
    if choice.is_empty:
        raise no_job_named("why", options, failed=True)
    client = client_for(options)
    with closing(Loop()) as loop:
        for ref in loop.run(find_jobs(choice, client)):
            yield run(loop, partial(explain, client, puppetdb, ref, wanted=wanted, said=said))


def _saved(name: str, choice: "JobChoice") -> "Iterator[tuple[JobRef | None, dict[JobRef | None, list[Event]]]]":
    """Each job whose events are saved in the file *name*, or those that *choice* names, with the events of all.

    A plan's jobs are not explained again.
    """
    from jobevents_cli.errors import UnknownJob
    from jobevents_cli.model.job_ref import JobRef as Ref
    from jobevents_cli.output.notices import say_safe
    from jobevents_cli.store.saved_events import read_saved
    from jobevents_cli.why.explain import events_by_job

    jobs = events_by_job(read_saved(name))
    if not jobs:
        say_safe(f"jobevents: --from {name}: no events")
    for ref in choice.refs:
        if ref not in jobs:
            raise UnknownJob(f"--from {name}: no events of {ref.label}")
    of_plans = {Ref.job(event.child_job) for events in jobs.values() for event in events if event.child_job is not None}
    named: list[JobRef | None] = [*choice.refs]
    for chosen in named or [ref for ref in jobs if ref not in of_plans]:
        yield chosen, jobs
