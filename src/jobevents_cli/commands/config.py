"""`jobevents config`: what is configured, where it stands, and changing it."""

from typing import Any

import click

from jobevents_cli.commands.options import CONFIGURABLE, Duration, connection_options
from jobevents_cli.exit_status import ExitStatus

_KEYS = ("url", "token-file", "cacert", "default-profile", *CONFIGURABLE)
_profile_option = click.option("--profile", metavar="NAME", help="In this profile instead of for all.")


@click.group(
    "config",
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

    Keys: url, token-file, cacert, default-profile; and defaults for options: interval, retry-for, timeout, time,
    color, progress.
    """


@command.command("path", epilog='\b\nExamples:\n  jobevents config path\n  cat "$(jobevents config path)"\n')
def path() -> int:
    """Print where the configuration file is, or would be."""
    from jobevents_cli.config.file import config_path

    click.echo(config_path())
    return ExitStatus.DONE


@command.command("show", epilog="\b\nExamples:\n  jobevents config show\n  jobevents config show --profile staging\n")
@connection_options
def show(**options: Any) -> int:
    """Print every setting in force and where it comes from; of the token, only that."""
    from jobevents_cli.commands.builders import configuration_for
    from jobevents_cli.render.escape import safe

    configuration = configuration_for(options)
    for name, value, origin in configuration.effective(CONFIGURABLE):
        click.echo(safe(f"{name:<12}  {value}  ({origin})"))
    return ExitStatus.DONE


@command.command(
    "set",
    epilog="\b\nExamples:\n  jobevents config set url https://pe.example.com\n  jobevents config set color never\n",
)
@click.argument("key", metavar="KEY", type=click.Choice(_KEYS))
@click.argument("value", metavar="VALUE")
@_profile_option
def set_(key: str, value: str, profile: str | None) -> int:
    """Set KEY to VALUE, after a check."""
    from jobevents_cli.config.file import ConfigFile

    if profile is not None and key == "default-profile":
        raise click.UsageError("default-profile stands for all: leave --profile out")
    ConfigFile().set(key, _checked(key, value), profile)
    return ExitStatus.DONE


@command.command(
    "unset", epilog="\b\nExamples:\n  jobevents config unset interval\n  jobevents config unset --profile staging url\n"
)
@click.argument("key", metavar="KEY")
@_profile_option
def unset(key: str, profile: str | None) -> int:
    """Take KEY out of the file."""
    from jobevents_cli.config.file import ConfigFile
    from jobevents_cli.errors import UsageProblem

    file = ConfigFile()
    if not file.unset(key, profile):
        raise UsageProblem(f"{key} does not stand in {file.path}" + (f" [profiles.{profile}]" if profile else ""))
    return ExitStatus.DONE


@command.command("profiles", epilog="\b\nExamples:\n  jobevents config profiles\n")
def profiles() -> int:
    """List the profiles, the default one marked."""
    from jobevents_cli.config.file import ConfigFile
    from jobevents_cli.render.escape import safe

    file = ConfigFile()
    for name, table in file.profiles.items():
        mark = "*" if name == file.default_profile else " "
        click.echo(safe(f"{mark} {name}  {table.get('url', '')}").rstrip())
    return ExitStatus.DONE


def _checked(key: str, value: str) -> Any:
    """What to write into the configuration file for *key*; UsageProblem where *value* does not fit it."""
    from jobevents_cli.commands.tail import command as tail
    from jobevents_cli.errors import UsageProblem
    from jobevents_cli.http.address import Setting, orchestrator_url

    if key == "url":
        orchestrator_url(Setting(value, "VALUE"))
        return value
    for parameter in tail.params:
        if parameter.name == key.replace("-", "_") and key in CONFIGURABLE:
            try:
                converted = parameter.type_cast_value(click.Context(tail), value)
            except click.BadParameter as error:
                raise UsageProblem(f"{key}: {error.message}") from None
            # Durations stay as people write them.
            return value if isinstance(parameter.type, Duration) else converted
    return value
