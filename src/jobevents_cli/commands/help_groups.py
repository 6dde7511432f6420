"""Help that lists a command's options in groups: which jobs, which events, how it looks, when it ends, connection."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import click

WHICH_JOBS: Final = "Which jobs"
WHICH_EVENTS: Final = "Which events"
HOW_IT_LOOKS: Final = "How it looks"
WHEN_IT_ENDS: Final = "When it ends"
CONNECTION: Final = "Connection"
_GROUPS: Final = (WHICH_JOBS, WHICH_EVENTS, HOW_IT_LOOKS, WHEN_IT_ENDS, CONNECTION)
_OTHERS: Final = "Options"


class GroupedOption(click.Option):
    """An option that help lists under the heading *group*."""

    def __init__(self, *arguments: Any, group: str = _OTHERS, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help lists its options in groups, always in the same order; `--help` comes last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each group that has an option."""
        rows: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if (record := parameter.get_help_record(ctx)) is not None:
                rows.setdefault(getattr(parameter, "group", _OTHERS), []).append(record)
        for group in (*_GROUPS, _OTHERS):
            if group in rows:
                with formatter.section(group):
                    formatter.write_dl(rows[group])


def option_in(group: str) -> Callable[..., Callable[[Any], Any]]:
    """The decorator `click.option` for options that help lists under the heading *group*."""
    return partial(click.option, cls=GroupedOption, group=group)
