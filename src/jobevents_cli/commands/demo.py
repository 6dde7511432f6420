"""`jobevents demo`: an orchestrator and a PuppetDB of our own on loopback, and a real tail of what runs there."""

import click

from jobevents_cli.commands.help_groups import GroupedCommand
from jobevents_cli.commands.value_types import Seconds, WholeNumber

_SERVING = """\
Serving jobs, a plan, and a new job every half minute, until Ctrl-C.
In a second terminal, paste the lines above. Then try:
  jobevents tail {live}      a job that is running
  jobevents why {failed}       what went wrong in a job
  jobevents tail plan/{plan}  a plan and the jobs that it starts
  jobevents jobs          the recent jobs; with --plans, the plans
  jobevents doctor        what jobevents needs, checked"""


@click.command(
    "demo",
    cls=GroupedCommand,
    epilog="""\b
Examples:
  jobevents demo           a job on 14 nodes, as `tail --why` shows it
  jobevents demo --plan    a plan and the jobs that it starts
  jobevents demo --nodes 200 --speed 3
  jobevents demo --serve   keep it running, to try every command
""",
)
@click.option(
    "--nodes",
    metavar="N",
    type=WholeNumber(1, 10_000),
    default=14,
    show_default=True,
    help="How many nodes the job runs on, at most 10000.",
)
@click.option(
    "--speed",
    metavar="FACTOR",
    type=Seconds(0.01),
    default=1,
    show_default=True,
    help="Run FACTOR times as fast.",
)
@click.option(
    "--seed",
    metavar="N",
    type=WholeNumber(),
    default=1,
    show_default=True,
    help="A different number makes a different job.",
)
@click.option("--plan", is_flag=True, help="A plan with two jobs, of which one fails.")
@click.option("--serve", is_flag=True, help="Serve jobs and a plan until Ctrl-C, and print how to use them.")
@click.option(
    "--port",
    metavar="N",
    type=WholeNumber(0, 65535),
    help="The port of the orchestrator, with --serve [default: a free one].",
)
def command(*, nodes: int, speed: float, seed: int, plan: bool, serve: bool, port: int | None) -> int:
    """Show what jobevents does, without any Puppet.

    Starts an orchestrator and a PuppetDB on 127.0.0.1, runs a job and follows it over HTTP as `jobevents tail --why`
    does. The exit status is 3, because some nodes fail.
    """
    import secrets
    import threading
    import time

    from jobevents_cli.demo import stories
    from jobevents_cli.demo.server import Orchestrator, Server
    from jobevents_cli.errors import UsageProblem
    from jobevents_cli.output.stderr import say
    from jobevents_cli.output.stdout import print_text

    if port is not None and not serve:
        raise click.UsageError("--port goes with --serve")
    if plan and serve:
        raise click.UsageError("--plan and --serve contradict each other: give one of them")
    now = time.time()
    if serve:
        jobs, plans = stories.served(now, seed)
    elif plan:
        jobs, plans = [], [stories.rollout(1, created=now, speed=speed)]
    else:
        jobs, plans = [stories.deployment(1, created=now, nodes=nodes, seed=seed, speed=speed)], []
    token = secrets.token_hex(16)
    try:
        server = Server(Orchestrator(jobs, plans, token=token), port=port or 0)
    except OSError as error:
        raise UsageProblem(f"--port {port}: {error.strerror}", hint="without --port a free one is used") from None
    names = {"JOBEVENTS_URL": server.url, "JOBEVENTS_TOKEN": token, "JOBEVENTS_PUPPETDB_URL": server.url}
    with server:
        if serve:
            print_text("".join(f"export {name}={value}\n" for name, value in names.items()))
            say(_SERVING.format(live=stories.LIVE_JOB, failed=stories.FAILED_JOB, plan=stories.PLAN))
            threading.Event().wait()
        what = "a plan" if plan else f"a job on {nodes} nodes"
        ref = "plan/1" if plan else "1"
        say(f"An orchestrator on {server.url} runs {what}.\nThis is `jobevents tail {ref} --why`:")
        return _tail(ref, names)


def _tail(ref: str, environment: dict[str, str]) -> int:
    """Run `jobevents tail` with only *environment*: what is configured on this machine is ignored."""
    import os
    import tempfile
    from pathlib import Path

    from jobevents_cli.commands.tail import command as tail
    from jobevents_cli.errors import JobEventsError

    for name in [name for name in os.environ if name.startswith("JOBEVENTS_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="jobevents-") as folder:
        settings = Path(folder) / "config.toml"
        settings.touch()
        os.environ.update(environment, JOBEVENTS_CONFIG=str(settings), XDG_CACHE_HOME=folder, XDG_STATE_HOME=folder)
        try:
            status = tail.main([ref, "--why", "--interval", "0.5"], prog_name="jobevents tail", standalone_mode=False)
        except JobEventsError as error:
            error.resume_hint = None  # the orchestrator ends with the demo
            raise
        return int(status)
