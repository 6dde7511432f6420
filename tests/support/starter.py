"""Starts the program in half the time: in a fork of a Python that has loaded its libraries, and nothing of the program.

The fork runs the installed script, as a shell does, with arguments, environment, folder and streams of its own. With
FRESH_STARTS=1 each start is a Python of its own; `.ci/run` has it so on one of its two Pythons.
"""

import atexit
import gc
import importlib
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from typing import NoReturn

_LIBRARIES = ("click.shell_completion", "httpx", "platformdirs", "subprocess", "tomllib", "uuid")
_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": os.environ.get("PATH", "")}
_READ_AT_START = ("LANG", "LC_", "PYTHON", "OPENSSL_")
"""Beginnings of variables that are read when Python or a library starts: a fork has only _ENVIRONMENT's."""
_LONGEST = 100_000
"""Bytes of a request that the socket takes at once."""


def run(words: Sequence[str], environment: Mapping[str, str], limit: float) -> "subprocess.CompletedProcess[bytes]":
    """Run a Python script with its arguments, *words*, to its end, as subprocess.run does."""
    variables = [f"{name}={value}" for name, value in environment.items()]
    request = b"\0".join(map(os.fsencode, [os.getcwd(), str(len(words)), *words, *variables]))
    read_at_start = [variable for variable in variables if variable.startswith(_READ_AT_START)]
    if os.environ.get("FRESH_STARTS") or read_at_start != ["LANG=C.UTF-8"] or len(request) > _LONGEST:
        return subprocess.run(words, env=environment, capture_output=True, timeout=limit, check=False)
    with ExitStack() as stack:
        pipes = [os.pipe() for _ in range(3)]
        files = [stack.enter_context(open(reading, "rb", buffering=0)) for reading, _ in pipes]
        writing = [number for _, number in pipes]
        listener, _ = _starter()
        socket.send_fds(listener, [request], [0, *writing])
        for number in writing:
            os.close(number)
        out, err, said = _read([file.fileno() for file in files], words, limit)
    return subprocess.CompletedProcess(words, int(said.split()[1]), out, err)


def _read(numbers: list[int], words: Sequence[str], limit: float) -> list[bytes]:
    """All that can be read from these descriptors; the last one says the process first, and its status in the end."""
    texts = dict.fromkeys(numbers, b"")
    deadline = time.monotonic() + limit
    with selectors.DefaultSelector() as selector:
        for number in numbers:
            selector.register(number, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                os.kill(int(texts[numbers[-1]].split()[0]), signal.SIGKILL)
                raise subprocess.TimeoutExpired(words, limit, *list(texts.values())[:2])
            for key, _ in ready:
                data = os.read(key.fd, 1 << 16)
                texts[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
    return list(texts.values())


@cache
def _starter() -> "tuple[socket.socket, subprocess.Popen[bytes]]":
    """The process that forks, and what it listens to. It ends when this one does, however that ends."""
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        process = subprocess.Popen([sys.executable, "-P", __file__, str(number)], env=_ENVIRONMENT, pass_fds=[number])
    atexit.register(_end, ours, process)
    return ours, process


def _end(listener: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    listener.close()
    process.terminate()
    process.wait()


# What runs in the other process.


def _serve(requests: socket.socket) -> None:
    sys.modules["httpx._main"] = None  # type: ignore[assignment] # as the program has it
    for name in _LIBRARIES:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()  # a fork shares the memory of what it need not look at
    while True:
        request, numbers, _, _ = socket.recv_fds(requests, 2 * _LONGEST, 4)
        if not request:
            return
        if os.fork() == 0:
            requests.close()
            _watch(request.decode(errors="surrogateescape").split("\0"), numbers)
        for number in numbers:
            os.close(number)


def _watch(request: list[str], numbers: list[int]) -> NoReturn:
    """Fork once more, and write which process that is and how it ended."""
    *streams, answer = numbers
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    process = os.fork()
    if process == 0:
        os.close(answer)
        _become_the_program(request, streams)
    for number in streams:
        os.close(number)
    os.write(answer, f"{process} ".encode())
    _, status = os.waitpid(process, 0)
    with suppress(BrokenPipeError):  # it was killed after a time limit
        os.write(answer, f"{os.waitstatus_to_exitcode(status)}".encode())
    os._exit(0)


def _become_the_program(request: list[str], streams: list[int]) -> NoReturn:
    folder, count, *rest = request
    status = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(dict(variable.split("=", 1) for variable in rest[int(count) :]))
        time.tzset()
        sys.argv = rest[: int(count)]
        runpy.run_path(sys.argv[0], run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as Python ends
        traceback.print_exc()
    finally:
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as _requests:
        _serve(_requests)
