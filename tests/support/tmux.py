"""A real terminal: tmux breaks long lines anew when its window becomes narrower, as most terminals do."""

import os
import re
import subprocess
import termios
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from support.program import LIMIT, wait_until

_SETTINGS = ("history-limit 50000", "status off")


class Tmux:
    """A window in which a shell command runs. When it has ended, the window shows `ended` and its exit status."""

    def __init__(
        self, folder: Path, command: str, *, environment: Mapping[str, str], columns: int = 100, rows: int = 24
    ) -> None:
        """Run *command* in a window of its own server, whose socket lies in *folder*."""
        self._socket = str(folder / "tmux")
        self._environment = {**environment, "TERM": "xterm-256color"}
        self._environment.pop("COLUMNS", None)
        settings = folder / "tmux.conf"
        settings.write_text("".join(f"set -g {setting}\n" for setting in _SETTINGS))
        size = ["-x", str(columns), "-y", str(rows)]
        self._run("-f", str(settings), "new-session", "-d", *size, f"{command}; echo ended $?; exec sleep 600")
        self.terminal = Path(self._run("display", "-p", "#{pane_tty}").strip())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._run("kill-server")

    @property
    def lines(self) -> list[str]:
        """Every line there is, scrolled off or not; rows that the terminal wrapped are one line."""
        return [line.rstrip() for line in self._run("capture-pane", "-p", "-J", "-S", "-").splitlines()]

    @property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines).rstrip("\n")

    @property
    def has_ended(self) -> bool:
        """Whether the command has ended."""
        return bool(re.search(r"^ended \d+$", self.text, re.MULTILINE))

    @property
    def shows_cursor(self) -> bool:
        """Whether the cursor is visible."""
        return self._run("display", "-p", "#{cursor_flag}").strip() == "1"

    @property
    def echoes(self) -> bool:
        """Whether the terminal echoes what is typed."""
        number = os.open(self.terminal, os.O_RDWR | os.O_NOCTTY)
        try:
            return bool(termios.tcgetattr(number)[3] & termios.ECHO)
        finally:
            os.close(number)

    def type(self, *keys: str) -> None:
        """Type *keys*, each a text or the name of a key: `Enter`, `C-z`."""
        self._run("send-keys", *keys)

    def resize(self, columns: int, rows: int = 24) -> None:
        """Make the window another size."""
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def wait_for(self, condition: Callable[[Self], object]) -> None:
        """Wait until *condition* holds; the test fails with the screen if it never does."""
        try:
            wait_until(lambda: condition(self), limit=LIMIT / 3)
        except AssertionError:
            message = f"what was waited for did not appear:\n{self.text}"
            raise AssertionError(message) from None

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *words], env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
