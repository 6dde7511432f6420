"""The command line: the group, its commands loaded when they are needed, and the one way out."""

import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import NoReturn

import click

from jobevents_cli.errors import Interrupted, JobEventsError, UsageProblem
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.version import __version__

COMMANDS = {
    "tail": "Print the events of job JOB_ID so far, then follow it until it ends.",
    "list": "Print the events of job JOB_ID there are now, once.",
    "jobs": "List the recent jobs: id, state, type, environment, owner, nodes by state, time.",
    "show": "Show job JOB_ID: its header, the counts, a table of its nodes, a timeline.",
    "config": "Show and change the configuration file.",
    "doctor": "Check configuration, network, TLS, token and permission, one line each, with the cure.",
    "demo": "Show what jobevents does, without any Puppet.",
    "completion": "Print the completion script for SHELL.",
}
"""The commands, in the order in which `--help` shows them, each with the first sentence of its own help: `--help` of
the group loads none of them. A test compares."""

_NARROWEST_HELP, _WIDEST_HELP, _USUAL_WIDTH = 50, 100, 80

_SIGNALS = {
    "SIGINT": ExitStatus.INTERRUPTED,
    "SIGTERM": ExitStatus.TERMINATED,
    "SIGHUP": ExitStatus.HUNG_UP,
}


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order in which `--help` shows them."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table of commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command *cmd_name*, which stands in the module of its own name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"jobevents_cli.commands.{cmd_name}").command
        return command


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  jobevents demo                                a job to watch, without any Puppet
  jobevents tail 352                            follow job 352; exit as it ends
  jobevents tail 352 --failures                 print only what went wrong
  jobevents list 352 --json | jq -r .message    the events there are now
""",
)
@click.version_option(__version__, "-V", "--version", message="jobevents %(version)s")
def group() -> None:
    """Follow Puppet Enterprise orchestrator jobs: each event exactly once, live.

    Events go to standard output, all else to standard error. The exit status of `tail` tells how the job ended: 0
    it finished, 3 a node failed, 5 it was stopped, 4 not let in, 6 no such job, 7 no answer, 124 timed out.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and end the process with its exit status."""
    # Events are trees without circles: the collector would only walk through them, over and over.
    gc.set_threshold(100_000, 50, 50)
    _heed_signals()
    status = _run(arguments)
    from jobevents_cli.output.streams import end_streams

    end_streams()
    sys.exit(status)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        status = group.main(args=arguments, prog_name="jobevents", standalone_mode=False, terminal_width=_help_width())
        return int(status) if isinstance(status, int) else ExitStatus.DONE
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.message, err=True)
        return ExitStatus.USAGE
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "jobevents"
        return _end(UsageProblem(error.format_message(), hint=f"{command} --help"))
    except JobEventsError as error:
        return _end(error)
    except (KeyboardInterrupt, click.Abort):
        return _end(Interrupted("by SIGINT", ExitStatus.INTERRUPTED))
    except Exception as error:  # noqa: BLE001 - a traceback is a defect, and so is ending without a word
        where = error.__traceback__
        while where and where.tb_next:
            where = where.tb_next
        place = f"{where.tb_frame.f_code.co_name}, line {where.tb_lineno}" if where else "unknown place"
        return _end(JobEventsError(f"a defect in jobevents {__version__}: {type(error).__name__} in {place}"))


def _help_width() -> int:
    """The columns that help may take. Click would ask shutil, which with its archive formats takes 2 ms to load."""
    asked = os.environ.get("COLUMNS", "")
    columns = int(asked) if asked.isdecimal() else 0
    if not columns:
        with suppress(OSError):
            columns = os.get_terminal_size(1).columns
    return max(_NARROWEST_HELP, min(columns or _USUAL_WIDTH, _WIDEST_HELP) - 2)


def _end(error: JobEventsError) -> int:
    from jobevents_cli.output.notices import tell_error

    tell_error(error)
    return error.status


def _heed_signals() -> None:
    """Turn the signals that end a program into Interrupted, but for those that its starter told it to ignore."""

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        signal.signal(number, signal.SIG_DFL)  # a second one ends the process whatever it does
        name = signal.Signals(number).name
        raise Interrupted(f"by {name}", _SIGNALS[name])

    for name in _SIGNALS:
        with suppress(AttributeError, ValueError):  # Windows has no SIGHUP
            number = getattr(signal, name)
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, interrupt)
