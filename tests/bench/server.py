"""A server that is no part of the program: answers made beforehand, sent as fast or as slowly as a case wants."""

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

SMALL, LARGE, HUGE, TRICKLE, LIVE, IDLE, BURST, FORWARDED = 1, 2, 3, 4, 5, 6, 7, 8
FIRST_RUNNING, RUNNING = 1000, 200
LARGE_EVENTS = 100_000
HUGE_EVENTS = 1_000_000
TRICKLE_SECONDS = 10.0
LIVE_EVERY = 0.37
RUNNING_EVERY = 4.1
BURST_NODES = 5000
BURST_RATE = 2000


def event(number: int, at: float) -> dict[str, object]:
    """An event of some 600 bytes, pretty-printed, as orchestrators send them."""
    node = f"node{number // 2:06d}.example.com"
    kind = "node_finished" if number % 2 else "node_running"
    detail: dict[str, object] = {"noop": False}
    if kind == "node_finished":
        metrics = {"corrective_change": 0, "out_of_sync": 0, "restarted": 0, "skipped": 0, "total": 171, "changed": 2}
        detail |= {"status": "changed", "metrics": metrics, "environment": "production", "hash": "20d60265" * 5}
        detail["report-url"] = f"https://pe.example.com/#/run/jobs/2/nodes/{node}/report"
        detail["configuration_version"] = "1471296882"
    return {
        "type": kind,
        "timestamp": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "details": {"node": node, "detail": detail},
        "message": f"Puppet run on {node} - Success! ",
        "id": str(number),
    }


def written(value: object) -> bytes:
    """*value* as an element of a pretty-printed list."""
    return json.dumps(value, indent=2).replace("\n", "\n    ").encode()


def body(events: list[bytes]) -> bytes:
    """A whole answer of *events*."""
    return b'{\n  "next-events": {"id": "x"},\n  "items": [\n    ' + b",\n    ".join(events) + b"\n  ]\n}\n"


STARTED = time.time()
END = {"type": "job_finished", "timestamp": "2026-11-23T10:00:00Z", "details": {}, "message": "over"}
OLD = 1_780_000_000.0
BODIES: dict[int, bytes] = {}
"""The answers made beforehand, by job: made by the server alone, as they take much memory."""


def make_bodies() -> None:
    """Make the answers for the jobs whose events do not change."""
    BODIES[SMALL] = body([written(event(number, OLD)) for number in range(50)] + [written({**END, "id": "50"})])
    large = [written(event(number, OLD)) for number in range(LARGE_EVENTS)]
    BODIES[LARGE] = body(large)
    BODIES[FORWARDED] = body([*large, written({**END, "id": str(LARGE_EVENTS)})])


class Handler(BaseHTTPRequestHandler):
    """Answers GETs of the events of the cases' jobs."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        parts = urlsplit(self.path)
        start = int(parse_qs(parts.query).get("start", ["0"])[0])
        match parts.path.removeprefix("/orchestrator/v1").strip("/").split("/"):
            case ["jobs"]:
                self._whole(json.dumps({"items": [self._job(FORWARDED)]}).encode())
            case ["jobs", job, "events"]:
                self._polls[int(job)] += 1
                self._events(int(job), start)
            case ["jobs", job]:
                self._whole(json.dumps(self._job(int(job))).encode())
            case ["polls", job]:
                self._whole(str(self._polls[int(job)]).encode())
            case _:
                self.send_error(404)

    def _job(self, job: int) -> dict[str, object]:
        over = job in (SMALL, LARGE, HUGE, FORWARDED)
        if job == BURST:
            over = time.time() - self._began(job) > 2 * BURST_NODES / BURST_RATE
        state = "finished" if over else "running"
        nodes = LARGE_EVENTS // 2 if job == FORWARDED else BURST_NODES
        return {"name": str(job), "state": state, "node_count": nodes, "node_states": {"finished": nodes}}

    def _events(self, job: int, start: int) -> None:
        if job == FORWARDED and start > 1:
            rest = [written({**END, "id": str(LARGE_EVENTS)})] if start <= LARGE_EVENTS else []
            self._whole(body(rest))
        elif job in BODIES:
            self._whole(BODIES[job])
        elif job == HUGE:
            self._streamed(written(event(number, OLD)) for number in range(HUGE_EVENTS))
        elif job == TRICKLE:
            self._streamed(self._trickle())
        elif job == LIVE:
            self._one_every(LIVE_EVERY, STARTED, start)
        elif job >= FIRST_RUNNING:
            self._one_every(RUNNING_EVERY, STARTED - RUNNING_EVERY * (job - FIRST_RUNNING) / RUNNING, start)
        elif job == BURST:
            count = min(2 * BURST_NODES, int((time.time() - self._began(job)) * BURST_RATE))
            events = [written(event(number, OLD)) for number in range(start, count)]
            if count == 2 * BURST_NODES:
                events.append(written({**END, "id": str(count)}))
            self._whole(body(events))
        else:
            self._whole(body([written({**event(1, OLD), "id": "1"})] if start <= 1 else []))

    def _one_every(self, seconds: float, began: float, start: int) -> None:
        count = int((time.time() - began) / seconds)
        events = []
        for number in range(max(start, count - 50), count):
            visible = began + (number + 1) * seconds
            # Before a node ends, the next one starts: there is always one that runs.
            shown = event(number - 2 if number % 2 else number, visible)
            events.append(written({**shown, "id": str(number), "visible": visible}))
        self._whole(body(events))

    _polls: ClassVar[Counter[int]] = Counter()
    _begun: ClassVar[dict[str, float]] = {}

    def _began(self, job: int) -> float:
        run = f"{job} {self.headers.get('X-Authentication')}"
        return self._begun.setdefault(run, time.time())

    def _trickle(self) -> Iterator[bytes]:
        began = time.monotonic()
        for number in range(LARGE_EVENTS):
            if number % 100 == 0:
                pause = began + TRICKLE_SECONDS * number / LARGE_EVENTS - time.monotonic()
                self.wfile.flush()
                time.sleep(max(0.0, pause))
            yield written({**event(number, OLD), "sent": time.time()})

    def _whole(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _streamed(self, events: Iterator[bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(b'{"items": [\n    ')
        for number, one in enumerate(events):
            self.wfile.write(b",\n    " + one if number else one)
        self.wfile.write(b"\n  ]\n}\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients leave when they have seen enough."""


def main() -> None:
    """Serve on a free port, which is printed, until standard input ends."""
    make_bodies()
    Handler.wbufsize = 1 << 16
    server = Server(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
