"""Standard output and standard error, written so that neither of them ever holds up the main thread."""

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from jobevents_cli.config.redaction import redact
from jobevents_cli.errors import JobEventsError, OutputFailed, PipeClosed
from jobevents_cli.output.capabilities import encoding_of
from jobevents_cli.output.descriptor import Descriptor, ReaderWatch

STDOUT: Final = 1
STDERR: Final = 2

_LOOK_EVERY: Final = 0.1
"""How often, in seconds, a wait for a blocked stream is interrupted by `while_blocked`."""

_FINISH_WITHIN: Final = 1.0
"""How long, in seconds, a write that is stopped may take to end."""


def do_nothing() -> None:
    """Do nothing."""


class Output:
    """Standard output, written by a thread of its own.

    The main thread waits for each write, but signals and `--timeout` end the wait: `while_blocked` is called every
    tenth of a second and may raise. `written` counts the bytes that are out. Before an interrupted wait ends, the
    thread is stopped, so that the count is final. On a pipe it is then a whole number of lines, unless a line is
    longer than a pipe takes at once.
    """

    def __init__(self, while_blocked: Callable[[], None] = do_nothing) -> None:
        self.written = 0
        self.while_blocked = while_blocked
        self._writer: _Writer | None = None
        self._watch: ReaderWatch | None = None

    def write(self, data: bytes, *, within: float | None = None) -> None:
        """Write *data*. With *within*, give up after so many seconds instead of waiting for a blocked reader.

        PipeClosed if the reader has gone, OutputFailed if standard output cannot be written, and whatever
        `while_blocked` raises.
        """
        if not data:
            return
        if self._writer is None:
            self._writer = _Writer(_standard_output(), self)
        writer = self._writer
        waited = 0.0
        try:
            writer.begin(data)
            while not writer.is_idle.wait(_LOOK_EVERY):
                waited += _LOOK_EVERY
                if within is not None and waited >= within:
                    writer.stop()
                    return
                self.while_blocked()
        except BaseException:
            writer.stop()
            raise
        if writer.error:
            raise _as_ours(writer.error)

    def check_reader(self) -> None:
        """PipeClosed if the reader has gone, noticed without writing."""
        if self._watch is None and sys.stdout is not None:
            with suppress(OSError):
                self._watch = ReaderWatch(STDOUT)
        if self._watch and self._watch.is_gone:
            raise PipeClosed("standard output was closed by its reader")


class _Writer:
    """The thread that writes. Only it moves `output.written`; only the main thread calls its methods."""

    def __init__(self, descriptor: Descriptor, output: Output) -> None:
        import threading
        from queue import SimpleQueue

        self.is_idle = threading.Event()
        self.error: OSError | None = None
        self._descriptor = descriptor
        self._output = output
        self._inbox = SimpleQueue[bytes]()
        self._is_stopped = False
        threading.Thread(target=self._run, name="writer", daemon=True).start()

    def begin(self, data: bytes) -> None:
        """Let the thread write *data*; `is_idle` is set when it is done or has failed."""
        self.is_idle.clear()
        self._inbox.put(data)

    def stop(self) -> None:
        """End the write that is under way and wait until the thread is idle."""
        if self._descriptor.is_terminal:
            # Half an escape sequence would spoil the screen, and terminals seldom block.
            self.is_idle.wait(_FINISH_WITHIN)
        self._is_stopped = True
        # If the system does not return from the write, the thread stays stopped: nothing more is written.
        if self.is_idle.wait(_FINISH_WITHIN):
            self._is_stopped = False

    def _run(self) -> None:
        while True:
            data = self._inbox.get()
            done = 0
            try:
                while done < len(data) and not self._is_stopped:
                    count = self._descriptor.write(data, done, _LOOK_EVERY)
                    done += count
                    self._output.written += count
            except OSError as error:
                self.error = error
            self.is_idle.set()


def print_text(text: str) -> None:
    """Print *text* on standard output as it is: help, a completion script, whatever a command prints once.

    PipeClosed if the reader has gone, OutputFailed if standard output cannot be written.
    """
    print_bytes(text.encode(encoding_of(sys.stdout), "backslashreplace"))


def print_bytes(data: bytes) -> None:
    """The same for bytes. Starts no thread, so that `--help` stays fast: it waits for room, and a signal ends that."""
    if not data:
        return
    data = redact(data)
    output = _standard_output()
    done = 0
    try:
        while done < len(data):
            done += output.write(data, done, _LOOK_EVERY)
    except OSError as error:
        raise _as_ours(error) from None


def say(text: str, *, while_blocked: Callable[[], None] = do_nothing, within: float | None = None) -> None:
    """Write the line *text* to standard error, if there is one that can be written.

    While nobody reads it, *while_blocked* is called every tenth of a second; it may raise. With *within*, give up
    after so many seconds.
    """
    write_to_stderr(f"{text}\n", while_blocked=while_blocked, within=within)


def write_to_stderr(text: str, *, while_blocked: Callable[[], None] = do_nothing, within: float | None = None) -> None:
    """The same for *text* without a line's end."""
    if sys.stderr is None or not text:
        return
    data = redact(text.encode(encoding_of(sys.stderr), "backslashreplace"))
    with suppress(OSError, ValueError):
        stderr = Descriptor(sys.stderr.fileno())
        done, waited = 0, 0.0
        while done < len(data) and (within is None or waited < within):
            count = stderr.write(data, done, _LOOK_EVERY)
            done += count
            if count == 0:
                waited += _LOOK_EVERY
                while_blocked()


def end_streams() -> None:
    """Leave nothing in Python's own buffers: what fails to be flushed at exit would change the exit status to 120."""
    for number, stream in ((STDOUT, sys.stdout), (STDERR, sys.stderr)):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError):
                sink = os.open(os.devnull, os.O_WRONLY)
                os.dup2(sink, number)
                os.close(sink)


def _standard_output() -> Descriptor:
    """Standard output; OutputFailed if it was closed from the start: another file may have its number by now."""
    if sys.stdout is None:
        raise _as_ours(OSError(errno.EBADF, os.strerror(errno.EBADF)))
    try:
        return Descriptor(STDOUT)
    except OSError as error:
        raise _as_ours(error) from None


def _as_ours(error: OSError) -> JobEventsError:
    """The *error* of a write to standard output as one of our errors."""
    # Windows reports a closed pipe as EINVAL.
    if isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL):
        return PipeClosed("standard output was closed by its reader")
    return OutputFailed(
        f"standard output cannot be written: {error.strerror}",
        hint="is the disk full?" if error.errno in (errno.ENOSPC, errno.EDQUOT) else None,
    )
