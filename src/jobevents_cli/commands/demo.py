"""`jobevents demo`: an orchestrator of our own on loopback, a job on it, a real tail of that job."""

import click

from jobevents_cli.commands.options import EventNumber, Seconds


@click.command(
    "demo",
    epilog="""\b
Examples:
  jobevents demo                     a job on 14 nodes, followed as `jobevents tail` does
  jobevents demo --nodes 200 --speed 3
  jobevents demo --serve             keep the orchestrator, to try every command on it
""",
)
@click.option(
    "--nodes",
    metavar="N",
    type=EventNumber(),
    default=14,
    show_default="14",
    help="How many nodes the job runs on.",
)
@click.option(
    "--speed",
    metavar="FACTOR",
    type=Seconds(0.01),
    default=1.0,
    show_default="1",
    help="How many times as fast it runs.",
)
@click.option(
    "--seed",
    metavar="N",
    type=EventNumber(),
    default=1,
    show_default="1",
    help="Another number, another story.",
)
@click.option("--serve", is_flag=True, help="Serve jobs of every outcome until Ctrl-C, and tell how to use them.")
@click.option("--port", metavar="N", type=EventNumber(), help="The port to serve on [default: a free one].")
def command(*, nodes: int, speed: float, seed: int, serve: bool, port: int | None) -> int:
    """Show what jobevents does, without any Puppet.

    Starts an orchestrator on 127.0.0.1, runs a job on it and follows that job over HTTP, ending as `jobevents tail`
    ends: with exit status 3, as one node fails.
    """
    import random
    import secrets
    import threading
    import time

    from jobevents_cli.demo.scripted_jobs import deployment, number_events
    from jobevents_cli.demo.server import Orchestrator, OrchestratorServer
    from jobevents_cli.demo.showcase import showcase
    from jobevents_cli.following.follower import Follower
    from jobevents_cli.http.connection import Connection
    from jobevents_cli.http.token import Token
    from jobevents_cli.model.job_ref import JobRef
    from jobevents_cli.orchestrator.client import open_client
    from jobevents_cli.output.capabilities import takes_footer
    from jobevents_cli.output.event_printer import EventPrinter
    from jobevents_cli.output.rendering import LineOptions, Renderer
    from jobevents_cli.output.reporter import Reporter, ReportOptions
    from jobevents_cli.output.streams import say
    from jobevents_cli.runtime.coordinator import Coordinator, WatchOptions
    from jobevents_cli.runtime.followed_job import FollowedJob

    if port is not None and not serve:
        raise click.UsageError("--port goes with --serve")
    token = secrets.token_hex(16)
    if serve:
        with OrchestratorServer(Orchestrator(showcase(time.time(), seed), token=token), port=port or 0) as server:
            click.echo(f"export JOBEVENTS_URL={server.url}\nexport JOBEVENTS_TOKEN={token}")
            say("Serving jobs 1 to 5, and a new one every half minute, until Ctrl-C. In a second terminal: paste")
            say("the two lines above, then try: jobevents tail 5")
            threading.Event().wait()
    job = deployment(1, created=time.time(), nodes=nodes, seed=seed, speed=speed)
    number_events(job)
    with OrchestratorServer(Orchestrator([job], token=token)) as server:
        say(f"jobevents: an orchestrator on {server.url} runs a job on {nodes} nodes; this is `jobevents tail 1`:")
        client = open_client(Connection(server.url, Token(token, "the demo's token")))
        reporter = Reporter(ReportOptions(header=True, footer=takes_footer(), summary=True), client.server_time)
        printer = EventPrinter(Renderer(LineOptions(end_last=True)), reporter.screen)
        coordinator = Coordinator(client, printer, reporter, WatchOptions())
        follower = Follower(ref=JobRef.job(1), sample=random.random, interval=0.5, job_first=True)
        coordinator.add([FollowedJob.by(follower)])
        return coordinator.run()
