"""`jobevents forward`: passes every event of every job to a command, at least once."""

from __future__ import annotations

import math
import random
import re
import signal
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.help_groups import DELIVERY, WHICH_EVENTS, WHICH_JOBS, option_in
from jobevents_cli.commands.job_choice import JobName, Latest
from jobevents_cli.commands.options import check_types, complete_types, connection_options, narrowing_options
from jobevents_cli.commands.value_types import Duration, Seconds, WholeNumber

if TYPE_CHECKING:
    from jobevents_cli.model.job_ref import NamedJob
    from jobevents_cli.store.positions import Positions

_jobs, _events, _delivery = map(option_in, (WHICH_JOBS, WHICH_EVENTS, DELIVERY))

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def _position_name(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not _NAME.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not a name: write letters, digits, '.', '_' and '-', at most 100")
    return value


def _positive(_ctx: click.Context, _parameter: click.Parameter, value: float | None) -> float | None:
    if value == 0:
        raise click.BadParameter("0 is too short")
    return value


def _first_job(_ctx: click.Context, _parameter: click.Parameter, value: NamedJob | Latest | None) -> int | None:
    from jobevents_cli.model.job_ref import Kind

    if value is None:
        return None
    if isinstance(value, Latest):
        raise click.BadParameter(f"{value} has no number yet: write a job's id such as 352")
    if value.ref.kind is not Kind.JOB:
        raise click.BadParameter(f"{value.ref} is a plan: write a job's id such as 352")
    return value.ref.number


@click.command(
    "forward",
    cls=ConfiguredCommand,
    context_settings={"allow_interspersed_args": False},
    epilog="""\b
Examples:
  jobevents forward -- sh -c 'cat >> events.jsonl'   all events, to a file
  jobevents forward --failures -- ./page-somebody    only what goes wrong
  jobevents forward --name siem -- ./send-to-siem    another receiver
  jobevents forward --since 352 -- ./import          first start: job 352
""",
)
@click.argument("receiver", metavar="COMMAND [ARG]...", nargs=-1, required=True, type=click.UNPROCESSED)
@narrowing_options
@_jobs(
    "--since",
    metavar="JOB",
    type=JobName(),
    callback=_first_job,
    help="At the first start, begin with this job [default: the jobs that run].",
)
@_jobs("--plans", is_flag=True, help="Also forward the events of plans themselves.")
@_events(
    "--type",
    "types",
    metavar="TYPE",
    multiple=True,
    shell_complete=complete_types,
    help="Only this type, and the end of each job; repeatable.",
)
@_events("--failures", is_flag=True, help="Only what went wrong, and the end of each job.")
@_events("--documents", is_flag=True, help="Also each job itself, when it is first seen and when it ends.")
@_events("--max-bytes", metavar="N", type=WholeNumber(1), help="Shorten the texts of events that are longer.")
@_delivery(
    "--name",
    metavar="NAME",
    default="default",
    callback=_position_name,
    help="Keep the position under this name [default: default].",
)
@_delivery(
    "--batch-events",
    metavar="N",
    type=WholeNumber(1, 100_000),
    default=500,
    help="Send a batch when it has N events [default: 500].",
)
@_delivery(
    "--batch-wait",
    metavar="DURATION",
    type=Duration(),
    default=1.0,
    help="Send a smaller batch after this time [default: 1s].",
)
@_delivery(
    "--batch-timeout",
    metavar="DURATION",
    type=Duration(),
    default=60.0,
    callback=_positive,
    help="Kill COMMAND after this time; its batch is sent again [default: 60s].",
)
@_delivery(
    "--skip-after",
    metavar="DURATION",
    type=Duration(),
    help="Skip an event that COMMAND refuses for this long, though it accepts others [default: never].",
)
@_delivery(
    "--stats",
    metavar="DURATION",
    type=Duration(),
    callback=_positive,
    help="Print a status line every DURATION; SIGUSR1 prints one too.",
)
@_delivery(
    "--metrics",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the same figures in FILE, for Prometheus; a file that exists keeps its mode.",
)
@_delivery(
    "--interval",
    metavar="SECONDS",
    type=Seconds(0.1),
    default=1.0,
    help="Time between polls, at least 0.1; up to 5 times that while nothing happens [default: 1].",
)
@connection_options
def command(receiver: tuple[str, ...], **options: Any) -> None:
    """Pass every event of every job to COMMAND, at least once.

    Runs until it is stopped. COMMAND is run without a shell for each batch of events. It reads them on its standard
    input as JSON Lines, each with a first key "job" (or "plan"). If it exits with 0, the batch is delivered;
    otherwise, or if it takes longer than --batch-timeout, the same batch is sent again, later each time. Its
    standard output goes where that of jobevents goes. When it begins to fail, the last line of its standard error is
    shown.

    No event is lost, whichever process is killed and when, and a job's events stay in order. Only the events of the
    batch that was being sent can arrive twice: a receiver can drop what it has by job and id.

    The first start begins with the jobs that are running, or with --since. Later starts continue after the last
    batch that was delivered, and include the jobs that ran in between, as far back as the orchestrator keeps them.

    If a batch is refused five times, its events are sent one at a time, so that one that COMMAND never accepts holds
    up only its own job. With --skip-after such an event is given up, and printed on standard error as JSON; but only
    while events of other jobs are accepted, so an outage of the receiver skips nothing. No outage ends `forward`.
    """
    requests = _status_requests()  # first of all: a signal without handler ends the program
    from jobevents_cli.commands.builders import client_for, configuration_for
    from jobevents_cli.commands.job_choice import wanted_jobs
    from jobevents_cli.following.filters import event_filter
    from jobevents_cli.forward.command import Command
    from jobevents_cli.forward.forward import AT_ONCE, Forward, ForwardOptions
    from jobevents_cli.forward.lines import ForwardedLines
    from jobevents_cli.forward.queue import Queue
    from jobevents_cli.forward.report import Report, ReportOptions
    from jobevents_cli.model.job_ref import Kind
    from jobevents_cli.runtime.loop import Loop
    from jobevents_cli.store.positions import Positions

    check_types(options["types"])
    lines = ForwardedLines(event_filter(types=options["types"], failures=options["failures"]), options["max_bytes"])
    runner = Command(receiver)
    with (
        closing(Loop(threads=AT_ONCE + 1)) as loop,
        closing(Positions.of_forward(configuration_for(options).url, options["name"])) as positions,
        closing(client_for(options)) as client,
    ):
        _begin(positions, options["since"], options["name"])
        figures = ReportOptions(options["name"], options["stats"] or math.inf, options["metrics"])
        forward = Forward(
            loop,
            client,
            runner,
            ForwardOptions(options["interval"], options["batch_timeout"], options["documents"]),
            queue=Queue(
                options["batch_events"], options["batch_wait"], sample=random.random, skip_after=options["skip_after"]
            ),
            positions=positions,
            lines=lines,
            report=Report(runner.name, figures, _say, loop.clock()),
            wants_status=lambda: bool(requests and requests.pop()),
        )
        jobs = wanted_jobs(options)
        forward.run({Kind.JOB: jobs} | ({Kind.PLAN: jobs} if options["plans"] else {}))


def _say(text: str) -> None:
    """Print *text*, which may contain a server's text, on standard error."""
    from jobevents_cli.output.stderr import say
    from jobevents_cli.render.escape import safe

    say(safe(text))


def _status_requests() -> list[int]:
    """The list to which SIGUSR1 adds an entry from now on."""
    requests: list[int] = []
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, lambda number, _frame: requests.append(number))
    return requests


def _begin(positions: Positions, since: int | None, name: str) -> None:
    """At the first start, begin with the job *since*, if it is given. Else say that it is not used."""
    from jobevents_cli.following.known_jobs import KnownJobs
    from jobevents_cli.model.job_ref import Kind

    if since is None:
        return
    if positions.known or positions.positions:
        _say(
            f"jobevents: --since {since} is not used: forward continues where it stopped; "
            f"to begin anew, choose another --name than {name}"
        )
    else:
        positions.known[Kind.JOB] = KnownJobs(since - 1)
