"""`jobevents show`: one job with its nodes, or one plan with its jobs; as text, JSON, Markdown or JUnit XML."""

from typing import TYPE_CHECKING, Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.help_groups import HOW_IT_LOOKS, WHEN_IT_ENDS, WHICH_NODES, option_in
from jobevents_cli.commands.job_choice import job_argument, latest_options
from jobevents_cli.commands.options import (
    ConnectionOptions,
    complete_files,
    connection_options,
    look_options,
    saved_option,
)
from jobevents_cli.exit_status import ExitStatus

if TYPE_CHECKING:
    from jobevents_cli.show.show import Format

_nodes, _looks = option_in(WHICH_NODES), option_in(HOW_IT_LOOKS)


@click.command(
    "show",
    cls=ConfiguredCommand,
    short_help="Show one job or plan and its nodes",
    epilog="""\b
Examples:
  jobevents show 352
  jobevents show latest --failures
  jobevents show 352 --node web01
  jobevents show 352 --format junit --output report.xml
  jobevents show 352 --format markdown --why >> "$GITHUB_STEP_SUMMARY"
  jobevents show 352 --json --failures | jq -r .name
""",
)
@job_argument()
@latest_options
@saved_option
@_nodes("--node", "nodes", metavar="GLOB", multiple=True, help="Only nodes whose certname matches; repeatable.")
@_nodes("--failures", is_flag=True, help="Only nodes that failed, errored, were skipped or finished with an error.")
@_nodes("--running", is_flag=True, help="Only nodes that are running.")
@_looks("--format", "form", type=click.Choice(["text", "markdown", "junit"]), help="The format [default: text].")
@_looks("--json", "as_json", is_flag=True, help="JSON Lines: the job with its nodes as the orchestrator sent them.")
@_looks("--why", is_flag=True, help="Also print what went wrong, grouped by cause.")
@_looks("--all-nodes", is_flag=True, help="Markdown: list all nodes, not only those that failed.")
@_looks(
    "--output",
    metavar="FILE",
    shell_complete=complete_files,
    help="Write FILE instead of standard output, once all is known.",
)
@look_options
@option_in(WHEN_IT_ENDS)(
    "--exit-status/--no-exit-status",
    default=False,
    help="Whether the exit status reflects the job's outcome [default: no].",
)
@connection_options
def command(
    *,
    connection: ConnectionOptions,
    saved: str | None,
    form: str | None,
    as_json: bool,
    nodes: tuple[str, ...],
    failures: bool,
    running: bool,
    why: bool,
    all_nodes: bool,
    output: str | None,
    time: str | None,
    color: str,
    exit_status: bool,
    **options: Any,
) -> int:
    """Show one job: its header, the counts and its nodes, with when each ran.

    Failures come first, then the nodes that run, the longest first. Of a plan, show its jobs. If --node matches one
    node, show its whole result. With --json: the job as the orchestrator sent it, its nodes under `nodes`; with --node,
    --failures or --running, one line for each node.
    """
    from jobevents_cli.commands.builders import puppetdb_for, view_for
    from jobevents_cli.commands.job_choice import find_jobs, job_choice
    from jobevents_cli.output.notices import say_safe
    from jobevents_cli.show import show
    from jobevents_cli.show.job_details import NodeChoice

    wanted = NodeChoice(nodes, failures=failures, running=running)
    how = show.ShowOptions(_format(form, as_json=as_json), wanted, all_nodes=all_nodes, output=output)
    if all_nodes and how.form is not show.Format.MARKDOWN:
        raise click.UsageError("--all-nodes is for --format markdown: the other formats list all nodes")
    if how.form is show.Format.JSON and why and wanted:
        raise click.UsageError("--json --why gives whole jobs: a line for each node has no place for causes")
    choice = job_choice(options)
    view = view_for(time, color, to_file=output is not None)
    puppetdb = puppetdb_for(connection.configuration(), saved=saved is not None) if why else None
    if saved is not None:
        choice.refuse_latest("--from")
        details = show.from_file(saved, choice.refs, how, view, puppetdb)
    elif choice.is_empty:
        raise click.UsageError("Missing argument 'JOB': give a job's id, plan/12 for a plan, latest or --from FILE")
    else:
        client = connection.client()
        details = show.from_orchestrator(client, find_jobs(choice, client), how, view, puppetdb)
    show.print_details(details, how, view)
    if not exit_status:
        return ExitStatus.DONE
    if any(job.outcome is None for job in details):
        say_safe("jobevents: the job has not ended: the exit status says only that it was shown")
    return show.status_of(details)


def _format(form: str | None, *, as_json: bool) -> "Format":
    from jobevents_cli.show.show import Format

    if as_json and form is not None:
        raise click.UsageError(f"--json and --format {form} contradict each other: give one of them")
    return Format.JSON if as_json else Format(form or "text")
