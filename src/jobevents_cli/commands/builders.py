"""Builds, from a command's options, the parts that several commands put together."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from jobevents_cli.commands.options import check_types
from jobevents_cli.config.configuration import Configuration
from jobevents_cli.following.filters import event_filter
from jobevents_cli.orchestrator.client import OrchestratorClient, open_client
from jobevents_cli.orchestrator.job_search import Wanted
from jobevents_cli.output.capabilities import can_encode, is_terminal, takes_footer, wants_color, width_of
from jobevents_cli.output.notices import tell
from jobevents_cli.output.printer import Printing, times_for
from jobevents_cli.render.looks import SYMBOLS
from jobevents_cli.render.styles import colored, plain

if TYPE_CHECKING:
    from jobevents_cli.render.tables import View


def configuration_for(options: Mapping[str, Any]) -> Configuration:
    """The settings in force, given the connection options."""
    return Configuration({name: options[name.replace("-", "_")] for name in ("url", "token-file", "cacert", "profile")})


def client_for(options: Mapping[str, Any]) -> OrchestratorClient:
    """The client that the connection options ask for; warns of a token file that others can read."""
    connection = configuration_for(options).orchestrator
    if connection.token and connection.token.warning:
        tell(f"Warning: {connection.token.warning}")
    return open_client(connection)


def printing_for(
    options: Mapping[str, Any],
    *,
    quiet: bool = False,
    progress: bool = False,
    several: bool = False,
    waits_for_jobs: bool = False,
) -> Printing:
    """How the filter and output options want events printed; *progress*: with footer and summary where they fit."""
    check_types(options["types"])
    for_people = progress and not quiet
    return Printing(
        wanted=event_filter(
            types=options["types"],
            nodes=options["nodes"],
            failures=options["failures"],
            grep=options["grep"],
            exclude=options["exclude"],
        ),
        as_json=options["as_json"],
        quiet=quiet,
        time=options["time"],
        color=options["color"],
        footer=for_people and takes_footer(),
        summary=for_people and (is_terminal(sys.stderr) or not options["as_json"]),
        several=several,
        waits_for_jobs=waits_for_jobs,
    )


def view_for(options: Mapping[str, Any], now: float) -> "View":
    """How tables are drawn; *now* is the orchestrator's clock, in seconds since 1970."""
    from jobevents_cli.render.tables import View

    on_terminal = is_terminal(sys.stdout)
    return View(
        columns=width_of(sys.stdout) if on_terminal else None,
        time=times_for(options["time"]),
        now=now,
        paint=colored if wants_color(options["color"], sys.stdout) else plain,
        symbols=can_encode(SYMBOLS, sys.stdout),
        links=on_terminal and options["color"] != "never",
    )


def wanted_jobs(options: Mapping[str, Any], *, allowed: bool = True) -> Wanted:
    """The jobs that the options choose among all; a usage error where there is nothing to choose from."""
    names = {"job_type": "--job-type", "owner": "--owner", "environment": "--environment"}
    given = [option for name, option in names.items() if options[name] is not None]
    if given and not allowed:
        raise click.UsageError(f"{given[0]} chooses among jobs: it goes with --all or --latest")
    return Wanted(
        state=options.get("state"),
        job_type=options["job_type"],
        owner=options["owner"],
        environment=options["environment"],
    )


def refuse_together(first: str, others: Mapping[str, object]) -> None:
    """A usage error where any of the *others*, option names with their values, was given beside *first*."""
    for name, value in others.items():
        if value not in (None, False, ()):
            raise click.UsageError(f"{first} and {name} contradict each other: give one of them")
