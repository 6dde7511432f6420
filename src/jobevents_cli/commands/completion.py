"""`jobevents completion`: the completion script for a shell, and the completions that it requests."""

from typing import TYPE_CHECKING, Final

import click

from jobevents_cli.commands.help_groups import GroupedCommand
from jobevents_cli.errors import UsageProblem
from jobevents_cli.exit_status import ExitStatus

if TYPE_CHECKING:
    from click.shell_completion import ShellComplete

SHELLS: Final = ("bash", "zsh", "fish")


@click.command(
    "completion",
    cls=GroupedCommand,
    epilog="""\b
Examples:
  jobevents completion bash >> ~/.bash_completion
  jobevents completion zsh > ~/.zfunc/_jobevents
  jobevents completion fish > ~/.config/fish/completions/jobevents.fish
""",
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script for SHELL.

    It completes commands, options and their values: jobs that were seen lately, profiles, event types.
    """
    from jobevents_cli.output.stdout import print_text

    print_text(script_for(shell, ctx.find_root().command))
    return ExitStatus.DONE


def script_for(shell: str, group: click.Command) -> str:
    """The completion script of *group* for *shell*: it names no option, so it never becomes stale."""
    from click.shell_completion import ShellComplete

    return ShellComplete.source(_completer(shell, group))  # bash's own would start a bash to see its version


def answer_shell(instruction: str, group: click.Command) -> int:
    """Do what a shell's completion script requests with *instruction*, such as `bash_complete`.

    UsageProblem if that is unknown.
    """
    from jobevents_cli.output.stdout import print_text

    shell, _, wanted = instruction.partition("_")
    if shell not in SHELLS or wanted not in ("source", "complete"):
        raise UsageProblem(f"_JOBEVENTS_COMPLETE={instruction!r} is not known", hint="jobevents completion --help")
    if wanted == "source":
        print_text(script_for(shell, group))
        return ExitStatus.DONE
    try:
        offered = _completer(shell, group).complete()
    except (LookupError, ValueError):
        raise UsageProblem("COMP_WORDS and COMP_CWORD are missing or wrong: the shell's script sets them") from None
    print_text(f"{offered}\n" if offered else "")
    return ExitStatus.DONE


def _completer(shell: str, group: click.Command) -> "ShellComplete":
    from click.shell_completion import FishComplete, get_completion_class

    class WholeDescriptions(FishComplete):
        """Fish's completion, which otherwise ends a description at its first comma."""

        source_template = FishComplete.source_template.replace('string split ","', 'string split --max 1 ","')

    completion = WholeDescriptions if shell == "fish" else get_completion_class(shell)
    if completion is None:
        raise UsageProblem(f"there is no completion for {shell}")
    return completion(group, {}, "jobevents", "_JOBEVENTS_COMPLETE")
