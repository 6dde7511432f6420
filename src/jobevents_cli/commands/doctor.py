"""`jobevents doctor`: checks whether everything works from here to the orchestrator, and to PuppetDB."""

import click

from jobevents_cli.commands.help_groups import HOW_IT_LOOKS, GroupedCommand, option_in
from jobevents_cli.commands.options import ConnectionOptions, connection_options


@click.command(
    "doctor",
    cls=GroupedCommand,
    epilog="""\b
Examples:
  jobevents doctor
  jobevents doctor --profile staging
  jobevents doctor --json | jq -r 'select(.ok == false) | .cure'
""",
)
@option_in(HOW_IT_LOOKS)(
    "--json", "as_json", is_flag=True, help="JSON Lines: one object per check, with check, ok, found, cure."
)
@connection_options
def command(*, connection: ConnectionOptions, as_json: bool) -> int:
    """Check configuration, network, TLS, token and permission: one line each, and what to do if it fails.

    PuppetDB is checked too. It is needed only to say why nodes failed, so it never makes doctor fail.

    Exits with 0 if everything works, otherwise as the first failed check would end a tail.
    """
    from contextlib import closing

    from jobevents_cli.commands.builders import view_for
    from jobevents_cli.doctor import Check, examine
    from jobevents_cli.output.printer import print_lines, print_pieces
    from jobevents_cli.runtime.loop import Loop

    view = view_for("none", "auto")

    def tell(check: Check) -> None:
        if as_json:
            print_lines([check.as_object()])
        else:
            print_pieces(view.encoded(check.lines(view)))

    with closing(Loop()) as loop:
        return loop.run(examine(connection.configuration(), tell))
