"""The command line: the group, its commands loaded when they are needed, and the one way out."""

import errno
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from types import TracebackType
from typing import Final, NoReturn

import click

from jobevents_cli.commands.help_groups import GroupedGroup
from jobevents_cli.errors import JobEventsError, UsageProblem
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.version import __version__

COMMANDS: Final = {
    "tail": "Print events and follow until the job ends",
    "list": "Print the events so far",
    "jobs": "List recent jobs or plans, newest first",
    "show": "Show one job or plan and its nodes",
    "why": "Show what went wrong, grouped by cause",
    "changes": "Show what changed, grouped by resource",
    "forward": "Pass every event to a command",
    "config": "Show and change the configuration",
    "doctor": "Check settings, connection and permission",
    "demo": "Watch a made-up job, without any Puppet",
    "completion": "Print the completion script for a shell",
}
"""The commands in the order of `--help`, which loads none of them. Shells show at most 45 characters of each text."""

COMPLETE_VARIABLE: Final = "_JOBEVENTS_COMPLETE"
"""Set by the completion scripts: the shell, and what it requests."""

DEBUG_VARIABLE: Final = "JOBEVENTS_DEBUG"

_NARROWEST_HELP, _WIDEST_HELP, _USUAL_WIDTH = 50, 100, 80
_MOST_DIGITS: Final = 6

_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")

_PACKAGE: Final = __file__.removesuffix("cli.py")


class LazyGroup(GroupedGroup):
    """A group that imports a command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order in which `--help` shows them."""
        return list(COMMANDS)

    def short_help_of(self, name: str) -> str:
        """The help of the command *name* in the table, without loading it."""
        return COMMANDS[name]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command *cmd_name*, which is in the module of its own name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"jobevents_cli.commands.{cmd_name}").command
        return command

    def unknown_command(self, ctx: click.Context, words: Sequence[str]) -> str:
        """The error for *words*, the first of which is not a command. For a job it proposes `jobevents tail`."""
        from jobevents_cli.commands.job_choice import JobName

        try:
            JobName().convert(words[0], None, None)
        except click.BadParameter:
            return super().unknown_command(ctx, words)
        import shlex

        job = words[0].strip()
        return f"{job!r} is a job, not a command; did you mean `jobevents tail {shlex.quote(job)}`?"


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: object) -> None:
    if value and not ctx.resilient_parsing:
        from jobevents_cli.output.stdout import print_text

        print_text(f"jobevents {__version__}\n")
        ctx.exit()


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  jobevents demo                               watch a made-up job
  jobevents tail 352                           follow job 352; exit as it ends
  jobevents tail 352 --failures                print only what goes wrong
  jobevents list 352 --json | jq -r .message   the events so far
""",
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def group() -> None:
    """Follow Puppet Enterprise orchestrator jobs: each event exactly once, live.

    Events go to standard output, everything else to standard error. The exit status of `tail` says how the job ended:
    0 it finished, 3 a node failed, 5 it was stopped, 4 access denied, 6 no such job, 7 no usable response,
    124 --timeout expired.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and raise SystemExit with its exit status."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit status. All is written then, and signals are ignored from then on."""
    status = _invoke(sys.argv[1:] if arguments is None else list(arguments))
    _ignore_signals()
    return status


def _invoke(arguments: list[str]) -> int:  # noqa: PLR0911 - a table
    try:
        if instruction := os.environ.get(COMPLETE_VARIABLE):
            from jobevents_cli.commands.completion import answer_shell

            return answer_shell(instruction, group)
        with group.make_context("jobevents", arguments, terminal_width=_help_width()) as ctx:
            status = group.invoke(ctx)
        return int(status) if isinstance(status, int) else ExitStatus.DONE
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        from jobevents_cli.output.stderr import say

        say(error.message)
        return ExitStatus.USAGE
    except click.UsageError as error:
        return _end(_as_ours(error))
    except JobEventsError as error:
        return _end(error)
    except Exception as error:  # noqa: BLE001 - a traceback is a bug, and so is ending without a word
        return _end(_exhausted(error) or _bug(error))


def _as_ours(error: click.UsageError) -> UsageProblem:
    """The usage *error* that click or a command raised, with the help that says more."""
    from jobevents_cli.commands.gone import instead_of

    command = error.ctx.command_path if error.ctx else "jobevents"
    hint = f"{command} --help"
    message = " ".join(error.format_message().split()).replace("'[JOB]...'", "JOB").replace("'[JOB]'", "JOB")
    if gone := instead_of(error):
        message, hint = f"there is no {gone[0]} any more", gone[1]
    elif isinstance(error, click.NoSuchOption) and error.ctx:
        message = f"there is no option {error.option_name}"
        near = nearest(error.option_name, error.ctx.command)
        if near:
            message += f"; did you mean {near}?"
        elif command == "jobevents":
            hint = f"options follow the command: jobevents COMMAND {error.option_name}"
        if nearest(error.option_name, ("--follow", "-f")):
            hint = "`jobevents tail` follows until the job ends, without any option; `jobevents list` does not follow"
    return UsageProblem(message, hint=hint)


def nearest(name: str, among: click.Command | Sequence[str]) -> str | None:
    """The option of a command, or the name *among* several, that is most like *name*; None if none is."""
    from difflib import get_close_matches

    names: Sequence[str]
    if isinstance(among, click.Command):
        options = [parameter for parameter in among.params if isinstance(parameter, click.Option)]
        names = ["--help", *(name for option in options for name in (*option.opts, *option.secondary_opts))]
    else:
        names = among
    return next(iter(get_close_matches(name, names, n=1, cutoff=0.7)), None)


def _exhausted(error: Exception) -> UsageProblem | None:
    """The *error* in our words if it is this machine's: it has run out of something, or has another Python."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return UsageProblem("too many open files", hint="allow more: ulimit -n 4096")
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return UsageProblem("out of memory")
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return UsageProblem("no more threads can be started", hint="allow more processes: ulimit -u")
    if isinstance(error, ImportError) and str(error.name).startswith("msgspec"):
        version = ".".join(map(str, sys.version_info[:2]))
        return UsageProblem(
            f"this copy of jobevents was built for another Python than {version}",
            hint="run it with the Python that it was built with, or build it with this one",
        )
    return None


def _bug(error: Exception) -> JobEventsError:
    """The message for an *error* that should not occur. JOBEVENTS_DEBUG=1 prints the traceback first."""
    hint = None
    if os.environ.get(DEBUG_VARIABLE):
        from traceback import format_exception

        from jobevents_cli.output.stderr import say
        from jobevents_cli.render.escape import safe

        for line in "".join(format_exception(error)).splitlines():
            say(safe(line))
    else:
        hint = f"{DEBUG_VARIABLE}=1 prints the traceback; please report it"
    place = _place(error.__traceback__)
    return JobEventsError(f"a bug in jobevents {__version__}: {type(error).__name__} in {place}", hint=hint)


def _place(traceback: TracebackType | None) -> str:
    """File, function and line where a *traceback* was last in jobevents."""
    place = "an unknown place"
    while traceback:
        code = traceback.tb_frame.f_code
        if code.co_filename.startswith(_PACKAGE):
            file = code.co_filename.removeprefix(_PACKAGE).replace(os.sep, "/")
            place = f"{file}, {code.co_name}(), line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


def _help_width() -> int:
    """The columns that help may take. Click would import shutil for this, which takes 2 ms."""
    text = os.environ.get("COLUMNS", "")
    columns = int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else 0
    if not columns:
        with suppress(OSError):
            columns = os.get_terminal_size(1).columns
    return max(_NARROWEST_HELP, min(columns or _USUAL_WIDTH, _WIDEST_HELP) - 2)


def _end(error: JobEventsError) -> int:
    from jobevents_cli.output.notices import print_error

    print_error(error)
    return error.status


def _ignore_signals() -> None:
    """Let no signal change the status that has been decided, or interrupt Python while it ends."""
    for name in _SIGNALS:
        with suppress(AttributeError, ValueError):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
