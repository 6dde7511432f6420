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
    from jobevents_cli.model.event import Event
    from jobevents_cli.model.job_ref import JobRef
    from jobevents_cli.runtime.event_loop import Requests
    from jobevents_cli.why.explanation import Explanation
    from jobevents_cli.why.text import CauseText

_PATIENCE = 5.0
"""Seconds after which a line says what is waited for."""

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
    from jobevents_cli.output.capabilities import is_terminal, paint_for, size_of
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
    from jobevents_cli.commands.builders import client_for, configuration_for, puppetdb_for
    from jobevents_cli.commands.job_choice import job_choice, jobs_of, no_job_named
    from jobevents_cli.render.job_details import NodeChoice
    from jobevents_cli.why.explain import explain, explain_saved

    choice = job_choice(options)
    wanted = NodeChoice(options["nodes"]).has_name if options["nodes"] else None
    configuration = configuration_for(options)
    said = set[str]()
    if options["saved"]:
        choice.refuse_latest("--from")
        puppetdb = puppetdb_for(configuration, saved=True)
        saved = _saved(options["saved"], choice)
        yield from _explained(
            lambda note: (explain_saved(puppetdb, *each, wanted=wanted, note=note, said=said) for each in saved)
        )
        return
    if choice.is_empty:
        raise no_job_named("why", options, failed=True)
    client, puppetdb = client_for(options), puppetdb_for(configuration)
    refs = jobs_of(choice, client)
    yield from _explained(
        lambda note: (explain(client, puppetdb, ref, wanted=wanted, note=note, said=said) for ref in refs)
    )


def _explained(
    explanations: "Callable[[Callable[[str], None]], Iterator[Requests[Explanation]]]",
) -> "Iterator[Explanation]":
    """Yield what the generators come to that *explanations* makes; it is given what notes what is waited for.

    After 5 s of waiting a line on standard error says for what.
    """
    from jobevents_cli.output.notices import say_safe
    from jobevents_cli.runtime.event_loop import Loop

    loop = Loop()
    waits_for = ""

    def note(what: str) -> None:
        nonlocal waits_for
        waits_for = what
        loop.timer("waiting", loop.clock() + _PATIENCE)

    try:
        for generator in explanations(note):
            loop.start("explanation", generator)
            for key, value, error in loop:
                if key == "waiting":
                    say_safe(f"jobevents: waiting for {waits_for}")
                    continue
                loop.drop("waiting")
                if error:
                    raise error
                yield value
                break
    finally:
        loop.close()


def _saved(name: str, choice: "JobChoice") -> "Iterator[tuple[JobRef | None, dict[JobRef | None, list[Event]]]]":
    """Each job whose events are saved in the file *name*, or those that *choice* names, with the events of all.

    A plan's jobs are not explained again.
    """
    from jobevents_cli.errors import UnknownJob
    from jobevents_cli.model.job_ref import JobRef as Ref
    from jobevents_cli.output.notices import say_safe
    from jobevents_cli.state.saved_events import read_saved
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
