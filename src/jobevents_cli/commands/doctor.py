"""`jobevents doctor`: checks whether everything works from here to the orchestrator, and to PuppetDB."""

from typing import Any

import click

from jobevents_cli.commands.help_groups import HOW_IT_LOOKS, GroupedCommand, option_in
from jobevents_cli.commands.options import connection_options
from jobevents_cli.exit_status import ExitStatus


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
def command(*, as_json: bool, **options: Any) -> int:
    """Check configuration, network, TLS, token and permission: one line each, and what to do if it fails.

    PuppetDB is checked too. It is needed only to say why nodes failed, so it never makes doctor fail.

    Exits with 0 if everything works, otherwise as the first failed check would end a tail.
    """
    from jobevents_cli.checks import checks
    from jobevents_cli.commands.builders import configuration_for
    from jobevents_cli.output.printer import print_check
    from jobevents_cli.runtime.retry import fetch

    status = ExitStatus.DONE
    for check in fetch(lambda: checks(configuration_for(options))):
        is_warning = check.is_good is False and not check.status
        print_check(check.name, check.found, check.cure, is_good=check.is_good, is_warning=is_warning, as_json=as_json)
        status = status or check.status
    return status
