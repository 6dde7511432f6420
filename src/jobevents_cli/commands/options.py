"""The options that commands share, each declared once, and their completions."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import click

from jobevents_cli.commands.help_groups import CONNECTION, HOW_IT_LOOKS, WHICH_EVENTS, WHICH_JOBS, option_in
from jobevents_cli.commands.value_types import WholeNumber

if TYPE_CHECKING:
    from jobevents_cli.clients.orchestrator import Orchestrator
    from jobevents_cli.config.configuration import Configuration
    from jobevents_cli.store.recent_jobs import RecentJob

Command = TypeVar("Command", bound=Callable[..., Any])


def complete_types(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[Any]:
    """The event types, short and long, that begin with *incomplete*."""
    from click.shell_completion import CompletionItem

    from jobevents_cli.following.filters import SHORT_TYPES
    from jobevents_cli.model.event import EVENT_TYPES

    offered = [CompletionItem(name, help=f"short for {SHORT_TYPES[name]}") for name in SHORT_TYPES]
    offered += [CompletionItem(name, help="event type") for name in EVENT_TYPES]
    return [item for item in offered if item.value.startswith(incomplete)]


def complete_profiles(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[Any]:
    """The profiles of the configuration file that begin with *incomplete*."""
    from click.shell_completion import CompletionItem

    from jobevents_cli.config.file import ConfigFile
    from jobevents_cli.errors import JobEventsError

    try:
        profiles = ConfigFile().profiles
    except JobEventsError:
        return []
    return [
        CompletionItem(name, help=str(table.get("url", "")))
        for name, table in profiles.items()
        if name.startswith(incomplete)
    ]


def complete_files(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[Any]:
    """What makes the shell complete the names of files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def complete_jobs(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[Any]:
    """The jobs and plans seen lately that begin with *incomplete* and are not on the command line yet."""
    from click.shell_completion import CompletionItem

    given = {str(getattr(job, "ref", job)) for job in ctx.params.get(parameter.name or "") or ()}
    return [
        CompletionItem(str(job.ref), help=job.about)
        for job in remembered_jobs(connection_of(ctx.params))
        if str(job.ref).startswith(incomplete) and str(job.ref) not in given
    ]


def complete_from_jobs(attribute: str, *known: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """A completion that offers *known* and every *attribute* of the jobs seen lately."""

    def complete(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        offered = dict.fromkeys(
            (*known, *(getattr(job, attribute) for job in remembered_jobs(connection_of(ctx.params))))
        )
        return [CompletionItem(value) for value in offered if value and value.startswith(incomplete)]

    return complete


def remembered_jobs(connection: "ConnectionOptions") -> "list[RecentJob]":
    """The jobs seen lately at the orchestrator of *connection*. None if none is configured."""
    from jobevents_cli.errors import JobEventsError
    from jobevents_cli.store.recent_jobs import recent_jobs

    try:
        return recent_jobs(connection.configuration().url)
    except JobEventsError:
        return []


def stacked(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """One decorator for several, in the order in which `--help` shows them."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


CONFIGURABLE = ("interval", "retry-for", "timeout", "time", "color", "progress")
"""The options whose defaults the configuration file may hold."""


_connection, _events, _looks, _jobs = map(option_in, (CONNECTION, WHICH_EVENTS, HOW_IT_LOOKS, WHICH_JOBS))


class ConnectionOptions(NamedTuple):
    """The options that say which server is talked to, and how."""

    url: str | None = None
    token_file: str | None = None
    cacert: str | None = None
    profile: str | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments that give these options to another command."""
        given = zip(("--url", "--token-file", "--cacert", "--profile"), self, strict=True)
        return tuple(argument for option, value in given if value is not None for argument in (option, value))

    def configuration(self) -> "Configuration":
        """The settings, with these options."""
        from jobevents_cli.config.configuration import Configuration

        return Configuration({name.replace("_", "-"): value for name, value in self._asdict().items()})

    def client(self) -> "Orchestrator":
        """The client for the orchestrator. Warns if others can read the token file."""
        from jobevents_cli.clients.orchestrator import Orchestrator

        connection = self.configuration().orchestrator
        if connection.token and connection.token.warning:
            from jobevents_cli.output.notices import say_safe

            say_safe(f"Warning: {connection.token.warning}")
        return Orchestrator(connection)


def connection_of(options: Mapping[str, Any]) -> ConnectionOptions:
    """The options of the connection among all *options* of a command."""
    return ConnectionOptions(*(options.get(name) for name in ConnectionOptions._fields))


def connection_options(command: Command) -> Command:
    """Declare the options of the connection: *command* gets them as one argument, `connection`."""

    @wraps(command)
    def with_connection(**options: Any) -> Any:
        connection = connection_of(options)
        others = {name: value for name, value in options.items() if name not in connection._fields}
        return command(connection=connection, **others)

    return cast("Command", _declared(with_connection))


_declared = stacked(
    _connection("--url", metavar="URL", help="Address of the orchestrator: host, host:port or https://host:port."),
    _connection(
        "--token-file",
        metavar="FILE",
        shell_complete=complete_files,
        help="File with the token [default: ~/.puppetlabs/token].",
    ),
    _connection(
        "--cacert",
        metavar="FILE",
        shell_complete=complete_files,
        help="CA certificates to trust [default: the Puppet agent's].",
    ),
    _connection(
        "--profile", metavar="NAME", shell_complete=complete_profiles, help="Profile of the configuration file to use."
    ),
)

filter_options = stacked(
    _events(
        "--type",
        "types",
        metavar="TYPE",
        multiple=True,
        shell_complete=complete_types,
        help="Only this type; `failed` is node_failed and so on; repeatable.",
    ),
    _events(
        "--node",
        "nodes",
        metavar="GLOB",
        multiple=True,
        help="Only events of nodes whose certname matches, or begins with this label: web01; repeatable.",
    ),
    _events(
        "--failures",
        is_flag=True,
        help="Only node_failed, node_errored, node_skipped, job_stopping, job_aborted, plan_failed, and node_finished "
        "with an error.",
    ),
    _events(
        "--grep",
        metavar="REGEX",
        multiple=True,
        help="Only events whose message or printed text matches, highlighted; (?i) ignores case; repeatable.",
    ),
    _events(
        "--exclude", metavar="REGEX", multiple=True, help="No events whose message or printed text matches; repeatable."
    ),
)

saved_option = _jobs(
    "--from",
    "saved",
    metavar="FILE",
    shell_complete=complete_files,
    help="Read saved JSON Lines instead; - is stdin.",
)


position_options = stacked(
    _events("--start", metavar="ID", type=WholeNumber(), help="Start with this event id."),
    _events("-n", "--lines", metavar="N", type=WholeNumber(), help="Start with the last N events."),
)

no_jobs_option = _events("--no-jobs", is_flag=True, help="For a plan: only its own events, not those of its jobs.")

color_option = _looks(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="When to colour (overrides NO_COLOR and FORCE_COLOR).",
)

look_options = stacked(
    _looks(
        "--time",
        type=click.Choice(["local", "utc", "none"]),
        help="How times are shown [default: local on a terminal, else utc].",
    ),
    color_option,
)

output_options = stacked(
    _looks("--json", "as_json", is_flag=True, help="JSON Lines: each event as the orchestrator sent it."),
    look_options,
)


narrowing_options = stacked(
    _jobs(
        "--environment",
        metavar="NAME",
        shell_complete=complete_from_jobs("environment"),
        help="Only jobs of this Puppet environment.",
    ),
    _jobs(
        "--owner",
        metavar="LOGIN",
        shell_complete=complete_from_jobs("owner"),
        help="Only jobs that this user started.",
    ),
    _jobs(
        "--job-type",
        metavar="TYPE",
        shell_complete=complete_from_jobs("type", "deploy", "task", "plan_task"),
        help="Only jobs of this type: deploy, task, plan_task and so on.",
    ),
)


def _known_state(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """The state *value*, if jobs or plans can have it: another one would match nothing, without a word."""
    from jobevents_cli.model.job import STATES
    from jobevents_cli.model.plan import PLAN_STATES

    if value is not None and value not in (*STATES, *PLAN_STATES):
        raise click.BadParameter(
            f"{value!r} is no state: jobs have {', '.join(STATES)}; plan jobs {', '.join(PLAN_STATES)}"
        )
    return value


state_option = _jobs(
    "--state",
    metavar="STATE",
    callback=_known_state,
    shell_complete=complete_from_jobs("state", "running", "finished", "failed", "stopped"),
    help="Only jobs in this state: running, finished, failed, stopped and so on.",
)


def check_types(types: tuple[str, ...]) -> None:
    """Refuse what cannot be an event type. Warn of one that is not documented: it is probably mistyped."""
    from jobevents_cli.following.filters import SHORT_TYPES
    from jobevents_cli.model.event import EVENT_TYPES

    for name in types:
        if name in EVENT_TYPES or name in SHORT_TYPES:
            continue
        known = ", ".join(EVENT_TYPES)
        if "_" not in name:
            raise click.BadParameter(f"{name!r} is not an event type (known: {known})", param_hint="'--type'")
        from jobevents_cli.output.notices import say_safe

        say_safe(f"Warning: {name!r} is not a documented event type (known: {known})")
