"""`jobevents show`: one job, its nodes and when each of them ran."""

from pathlib import Path
from typing import Any

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.options import EventNumber, complete_jobs, connection_options, output_options
from jobevents_cli.errors import OutputFailed
from jobevents_cli.exit_status import ExitStatus


@click.command(
    "show",
    cls=ConfiguredCommand,
    epilog="""\b
Examples:
  jobevents show 352
  jobevents show 352 --svg job-352.svg
  jobevents show 352 --json | jq -r '.nodes[] | select(.state=="failed") | .name'
""",
)
@click.argument("job_id", type=EventNumber(), shell_complete=complete_jobs)
@output_options
@click.option("--svg", metavar="FILE", help="Write the view as a picture.")
@connection_options
def command(job_id: int, *, as_json: bool, svg: str | None, **options: Any) -> int:
    """Show job JOB_ID: its header, the counts, a table of its nodes, a timeline.

    Nodes come longest first. With --json: the job as the orchestrator sent it, its nodes under `nodes`.
    """
    from jobevents_cli.commands.builders import client_for, refuse_together, view_for
    from jobevents_cli.orchestrator.job_search import job_with_nodes
    from jobevents_cli.output.printer import print_lines
    from jobevents_cli.runtime.retry import fetch
    from jobevents_cli.state.job_cache import remember
    from jobevents_cli.state.private_files import replace_file

    if svg:
        refuse_together("--svg", {"--json": as_json})
    client = client_for(options)
    ((job, nodes),) = fetch(lambda: iter([job_with_nodes(client, job_id)]))
    remember(client.url, [job])
    if as_json:
        print_lines([{**job.raw, "nodes": nodes}])
        return ExitStatus.DONE
    view = view_for(options, client.server_time())
    if svg:
        try:
            replace_file(Path(svg), view.svg(view.job(job, nodes), f"jobevents show {job_id}"))
        except OSError as error:
            raise OutputFailed(f"{svg} cannot be written: {error.strerror}") from None
    else:
        print_lines(text=view.text(view.job(job, nodes)))
    return ExitStatus.DONE
