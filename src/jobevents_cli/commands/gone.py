"""What earlier versions had, and what to use instead."""

import re
from typing import Final

import click

_EXIT_STATUS: Final = "tail always exits as the job ended; show JOB --exit-status exits as it ended so far"

_INSTEAD: Final = {
    "--latest": "give `latest` as JOB: jobevents tail latest",
    "--latest-plan": "give `plan/latest` as JOB: jobevents tail plan/latest",
    "--raw": "use --json; or curl, for the response byte for byte",
    "--messages": "use --json | jq -r .message",
    "--exit-status": _EXIT_STATUS,
    "--no-exit-status": _EXIT_STATUS,
    "--svg": "use --format markdown",
    "--format json": "use --json",
    "--time relative": "use --time local, utc or none",
    "config path": "jobevents config show prints the path",
    "config profiles": "jobevents config show prints the profiles",
}


def instead_of(error: click.UsageError) -> tuple[str, str] | None:
    """What the *error* refuses, and what to use instead; None if no version had it."""
    refused = ""
    if isinstance(error, click.NoSuchOption):
        refused = error.option_name
    elif quoted := re.search(r"'([^']*)'", error.message):
        if isinstance(error, click.BadParameter) and error.param:
            refused = f"{error.param.opts[0]} {quoted[1]}"
        elif error.ctx:
            refused = f"{error.ctx.command.name} {quoted[1]}"
    return (refused, _INSTEAD[refused]) if refused in _INSTEAD else None
