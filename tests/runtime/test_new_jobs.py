"""Which jobs `--all` follows."""

import json
import signal
from collections.abc import Callable

from support.misbehaving import TestServer, job
from support.program import Home

FINISHED = 150
"""More jobs than one page of the list holds."""


def test_a_running_job_behind_many_finished_ones_is_found(home: Home, serve: Callable[..., TestServer]) -> None:
    """A job that has run for days is followed, although every newer job is over."""
    running = job("n1:running", job_id=1)
    over = [job("n1:running", "n1:finished", "job:finished", job_id=number) for number in range(2, FINISHED + 2)]
    live = home.start("tail", "--all", "--json", "--url", serve(running, *over).url)
    assert json.loads(live.line())["job"] == "1"
    live.signal(signal.SIGTERM)
    assert live.finish().status == 143
