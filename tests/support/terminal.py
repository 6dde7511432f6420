"""A real pseudo-terminal, and a screen that shows what a person would see on it."""

import os
import select
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import pexpect
import pyte

from support.program import LIMIT, PROGRAM


class Terminal:
    """A program on a terminal of its own."""

    def __init__(
        self,
        command: list[str],
        *,
        columns: int = 100,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start *command*; `jobevents` is the installed one."""
        name = str(PROGRAM) if command[0] == "jobevents" else command[0]
        variables = {**(environment or os.environ), "TERM": "xterm-256color"}
        variables.pop("COLUMNS", None)
        self._process = pexpect.spawn(
            name, command[1:], dimensions=(rows, columns), env=variables, timeout=LIMIT, encoding=None
        )
        self.screen = pyte.HistoryScreen(columns, rows, history=10_000)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._process.close(force=True)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, without blanks at the ends."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines).rstrip("\n")

    @property
    def scrolled(self) -> list[str]:
        """What has scrolled off the top of the screen."""
        columns = range(self.screen.columns)
        return ["".join(row[column].data for column in columns).rstrip() for row in self.screen.history.top]

    def wait_for(self, condition: Callable[["Terminal"], object]) -> None:
        """Read what the program writes until *condition* holds of this terminal."""
        deadline = time.monotonic() + LIMIT
        while not condition(self):
            assert time.monotonic() < deadline, f"what was waited for did not appear:\n{self.text}"
            self._read()

    def wait_for_end(self) -> int:
        """Read until the program ends; its exit status, as a shell gives it."""
        deadline = time.monotonic() + LIMIT
        while self._read():
            assert time.monotonic() < deadline, f"the program did not end:\n{self.text}"
        self._process.wait()
        status, number = self._process.exitstatus, self._process.signalstatus
        return int(status) if status is not None else 128 + int(number)

    def type(self, keys: str) -> None:
        """Type *keys*; character 3 is Ctrl-C."""
        self._process.send(keys)

    def resize(self, columns: int, rows: int) -> None:
        """Make the terminal another size."""
        self._process.setwinsize(rows, columns)
        self.screen.resize(rows, columns)

    def _read(self) -> bool:
        try:
            data = self._process.read_nonblocking(65536, timeout=0.1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            # The program may have written and ended after pexpect looked for data and before it looked for the program.
            while data := self._left():
                self._take(data)
            return False
        self._take(data)
        return True

    def _left(self) -> bytes:
        """What the terminal still holds of a program that has ended."""
        fd = self._process.child_fd
        try:
            return os.read(fd, 65536) if select.select([fd], [], [], 0)[0] else b""
        except OSError:  # Linux says so at the end
            return b""

    def _take(self, data: bytes) -> None:
        self.raw += data
        self._stream.feed(data)


def words(text: str) -> list[list[str]]:
    """The lines of *text* in any order, as words: what a plan's screen is, whichever of its jobs answers first."""
    return sorted(line.split() for line in text.splitlines())
