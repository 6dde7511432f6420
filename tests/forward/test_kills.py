"""kill -9 of the installed program and of its receiver at random moments: every event arrives all the same."""

import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from support.misbehaving import TestServer, job, publish
from support.program import Home, Live, wait_until
from support.state import unfinished

pytestmark = pytest.mark.slow
Serve = Callable[..., TestServer]
KILLS = 40
JOBS = 8
EVENTS = 60

RECEIVER = """
import os, pathlib, random, sys, time
folder = pathlib.Path(os.environ["HOME"], "batches")
lines = sys.stdin.read()
draft = folder / f"draft-{os.getpid()}"
draft.write_text(lines)
draft.rename(folder / f"{time.monotonic_ns():020d}-{os.getpid()}")
time.sleep(random.choice([0, 0.02, 0.1]))
"""


def _batches(folder: Path) -> list[Path]:
    """The batches that arrived, oldest first."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("draft"))


def _events(batch: Path) -> list[tuple[str, int]]:
    return [(event["job"], int(event["id"])) for event in map(json.loads, batch.read_text().splitlines())]


def _kill_receiver(batches: list[Path], script: Path) -> list[Path]:
    """Kill the receiver of the latest batch if it is still there; that batch."""
    if not batches:
        return []
    pid = int(batches[-1].name.split("-")[1])
    with suppress(OSError):
        if str(script) in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGKILL)
            return [batches[-1]]
    return []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
@pytest.mark.parametrize("seed", [1, 2])
def test_no_event_is_lost_by_kills(home: Home, serve: Serve, seed: int) -> None:
    """Each event of each job arrives, in order; twice only those of the batch that was being sent at a kill."""
    chance = random.Random(seed)
    folder = home.folder / "batches"
    folder.mkdir()
    script = home.folder / "receiver.py"
    script.write_text(RECEIVER)
    jobs = {number: job("n0:running", job_id=number, first=number * 1000) for number in range(1, JOBS + 1)}
    server = serve(*jobs.values())

    def start() -> Live:
        return home.start(
            *("forward", "--since", "1", "--url", server.url, "--interval", "0.1", "--batch-wait", "0.05"),
            *("--batch-events", "7", "--", sys.executable, "-S", str(script)),
        )

    def happen() -> None:
        for number in range(1, EVENTS):
            for job_id, one in jobs.items():
                kind = "job:finished" if number == EVENTS - 1 else f"n{number}:running"
                publish(one, kind, job_id * 1000 + number)
            time.sleep(0.5)

    threading.Thread(target=happen, daemon=True).start()
    excused: list[Path] = []
    live = start()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.2, 1.2))
        if chance.random() < 0.4:
            excused += _kill_receiver(_batches(folder), script)
            continue
        live.signal(signal.SIGKILL)
        live.finish()
        # The receiver that was running ends by itself; its batch comes again.
        time.sleep(0.4)
        excused += _batches(folder)[-1:]
        live = start()
    expected = {(str(job_id), job_id * 1000 + number) for job_id in jobs for number in range(EVENTS)}
    wait_until(lambda: expected <= {event for batch in _batches(folder) for event in _events(batch)})
    wait_until(lambda: unfinished(home) == {})
    live.signal(signal.SIGTERM)
    assert live.finish().status == 143
    arrived = [event for batch in _batches(folder) for event in _events(batch)]
    assert set(arrived) == expected
    may_repeat = {event for batch in excused for event in _events(batch)}
    assert {event for event, times in Counter(arrived).items() if times > 1} <= may_repeat
    for job_id in jobs:
        first = list(dict.fromkeys(number for name, number in arrived if name == str(job_id)))
        assert first == sorted(first)
