"""`jobevents changes`: what a Puppet job changed, or in a noop run would change, grouped by resource."""

import sys
from typing import TYPE_CHECKING, Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.help_groups import HOW_IT_LOOKS, WHICH_EVENTS, option_in
from jobevents_cli.commands.job_choice import job_argument, latest_options
from jobevents_cli.commands.options import color_option, connection_options
from jobevents_cli.commands.value_types import WholeNumber
from jobevents_cli.exit_status import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobevents_cli.why.changes_text import ChangesText

_nodes, _looks = option_in(WHICH_EVENTS), option_in(HOW_IT_LOOKS)


@click.command(
    "changes",
    cls=ConfiguredCommand,
    short_help="Show what changed, grouped by resource",
    epilog="""\b
Examples:
  jobevents changes 360
  jobevents changes latest --job-type deploy
  jobevents changes 360 --node 'web*' --all-nodes
  jobevents changes 360 --json | jq -r 'select(.corrective).resource'
""",
)
@job_argument()
@latest_options
@_nodes("--node", "nodes", metavar="GLOB", multiple=True, help="Only nodes whose certname matches; repeatable.")
@_looks("--all-nodes", is_flag=True, help="Print the names of all nodes.")
@_looks("--limit", metavar="N", type=WholeNumber(), help="At most N changes [default: 50 on a terminal, else all].")
@_looks("--json", "as_json", is_flag=True, help="JSON Lines: one object for each change.")
@color_option
@connection_options
def command(**options: Any) -> int:
    """Show what the Puppet runs of a job changed, or would change in a noop run: grouped by resource.

    PuppetDB has the reports that say so. Changes that put right what somebody else had changed are marked as
    corrective. Values can contain secrets: they are printed, and kept nowhere.
    """
    from contextlib import closing
    from functools import partial

    from jobevents_cli.commands.builders import client_for, configuration_for, puppetdb_for
    from jobevents_cli.commands.job_choice import find_jobs, job_choice, no_job_named
    from jobevents_cli.following.filters import node_filter
    from jobevents_cli.output.notices import say_safe
    from jobevents_cli.output.printer import print_lines, print_pieces
    from jobevents_cli.runtime.loop import Loop
    from jobevents_cli.why.changes import changes
    from jobevents_cli.why.changes_text import change_objects
    from jobevents_cli.why.run import run

    choice = job_choice(options)
    if choice.is_empty:
        raise no_job_named("changes", options)
    client, puppetdb = client_for(options), puppetdb_for(configuration_for(options))
    wanted = node_filter(options["nodes"]) if options["nodes"] else None
    with closing(Loop()) as loop:
        for ref in loop.run(find_jobs(choice, client)):
            found = run(loop, partial(changes, client, puppetdb, ref, wanted=wanted))
            for notice in found.notices:
                say_safe(f"Notice: {notice}")
            if options["as_json"]:
                print_lines(change_objects(found, options["limit"]))
            else:
                print_pieces(f"{line}\n".encode() for line in _text(options).lines(found))
    return ExitStatus.DONE


def _text(options: "Mapping[str, Any]") -> "ChangesText":
    """How changes are drawn on standard output."""
    from jobevents_cli.output.terminal import is_terminal, paint_for, width_of
    from jobevents_cli.why.changes_text import ON_SCREEN, ChangesText

    on_terminal = is_terminal(sys.stdout)
    columns = width_of(sys.stdout)
    return ChangesText(
        columns=columns if on_terminal else None,
        node_columns=columns,
        paint=paint_for(options["color"], sys.stdout),
        all_nodes=options["all_nodes"],
        limit=ON_SCREEN if options["limit"] is None and on_terminal else options["limit"],
        is_narrowed=bool(options["nodes"]),
    )
