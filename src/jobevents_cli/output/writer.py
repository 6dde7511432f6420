"""Writes lines to standard output and, only after that, moves the position and commits the cursor of their jobs."""

import os
import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from jobevents_cli.errors import JobEventsError, OutputFailed
from jobevents_cli.output.printed_job import PrintedJob, commit
from jobevents_cli.output.rendering import Rendered
from jobevents_cli.output.screen import Screen
from jobevents_cli.output.streams import STDOUT

if TYPE_CHECKING:
    from jobevents_cli.model.job_ref import JobRef

_ENOUGH: Final = 256 * 1024
"""When so many bytes wait they are written, though more could join them: a write costs two thread switches."""

_FINISH_WITHIN: Final = 0.5
"""How long, in seconds, the rest of a line may take after a write was interrupted."""


@dataclass(slots=True, eq=False, repr=False)
class _Block:
    """Lines of one update that follow each other on standard output."""

    job: PrintedJob
    rendered: Rendered
    count: int
    """How many of the update's events are done once all lines are written."""
    lines: Sequence[bytes]
    places: Sequence[int]
    """For each line the place of its event in the update."""
    end: int
    """The number of bytes written once all lines are."""

    def lines_within(self, written: int) -> int:
        """How many of the lines are out once *written* bytes are."""
        begin = self.end - sum(map(len, self.lines))
        return bisect_right(list(accumulate(map(len, self.lines), initial=begin))[1:], written)


class Writer:
    """Standard output of several jobs. `put` keeps lines, `flush` writes them; all in the main thread.

    A signal or `--timeout` can end a write at any moment: what was written is then found by counting bytes.
    """

    def __init__(self, screen: Screen, *, today: str, date_line: Callable[[str], bytes], begins_line: bool) -> None:
        """Write to *screen*. *date_line* makes the line for a day, which *today* does not need.

        *begins_line*: if standard output is a file whose last line is incomplete, begin with a line break.
        """
        self.screen = screen
        self._day = today
        self._date_line = date_line
        self._begins_line = begins_line
        self._parts: list[bytes] = []
        self._put = 0
        self._rest_written = 0
        self._blocks: deque[_Block] = deque()
        self._to_commit: dict[JobRef, PrintedJob] = {}
        """The jobs of which something was written since their cursors were saved: a signal may end the saving."""
        self._last = (0, b"")
        """The data of the last write, and how many bytes were written before it."""

    def put(
        self,
        job: PrintedJob,
        rendered: Rendered,
        lines: Sequence[bytes],
        places: Sequence[int],
        count: int,
        *,
        days: Sequence[str] = (),
    ) -> None:
        """Keep *lines* of *rendered* for the next flush.

        *places* has for each line the place of its event in the update; *count* events are done once all lines are
        written. *days* has for each line the day that it does not contain, or is empty.
        """
        if days:
            lines = list(map(self._dated, lines, days))
        data = b"".join(lines)
        self._parts.append(data)
        self._put += len(data)
        self._blocks.append(_Block(job, rendered, count, lines, places, self._put))

    def _dated(self, line: bytes, day: str) -> bytes:
        """The *line*, after that of its *day* if the day is another than that of the line before."""
        if not day or day == self._day or not line:
            return line
        self._day = day
        return self._date_line(day) + line

    @property
    def is_waiting(self) -> bool:
        """Whether something was put that can still wait for more."""
        return 0 < self._put - self._last[0] < _ENOUGH

    def flush(self) -> list[str]:
        """Write what was kept. Returns warnings about cursors that could not be saved."""
        data = b"".join(self._parts)
        self._parts.clear()
        if data and self._begins_line:
            self._begins_line = False
            if _ends_in_half_a_line():
                self.screen.write(b"\n")
                self._rest_written -= 1
        if data:
            self._last = (self._put - len(data), data)
            self.screen.write(data)
        self.screen.flush()
        self._last = (self._put, b"")
        return self._note_written()

    @property
    def _written(self) -> int:
        return self.screen.written + self._rest_written

    def _note_written(self) -> list[str]:
        """Move the jobs' positions as far as their lines are written. May be repeated after an interruption."""
        written = self._written
        touched = self._to_commit
        while self._blocks:
            block = self._blocks[0]
            if block.lines and written < block.end:
                if done := block.lines_within(written):
                    block.job.written(block.rendered.update, block.places[done - 1] + 1)
                break
            block.job.written(block.rendered.update, block.count)
            touched[block.job.ref] = block.job
            self._blocks.popleft()
        warnings = commit(touched.values())
        touched.clear()
        return warnings

    def stop(self) -> None:
        """Drop what is not written, because the program ends.

        If half a line is written, finish it if that is possible. From now on a blocked write raises OutputFailed.
        """
        output = self.screen.output
        output.while_blocked = _give_up
        base, data = self._last
        done = self._written - base
        if 0 < done < len(data) and data[done - 1 : done] != b"\n":
            end = data.find(b"\n", done) + 1 or len(data)
            before = output.written
            with suppress(JobEventsError):
                output.write(data[done:end], within=_FINISH_WITHIN)
            self._rest_written += output.written - before
        self._note_written()
        self._parts.clear()
        commit(block.job for block in self._blocks)
        self._blocks.clear()


def _give_up() -> None:
    raise OutputFailed("standard output is blocked")


def _ends_in_half_a_line() -> bool:
    """Whether standard output is a file that is appended to and whose last line has no line break.

    Only Linux lets a program read a file that was opened for writing.
    """
    if sys.platform != "linux":
        return False
    import fcntl

    with suppress(OSError):
        if fcntl.fcntl(STDOUT, fcntl.F_GETFL) & os.O_APPEND and (size := os.fstat(STDOUT).st_size):
            descriptor = os.open(f"/proc/self/fd/{STDOUT}", os.O_RDONLY | os.O_NONBLOCK)
            try:
                return os.pread(descriptor, 1, size - 1) not in (b"\n", b"")
            finally:
                os.close(descriptor)
    return False
