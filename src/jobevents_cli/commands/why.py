"""`jobevents why`: what went wrong in a job, a plan or saved events, grouped by cause."""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.help_groups import HOW_IT_LOOKS, WHICH_EVENTS, option_in
from jobevents_cli.commands.job_choice import job_argument, latest_options
from jobevents_cli.commands.options import color_option, connection_options, saved_option
from jobevents_cli.exit_status import ExitStatus

if TYPE_CHECKING:
    from jobevents_cli.commands.job_choice import JobChoice
    from jobevents_cli.model.explanation import Explanation
    from jobevents_cli.render.causes import CauseText
    from jobevents_cli.runtime.explain import Explainer

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
    from jobevents_cli.render.causes import cause_objects

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
    from jobevents_cli.output.capabilities import is_terminal, size_of
    from jobevents_cli.output.rendering import paint_for
    from jobevents_cli.render.causes import SCREEN_ROWS, CauseText

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
    from jobevents_cli.commands.builders import client_for, configuration_for, explainer_of_saved
    from jobevents_cli.commands.job_choice import find_jobs, job_choice, no_job_named
    from jobevents_cli.render.job_details import NodeChoice
    from jobevents_cli.runtime.explain import Explainer

    choice = job_choice(options)
    wanted = NodeChoice(options["nodes"]).has_name if options["nodes"] else None
    configuration = configuration_for(options)
    if options["saved"]:
        choice.refuse_latest("--from")
        yield from _saved(explainer_of_saved(configuration), options["saved"], choice, wanted)
        return
    if choice.is_empty:
        raise no_job_named("why", options, failed=True)
    client = client_for(options)
    explainer = Explainer(client, configuration.puppetdb)
    for ref in find_jobs(choice, client):
        yield explainer.explain(ref, wanted=wanted)


def _saved(
    explainer: "Explainer", name: str, choice: "JobChoice", wanted: Callable[[str], bool] | None
) -> "Iterator[Explanation]":
    """Explain each job whose events are saved in the file *name*, or only the one that *choice* names.

    A plan is explained together with its jobs.
    """
    from jobevents_cli.errors import UnknownJob
    from jobevents_cli.model.job_ref import JobRef
    from jobevents_cli.output.notices import say_safe
    from jobevents_cli.runtime.explain import events_by_job
    from jobevents_cli.state.saved_events import read_saved

    jobs = events_by_job(read_saved(name))
    if not jobs:
        say_safe(f"jobevents: --from {name}: no events")
    for ref in choice.refs:
        if ref not in jobs:
            raise UnknownJob(f"--from {name}: no events of {ref.label}")
    of_plans = {
        JobRef.job(event.child_job) for events in jobs.values() for event in events if event.child_job is not None
    }
    named: list[JobRef | None] = [*choice.refs]
    for chosen in named or [ref for ref in jobs if ref not in of_plans]:
        yield explainer.explain_saved(chosen, jobs, wanted=wanted)
