"""Commands whose options take their defaults from the configuration file."""

import click

from jobevents_cli.commands.help_groups import GroupedCommand
from jobevents_cli.commands.options import CONFIGURABLE, connection_of
from jobevents_cli.commands.value_types import quoted
from jobevents_cli.errors import UsageProblem


class ConfiguredCommand(GroupedCommand):
    """A command whose options take their defaults from the configuration file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse *args* and look up the options not given. UsageProblem if a value in the file cannot be used."""
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            self._configure(ctx)
        return rest

    def _configure(self, ctx: click.Context) -> None:
        from jobevents_cli.config.sources import shown

        configuration = connection_of(ctx.params).configuration()
        for parameter in self.params:
            option = (parameter.name or "").replace("_", "-")
            given = ctx.get_parameter_source(parameter.name or "")
            if option not in CONFIGURABLE or given is not click.core.ParameterSource.DEFAULT:
                continue
            found = configuration.default(option)
            if found is None:
                continue
            value, origin = found
            is_flag = isinstance(parameter, click.Option) and parameter.is_flag
            if not isinstance(value, bool if is_flag else str | int | float) or (
                isinstance(value, bool) and not is_flag
            ):
                kind = "true or false" if is_flag else "a text or a number"
                raise UsageProblem(f"{option} in {origin} must be {kind}, not {shown(value)}")
            try:
                ctx.params[parameter.name or ""] = parameter.type_cast_value(ctx, value)
            except click.BadParameter as error:
                raise UsageProblem(f"{option} in {origin}: {error.message}") from None
            except ValueError:  # a number of thousands of digits: Click makes a text of it
                raise UsageProblem(f"{option} in {origin} cannot be {quoted(value)}") from None
