"""The demo's orchestrator over real HTTP, with every way of answering badly that networks and servers know."""

import json
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import chain, cycle, repeat
from typing import Any, ClassVar

from jobevents_cli.demo.scripted_jobs import Script, ScriptedJob, ScriptedPlan, written
from jobevents_cli.demo.server import Answer, Handler, Orchestrator, Server
from support.program import TOKEN

Fault = Callable[["RecordingHandler", Answer], None]
"""Does with the connection what it likes instead of sending the answer."""

JOB = 352
LONG_AGO = 1_480_000_000.0
"""When these jobs were started, in seconds since 1970: all their events are visible at once."""


class RecordingHandler(Handler):
    """Answers well, but for the requests that a fault was planned for; remembers what it was asked."""

    plan: ClassVar[dict[int, Fault]]
    seen: ClassVar[list[tuple[str, dict[str, str]]]]
    clients: ClassVar[set[tuple[str, int]]]
    lock: ClassVar[threading.Lock]

    def do_GET(self) -> None:  # noqa: N802 - the library's name
        """Answer a GET, well or badly."""
        with self.lock:
            # Whoever sees that it was seen may change what is planned for the next one.
            fault = self.plan.get(len(self.seen) + 1) or self.plan.get(0)
            answer = self.orchestrator.answer(self.path, dict(self.headers))
            self.seen.append((self.path, dict(self.headers)))
            self.clients.add(self.client_address)
        if fault:
            fault(self, answer)
        else:
            self.send(answer)


class TestServer(Server):
    """Serves jobs, and misbehaves as *faults* plan: by the number of the request, from 1; 0 is every other."""

    __test__ = False

    def __init__(
        self,
        jobs: Iterable[ScriptedJob],
        *,
        plans: Iterable[ScriptedPlan] = (),
        faults: dict[int, Fault] | None = None,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.clients: set[tuple[str, int]] = set()
        self.faults = faults or {}
        own = {"plan": self.faults, "seen": self.seen, "clients": self.clients, "lock": threading.Lock()}
        handler = type("Planned", (RecordingHandler,), own)
        self.orchestrator = Orchestrator(jobs, plans, token=TOKEN)
        super().__init__(self.orchestrator, port=port, handler=handler)
        if tls:
            secure(self, tls)

    @property
    def connections(self) -> int:
        """How many connections there were."""
        return len(self.clients)

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [path for path, _ in self.seen]


def secure(server: Server, tls: ssl.SSLContext) -> None:
    """Let *server*, before it serves, speak TLS."""
    server.http.socket = tls.wrap_socket(server.http.socket, server_side=True)
    server.url = f"https://localhost:{server.port}"


def job(*kinds: str, job_id: int = JOB, final_state: str = "finished", first: int = 1) -> ScriptedJob:
    """A job with one event per word of *kinds*, ids from *first* on: `n1:running`, `n1:failed`, `job:finished`."""
    scripted = ScriptedJob(job_id, (), LONG_AGO, final_state)
    scripted.nodes = tuple(dict.fromkeys(word.split(":")[0] for word in kinds if not word.startswith("job:")))
    for number, word in enumerate(kinds, first):
        publish(scripted, word, number)
    return scripted


def publish(scripted: ScriptedJob, word: str, number: int) -> None:
    """Make one more event visible, now."""
    scripted.timeline.append((LONG_AGO + number, event_of(word, number)))


def event_of(word: str, number: int) -> dict[str, Any]:
    """The event that *word* stands for: `n1:running`, `job:finished`."""
    subject, kind = word.split(":")
    details: dict[str, Any] = {} if subject == "job" else {"node": subject, "detail": {}}
    return {
        "type": f"{'job' if subject == 'job' else 'node'}_{kind}",
        "timestamp": written(LONG_AGO + number),
        "details": details,
        "message": f"{subject} is {kind} ",
        "id": str(number),
    }


def big_job(nodes: int, *, job_id: int = JOB) -> ScriptedJob:
    """A finished job on many *nodes*, two events each, and its end."""
    scripted = ScriptedJob(job_id, tuple(f"n{number}" for number in range(nodes)), 0.0)
    script = Script(scripted)
    for number, node in enumerate(scripted.nodes):
        script.run(node, number / nodes, number / nodes)
    script.add(2, "job_finished", "over")
    for number, (_, event) in enumerate(scripted.timeline, 1):
        event["id"] = str(number)
    return scripted


# The faults.


def status(code: int, body: bytes = b"", **headers: str) -> Fault:
    """Another status than the good answer's."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _answer: handler.send(Answer(code, body, named))


def error(code: int, kind: str, message: str) -> Fault:
    """An error in the API's own form."""
    return status(code, json.dumps({"kind": kind, "msg": message}).encode(), Content_Type="application/json")


def other_body(body: bytes, *, kind: str = "application/json") -> Fault:
    """200, with a *body* of one's own."""
    return status(200, body, Content_Type=kind)


def reset(handler: RecordingHandler, _answer: Answer) -> None:
    """The connection is reset instead of an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def cut(after: int) -> Fault:
    """The connection ends when *after* bytes of the body were sent."""

    def fault(handler: RecordingHandler, answer: Answer) -> None:
        _head(handler, answer, len(answer.body))
        handler.wfile.write(answer.body[:after])
        handler.close_connection = True

    return fault


def short_body(handler: RecordingHandler, answer: Answer) -> None:
    """A Content-Length that is less than the body: the JSON ends in the middle, the connection stays."""
    _head(handler, answer, len(answer.body) // 2)
    handler.wfile.write(answer.body)


def drip(gap: threading.Event, seconds: float) -> Fault:
    """A byte now and then, for ever: until *gap* is set."""

    def fault(handler: RecordingHandler, answer: Answer) -> None:
        _head(handler, answer, len(answer.body))
        for byte in answer.body:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            if gap.wait(seconds):
                return

    return fault


def drip_head(gap: threading.Event, seconds: float, text: bytes) -> Fault:
    """*text*, in place of status and headers, a byte at a time and over and over, until *gap* is set."""

    def fault(handler: RecordingHandler, _answer: Answer) -> None:
        with suppress(OSError):
            for byte in cycle(text):
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                if gap.wait(seconds):
                    break
        handler.close_connection = True

    return fault


def endless_body(start: bytes, rest: bytes, *, packed: bool = False) -> Fault:
    """A body that begins with *start* and then repeats *rest* for ever; *packed* with gzip, so that it is small."""

    def fault(handler: RecordingHandler, _answer: Answer) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        if packed:
            handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        pack = zlib.compressobj(wbits=31) if packed else None
        handler.close_connection = True
        with suppress(OSError):
            for piece in chain([start], repeat(rest * max(1, 2**20 // len(rest)))):
                handler.wfile.write(pack.compress(piece) + pack.flush(zlib.Z_SYNC_FLUSH) if pack else piece)

    return fault


def hang(until: threading.Event) -> Fault:
    """No answer at all, until *until* is set."""

    def fault(handler: RecordingHandler, _answer: Answer) -> None:
        until.wait(60)
        handler.close_connection = True

    return fault


def _head(handler: RecordingHandler, answer: Answer, length: int) -> None:
    handler.send_response(answer.status)
    for name, value in {**answer.headers, "Content-Length": str(length)}.items():
        handler.send_header(name, value)
    handler.end_headers()
