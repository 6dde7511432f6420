"""Help that lists a command's options in groups: which jobs, which events, how it looks, when it ends, connection."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

WHICH_JOBS: Final = "Which jobs"
WHICH_EVENTS: Final = "Which events"
WHICH_NODES: Final = "Which nodes"
HOW_IT_LOOKS: Final = "How it looks"
WHEN_IT_ENDS: Final = "When it ends"
DELIVERY: Final = "Delivery"
CONNECTION: Final = "Connection"
GROUPS: Final = (WHICH_JOBS, WHICH_EVENTS, WHICH_NODES, HOW_IT_LOOKS, WHEN_IT_ENDS, DELIVERY, CONNECTION)
OTHERS: Final = "Options"

CONNECTION_LINE: Final = "Connection: --url --token-file --cacert --profile: see jobevents config --help"
"""Stands for the options of the connection, which are the same everywhere. It fits on a row of 80 columns."""


class GroupedOption(click.Option):
    """An option that help lists under the heading *group*."""

    def __init__(self, *arguments: Any, group: str = OTHERS, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.group = group

    def get_help_extra(self, ctx: click.Context) -> Any:
        """The default and so on; a default in words comes without click's parentheses."""
        extra = super().get_help_extra(ctx)
        if isinstance(self.show_default, str):
            extra["default"] = self.show_default
        return extra


class GroupedCommand(click.Command):
    """A command whose help lists its options in groups, always in the same order; `--help` comes last."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """`-h`, `--help`. Its output is written like any other: a closed pipe or a full disk is reported."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = print_help
        return option

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse *args*; a usage error points to the help of this command."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a usage error that it raises points to its help."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def grouped_options(self, ctx: click.Context) -> dict[str, list[tuple[str, str]]]:
        """The options with their texts, by group, in the order of the groups; not those of the connection."""
        rows: dict[str, list[tuple[str, str]]] = {group: [] for group in (*GROUPS, OTHERS)}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                rows[getattr(parameter, "group", OTHERS)].append(record)
        rows[CONNECTION].clear()
        return rows

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each group that has an option, and the line for the connection."""
        for group, rows in self.grouped_options(ctx).items():
            if rows:
                with formatter.section(group):
                    formatter.write_dl(rows)
            elif group == CONNECTION and connection_records(self, ctx):
                formatter.write_paragraph()
                formatter.write_text(CONNECTION_LINE)


class GroupedGroup(GroupedCommand, click.Group):
    """A group of commands: help shows a table of them, and a mistyped command names the closest one."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options and then the table of commands."""
        GroupedCommand.format_options(self, ctx, formatter)
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.short_help_of(name)) for name in self.list_commands(ctx)])

    def short_help_of(self, name: str) -> str:
        """The first sentence of the help of the command *name*."""
        return " ".join((self.commands[name].help or "").split("\n\n")[0].split())

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that *args* begin with; a usage error names the closest one if there is none."""
        if not ctx.resilient_parsing and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise click.UsageError(self.unknown_command(ctx, args), ctx)
        return super().resolve_command(ctx, args)

    def unknown_command(self, ctx: click.Context, words: Sequence[str]) -> str:
        """The error message for *words*, the first of which is not a command."""
        from difflib import get_close_matches

        near = get_close_matches(words[0], self.list_commands(ctx), n=1, cutoff=0.5)
        meant = f"; did you mean `{ctx.command_path} {near[0]}`?" if near else ""
        return f"there is no command {words[0]!r}{meant}"

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The commands and options that begin with *incomplete*; no command is loaded."""
        from click.shell_completion import CompletionItem

        offered = [CompletionItem(name, help=self.short_help_of(name)) for name in self.list_commands(ctx)]
        fitting = [item for item in offered if item.value.startswith(incomplete)]
        return [*fitting, *click.Command.shell_complete(self, ctx, incomplete)]


def connection_records(command: click.Command, ctx: click.Context) -> list[tuple[str, str]]:
    """The options of the connection that *command* takes, with their texts."""
    options = [parameter for parameter in command.params if getattr(parameter, "group", "") == CONNECTION]
    return [record for option in options if (record := option.get_help_record(ctx))]


def print_help(ctx: click.Context, _parameter: click.Parameter, value: object) -> None:
    """Print the help of the command of *ctx* and end, if *value* is set."""
    if value and not ctx.resilient_parsing:
        from jobevents_cli.output.stdout import print_text

        print_text(f"{ctx.get_help()}\n")
        ctx.exit()


def option_in(group: str) -> Callable[..., Callable[[Any], Any]]:
    """The decorator `click.option` for options that help lists under the heading *group*."""
    return partial(click.option, cls=GroupedOption, group=group)
