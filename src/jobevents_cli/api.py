"""The door for scripts: follow a job from Python, with the guarantees of `jobevents tail`."""

import random
import time
from collections.abc import Iterator

from jobevents_cli.config.configuration import Configuration
from jobevents_cli.following.follower import Follower
from jobevents_cli.following.update import Wait
from jobevents_cli.model.event import Event
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.orchestrator.client import open_client
from jobevents_cli.runtime.loop import Orchestrator, tail


class Following:
    """The events of one job, each exactly once, until it ends. Iterate over it once."""

    outcome: Outcome | None = None
    """How the job ended; None until it has."""

    def __init__(self, orchestrator: Orchestrator, follower: Follower) -> None:
        self._orchestrator = orchestrator
        self._follower = follower

    @property
    def next_start(self) -> int:
        """The `start` with which another `follow` would go on behind the last event."""
        return self._follower.next_start or 0

    def __iter__(self) -> Iterator[Event]:
        """The events as they come; raises JobEventsError where there is no use in going on."""
        for update in tail(self._orchestrator, self._follower, clock=time.monotonic):
            if isinstance(update, Wait):
                time.sleep(update.seconds)
                continue
            yield from update.events
            if update.ending:
                self.outcome = update.ending.outcome


def follow(
    job_id: int,
    *,
    start: int | None = None,
    interval: float = 1.0,
    retry_for: float = 300.0,
    url: str | None = None,
    token_file: str | None = None,
    cacert: str | None = None,
    profile: str | None = None,
) -> Following:
    """Follow job *job_id* until it ends, event by event.

    *start* is the first event id that is wanted. *interval* is the seconds between polls, *retry_for* those that an
    outage may last. *url*, *token_file*, *cacert* and *profile* are looked up where the command line looks, if left
    out. An `Event` has `id`, `type`, `node`, `message`, `timestamp`, `detail`, and `raw`, the object as it came.

    Raises UsageProblem where the settings are not usable and AccessDenied where there is no token, at once;
    AccessDenied, RequestRefused and NoUsableAnswer while following, by when the generator has given out all that
    came. A job that failed is no error: see `Following.outcome`.
    """
    options = {"url": url, "token-file": token_file, "cacert": cacert, "profile": profile}
    client = open_client(Configuration(options).orchestrator)
    follower = Follower(
        ref=JobRef.job(job_id), sample=random.random, start=start, interval=interval, retry_for=retry_for
    )
    return Following(client, follower)
