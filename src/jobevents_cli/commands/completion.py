"""`jobevents completion`: the completion script for a shell."""

import click

from jobevents_cli.exit_status import ExitStatus

SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    epilog="""\b
Examples:
  jobevents completion bash > ~/.local/share/bash-completion/completions/jobevents
  jobevents completion zsh > ~/.zfunc/_jobevents
  jobevents completion fish > ~/.config/fish/completions/jobevents.fish
""",
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script for SHELL."""
    click.echo(script_for(shell, ctx.find_root().command), nl=False)
    return ExitStatus.DONE


def script_for(shell: str, group: click.Command) -> str:
    """The completion script of *group* for *shell*, click's own: it names no option, so it never goes stale."""
    from click.shell_completion import get_completion_class

    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"there is no completion for {shell}")
    return completion(group, {}, "jobevents", "_JOBEVENTS_COMPLETE").source()
