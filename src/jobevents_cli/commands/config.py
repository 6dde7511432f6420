"""`jobevents config`: what is configured, where it comes from, and changing it."""

from typing import Any, Final

import click

from jobevents_cli.commands.help_groups import CONNECTION, GroupedCommand, GroupedGroup, connection_records
from jobevents_cli.commands.options import CONFIGURABLE, ConnectionOptions, complete_profiles, connection_options
from jobevents_cli.commands.value_types import Duration
from jobevents_cli.exit_status import ExitStatus

_FILES: Final = {"cacert": "CA file", "puppetdb-cert": "certificate", "puppetdb-key": "key"}
_KEYS: Final = ("url", "token-file", "cacert", "default-profile", "puppetdb-url", "puppetdb-cert", "puppetdb-key")
_NAME: Final = len("puppetdb-cert")
"""Columns of the longest name that `show` prints."""

_profile_option = click.option(
    "--profile", metavar="NAME", shell_complete=complete_profiles, help="In this profile instead of for all."
)


class _ConfigGroup(GroupedGroup):
    """The group `config`, whose help explains the connection options that other helps only name."""

    def grouped_options(self, ctx: click.Context) -> dict[str, list[tuple[str, str]]]:
        """The options with their texts, by group; those of the connection are taken by other commands."""
        return {**super().grouped_options(ctx), CONNECTION: connection_records(show, ctx)}


@click.group(
    "config",
    cls=_ConfigGroup,
    epilog="""\b
Examples:
  jobevents config set url https://pe.example.com
  jobevents config set --profile staging url https://pe-staging.example.com
  jobevents config set default-profile staging
  jobevents config set interval 2
  jobevents config show
""",
)
def command() -> None:
    """Show and change the configuration file.

    Keys: url, token-file, cacert, default-profile; for PuppetDB puppetdb-url, puppetdb-cert, puppetdb-key; and the
    defaults of options: interval, retry-for, timeout, time, color, progress.

    Every command that talks to a server takes the connection options below. Each setting is looked up separately:
    the option, the environment variable, the profile, the whole file, the PE client tools' files, PE's defaults.
    """


@command.command(
    "show",
    cls=GroupedCommand,
    epilog="\b\nExamples:\n  jobevents config show\n  jobevents config show --profile staging\n",
)
@connection_options
def show(*, connection: ConnectionOptions) -> int:
    """Print every setting and where it comes from.

    The path of the file and its profiles come first. The token is never printed. A setting that cannot be used is
    reported, and the others are still printed.
    """
    from jobevents_cli.commands.builders import view_for
    from jobevents_cli.config.effective import Row, effective
    from jobevents_cli.output.printer import print_pieces
    from jobevents_cli.render.tables import Column, cell, table

    found = list(
        effective(connection.configuration(), CONFIGURABLE, token_file_given=connection.token_file is not None)
    )
    view = view_for("none", "auto")
    rows = [[cell(row.name), cell(f"{row.value}  ({row.origin})", wraps=True)] for row in found if isinstance(row, Row)]
    print_pieces(view.encoded(table((Column("", width=_NAME), Column("", least=20)), rows, view, titles=False)))
    for row in found:
        if not isinstance(row, Row):
            raise row
    return ExitStatus.DONE


def _complete_keys(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [key for key in (*_KEYS, *CONFIGURABLE) if key.startswith(incomplete)]


@command.command(
    "set",
    cls=GroupedCommand,
    epilog="\b\nExamples:\n  jobevents config set url https://pe.example.com\n  jobevents config set color never\n",
)
@click.argument("key", metavar="KEY", type=click.Choice([*_KEYS, *CONFIGURABLE]))
@click.argument("value", metavar="VALUE")
@_profile_option
def set_(key: str, value: str, profile: str | None) -> int:
    """Set KEY to VALUE.

    A value that could not be used is refused.
    """
    from jobevents_cli.config.file import ConfigFile

    if profile is not None and key == "default-profile":
        raise click.UsageError("default-profile and --profile contradict each other: it applies to all profiles")
    file = ConfigFile()
    if key == "default-profile":
        file.profile(value)
    file.set(key, _checked(key, value), profile)
    return ExitStatus.DONE


@command.command(
    "unset",
    cls=GroupedCommand,
    epilog="\b\nExamples:\n  jobevents config unset interval\n  jobevents config unset --profile staging url\n",
)
@click.argument("key", metavar="KEY", shell_complete=_complete_keys)
@_profile_option
def unset(key: str, profile: str | None) -> int:
    """Remove KEY from the file."""
    from jobevents_cli.config.file import ConfigFile
    from jobevents_cli.errors import UsageProblem

    file = ConfigFile()
    if not file.unset(key, profile):
        raise UsageProblem(f"{key} is not set in {file.path}" + (f" [profiles.{profile}]" if profile else ""))
    return ExitStatus.DONE


def _checked(key: str, value: str) -> Any:
    """The value to write into the configuration file for *key*. UsageProblem if *value* cannot be used for it."""
    from jobevents_cli.commands.tail import command as tail
    from jobevents_cli.config.address import Setting, orchestrator_url, puppetdb_url
    from jobevents_cli.config.configuration import existing_file
    from jobevents_cli.errors import UsageProblem

    setting = Setting(value, "VALUE")
    if not value:
        raise UsageProblem(f"{key}: the value is empty", hint=f"to remove it: jobevents config unset {key}")
    if not value.isprintable():
        raise UsageProblem(f"{key}: {value!r} has characters that cannot be printed")
    if key == "url":
        orchestrator_url(setting)
    elif key == "puppetdb-url":
        puppetdb_url(setting)
    elif key in _FILES:
        existing_file(_FILES[key], setting)
    for parameter in tail.params if key in CONFIGURABLE else ():
        if parameter.name == key.replace("-", "_"):
            try:
                converted = parameter.type_cast_value(click.Context(tail), value)
            except click.BadParameter as error:
                if isinstance(parameter.type, click.types.BoolParamType):
                    raise UsageProblem(f"{key} must be true or false, not {value!r}") from None
                raise UsageProblem(f"{key}: {error.message}") from None
            # Durations stay as people write them.
            return value if isinstance(parameter.type, Duration) else converted
    return value
