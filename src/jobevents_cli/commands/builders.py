"""Builds, from a command's options, the parts that several commands put together."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import click

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.commands.job_choice import NARROWING
from jobevents_cli.commands.options import ConnectionOptions, check_types
from jobevents_cli.config.configuration import Configuration
from jobevents_cli.errors import AccessDenied, UsageProblem
from jobevents_cli.following.filters import event_filter
from jobevents_cli.model.durations import option_value
from jobevents_cli.model.event import Event
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.output.lines import LineOptions
from jobevents_cli.output.terminal import (
    console_for,
    encoding_of,
    is_terminal,
    paint_for,
    shows_symbols,
    takes_footer,
    times_for,
    width_of,
)

if TYPE_CHECKING:
    from jobevents_cli.clients.puppetdb import PuppetdbClient
    from jobevents_cli.render.tables import View
    from jobevents_cli.runtime.loop import Requests
    from jobevents_cli.tail.hints import GivenOptions
    from jobevents_cli.tail.report import ReportOptions

_WITHIN: Final = 9.0
"""Seconds for which servers are waited for, for `--why`: then there is time to show what is known without them."""

_FILTERS: Final = {
    "types": "--type",
    "nodes": "--node",
    "failures": "--failures",
    "grep": "--grep",
    "exclude": "--exclude",
}


def configuration_for(options: Mapping[str, Any]) -> Configuration:
    """The settings, with the connection options."""
    connection: ConnectionOptions = options["connection"]
    return connection.configuration()


def client_for(options: Mapping[str, Any]) -> Orchestrator:
    """The client for the connection options. Warns if others can read the token file."""
    connection: ConnectionOptions = options["connection"]
    return connection.client()


def line_options(options: Mapping[str, Any], *, tagged: bool, quiet: bool = False) -> LineOptions:
    """How to print events, by the filter and output options. See LineOptions for the other arguments."""
    check_types(options["types"])
    return LineOptions(
        wanted=event_filter(
            types=options["types"],
            nodes=options["nodes"],
            failures=options["failures"],
            grep=options["grep"],
            exclude=options["exclude"],
            printed=_printed_text,
        ),
        as_json=options["as_json"],
        quiet=quiet,
        time=options["time"],
        color=options["color"],
        tagged=tagged,
    )


def _printed_text(event: Event) -> str:
    """What is printed of *event*. Only patterns ask for that, so that what renders is loaded for them alone."""
    from jobevents_cli.render.event_line import printed_text

    return printed_text(event)


def report_options(
    options: Mapping[str, Any],
    given: "GivenOptions",
    *,
    quiet: bool,
    progress: bool | None,
    several: bool,
    waits_for_jobs: bool,
) -> "ReportOptions":
    """What `tail` shows on standard error: with `--json` header and summary only on a terminal.

    *several*: more than one job is followed, or more can come; *waits_for_jobs*: more can come.
    """
    from jobevents_cli.tail.report import ReportOptions

    on_terminal = is_terminal(sys.stderr)
    says_more = not quiet and (on_terminal or not options["as_json"])
    others = [options[name] for name in _FILTERS if name != "failures"]
    return ReportOptions(
        quiet=quiet,
        header=says_more,
        footer=not quiet and takes_footer(wanted=progress),
        summary=says_more,
        life_signs=progress is not False and not quiet and not on_terminal,
        color=options["color"],
        failures_are_printed=options["failures"] and options["lines"] is None and not any(others),
        why=None if options["why"] else given.why,
        failures=given.failures,
        groups_causes=options["why"],
        names_jobs=several,
        waits_for_jobs=waits_for_jobs,
    )


def given_options(options: Mapping[str, Any], *, all_jobs: bool) -> "GivenOptions":
    """The options that a proposed command repeats."""
    from jobevents_cli.tail.hints import GivenOptions

    return GivenOptions(
        all_jobs=("--all", *_repeated(options, NARROWING)) if all_jobs else (),
        events=tuple(_repeated(options, _FILTERS | {"as_json": "--json"})),
        server=options["connection"].arguments,
        start=options["start"],
        last=options["lines"],
        wait=("--wait", option_value(options["wait"])) if options["wait"] else (),
        resume=options["resume"],
        no_jobs=options["no_jobs"],
    )


def puppetdb_for(configuration: Configuration, *, saved: bool = False) -> "PuppetdbClient":
    """The client for PuppetDB. If a setting of it cannot be used, its queries say so: much can be told without it.

    For *saved* events it is only queried if its address is configured.
    """
    from jobevents_cli.clients.puppetdb import PuppetdbClient

    try:
        is_wanted = not saved or configuration.puppetdb_is_configured
        return PuppetdbClient(configuration.puppetdb if is_wanted else ())
    except (UsageProblem, AccessDenied) as error:
        return PuppetdbClient((), error)


def explain_for(options: Mapping[str, Any], client: Orchestrator) -> "Callable[[JobRef], Requests[list[str]]]":
    """A function that finds the causes of a job for `--why`: lines that are safe to print on standard error."""
    from jobevents_cli.render.escape import safe
    from jobevents_cli.why.explain import explain
    from jobevents_cli.why.text import CauseText

    configuration = configuration_for(options)
    columns = width_of(sys.stderr)
    text = CauseText(
        columns=columns if is_terminal(sys.stderr) else None,
        node_columns=columns,
        paint=paint_for(options["color"], sys.stderr),
    )

    said = set[str]()

    def lines(ref: JobRef) -> "Requests[list[str]]":
        with closing(puppetdb_for(configuration)) as puppetdb:
            explanation = yield from explain(client, puppetdb, ref, within=_WITHIN, said=said)
        return [*text.lines(explanation), *(safe(f"Notice: {notice}") for notice in explanation.notices)]

    return lines


def _repeated(options: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    """The arguments that set the options *names* as in *options*."""
    for name, option in names.items():
        value = options[name]
        if value is True:
            yield option
        elif value is not None and value is not False:
            for each in value if isinstance(value, tuple) else (value,):
                yield from (option, str(each))


def view_for(time: str | None, color: str, *, to_file: bool = False) -> "View":
    """How tables are drawn by the options `--time` and `--color`; *to_file*: into a file, not on standard output."""
    from jobevents_cli.render.tables import View

    if to_file:
        return View(times_for(time, to_file=True))
    return View(
        time=times_for(time),
        console=console_for(color, sys.stdout) if is_terminal(sys.stdout) else None,
        paint=paint_for(color, sys.stdout),
        symbols=shows_symbols(sys.stdout),
        links=color != "never",
        encoding=encoding_of(sys.stdout),
    )


def refuse_together(first: str, others: Mapping[str, object]) -> None:
    """A usage error if any of the *others*, option names with their values, was given beside *first*."""
    for name, value in others.items():
        if value not in (None, False, ()):
            raise click.UsageError(f"{first} and {name} contradict each other: give one of them")
