"""`jobevents forward`: passes every event of every job to a command, at least once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from jobevents_cli.commands.defaults import ConfiguredCommand
from jobevents_cli.commands.help_groups import DELIVERY, WHICH_EVENTS, WHICH_JOBS, option_in
from jobevents_cli.commands.job_choice import JobName, Latest
from jobevents_cli.commands.options import check_types, complete_types, connection_options, narrowing_options
from jobevents_cli.commands.value_types import Duration, Seconds, WholeNumber

if TYPE_CHECKING:
    from jobevents_cli.model.job_ref import NamedJob

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
    help="Skip an event that COMMAND refuses for this long [default: never].",
)
@_delivery(
    "--stats",
    metavar="DURATION",
    type=Duration(),
    callback=_positive,
    help="Print a status line every DURATION; SIGUSR1 prints one too.",
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

    If a batch is refused five times, it is halved, down to one event, which is then named on standard error. With
    --skip-after that event is printed there as JSON and given up. An outage never ends `forward`.
    """
    from jobevents_cli.commands.builders import client_for, configuration_for
    from jobevents_cli.commands.job_choice import wanted_jobs
    from jobevents_cli.following.delivered import Delivered
    from jobevents_cli.following.filters import event_filter
    from jobevents_cli.following.known_jobs import KnownJobs
    from jobevents_cli.model.job_ref import Kind
    from jobevents_cli.render.forwarded import ForwardedLines
    from jobevents_cli.runtime.deferred_signals import DeferredSignals
    from jobevents_cli.runtime.forward_receiver import Receiver
    from jobevents_cli.runtime.forwarder import Arrival, Batching, Forwarder
    from jobevents_cli.runtime.job_feed import JobFeed
    from jobevents_cli.runtime.workers import Workers
    from jobevents_cli.state.forward_position import ForwardPosition

    check_types(options["types"])
    wanted = event_filter(types=options["types"], failures=options["failures"])
    runner = Receiver(receiver)
    signals = DeferredSignals()
    with signals.installed():
        position = ForwardPosition(options["name"], configuration_for(options).url)
        delivered = position.load()
        if delivered is None:
            since = options["since"]
            delivered = Delivered(known={} if since is None else {Kind.JOB: KnownJobs(since - 1)})
        client = client_for(options)
        lines = ForwardedLines(wanted, options["max_bytes"])
        workers = Workers[Arrival]()
        forwarder = Forwarder(
            workers,
            JobFeed(workers.start, client, lines.line, interval=options["interval"], most=options["batch_events"]),
            runner,
            position,
            delivered=delivered,
            batching=Batching(
                options["batch_events"], options["batch_wait"], options["batch_timeout"], options["skip_after"]
            ),
            server_time=client.server_time,
            stats_every=options["stats"],
        )
        jobs = wanted_jobs(options)
        searches = {Kind.JOB: jobs} | ({Kind.PLAN: jobs} if options["plans"] else {})
        forwarder.run(searches, signals)
