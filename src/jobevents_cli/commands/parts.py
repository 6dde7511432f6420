"""Builds, from a command's options, the parts that several commands put together."""

from collections.abc import Mapping
from typing import Any

import click

from jobevents_cli.client import OrchestratorClient
from jobevents_cli.commands.options import check_types
from jobevents_cli.connecting import Connection
from jobevents_cli.filters import event_filter
from jobevents_cli.watching import Printing, tell


def client_for(options: Mapping[str, Any]) -> OrchestratorClient:
    """The client that the connection options ask for; warns of a token file that others can read."""
    connection = Connection(
        {name: options[name.replace("-", "_")] for name in ("url", "token-file", "cacert", "profile")}
    )
    client, warning = connection.client()
    if warning:
        tell(f"Warning: {warning}")
    return client


def printing_for(options: Mapping[str, Any], *, quiet: bool = False) -> Printing:
    """How the filter and output options want events printed."""
    check_types(options["types"])
    return Printing(
        wanted=event_filter(
            types=options["types"],
            nodes=options["nodes"],
            failures=options["failures"],
            grep=options["grep"],
            exclude=options["exclude"],
        ),
        last=options["lines"],
        as_json=options["as_json"],
        quiet=quiet,
        time=options["time"],
        color=options["color"],
    )


def refuse_together(first: str, others: Mapping[str, object]) -> None:
    """A usage error where any of the *others*, option names with their values, was given beside *first*."""
    for name, value in others.items():
        if value not in (None, False, ()):
            raise click.UsageError(f"{first} and {name} contradict each other: give one of them")
