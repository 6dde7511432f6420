"""`jobevents doctor`: tells whether everything works from here to the orchestrator."""

from typing import Any

import click

from jobevents_cli.commands.options import connection_options
from jobevents_cli.exit_status import ExitStatus


@click.command(
    "doctor",
    epilog="""\b
Examples:
  jobevents doctor
  jobevents doctor --profile staging
  jobevents doctor --json | jq -r 'select(.ok == false) | .cure'
""",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a check: check, ok, found, cure.")
@connection_options
def command(*, as_json: bool, **options: Any) -> int:
    """Check configuration, network, TLS, token and permission, one line each, with the cure.

    Ends in 0 where all is well, else as the first failed check would end a tail.
    """
    from jobevents_cli.checks import Diagnosis
    from jobevents_cli.commands.builders import configuration_for
    from jobevents_cli.output.printer import print_check
    from jobevents_cli.runtime.retry import fetch

    checks = []
    for check in fetch(lambda: iter(Diagnosis(configuration_for(options)))):
        print_check(check.name, check.found, check.cure, is_good=check.is_good, as_json=as_json)
        checks.append(check)
    return next((check.status for check in checks if check.is_good is False), ExitStatus.DONE)
