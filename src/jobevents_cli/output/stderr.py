"""Standard error: whoever does not read it holds nothing up."""

import errno
import sys
from typing import Final, TextIO

from jobevents_cli.config.redaction import redact
from jobevents_cli.output.descriptor import Descriptor
from jobevents_cli.output.terminal import encoding_of

_PATIENCE: Final = 1.0
"""Seconds without a byte being taken after which text is dropped. A reader that is slow, but reads, loses nothing."""


class Stderr:
    """Standard error. What cannot be written is no error.

    Text waits for room as long as something is taken every second. From then on it is dropped, without waiting, until
    there is room again; then a line says how many lines are missing.
    """

    def __init__(self) -> None:
        self._stream: TextIO | None = None
        self._descriptor: Descriptor | None = None
        self._is_stuck = False
        self._dropped = 0
        self._is_within_line = False

    def write(self, text: str) -> None:
        """Write *text*, which ends with its own line break."""
        note = self._what_is_missing().encode()
        data = note + redact(text.encode(encoding_of(sys.stderr), "backslashreplace"))
        out = self._put(data, _PATIENCE)
        if out >= len(note):
            self._dropped = 0
        self._dropped += data[max(out, len(note)) :].count(b"\n")
        if out:
            self._is_within_line = out < len(data) and data[out - 1 : out] != b"\n"

    def draw(self, text: str) -> bool:
        """Write *text* that matters only now, such as a footer. False if there is no room for it."""
        if self._dropped:
            self.write("")
        data = redact(text.encode(encoding_of(sys.stderr), "replace"))
        return not self._dropped and self._put(data, 0) == len(data)

    def _what_is_missing(self) -> str:
        if not self._dropped:
            return ""
        lines = "1 line was" if self._dropped == 1 else f"{self._dropped} lines were"
        before = "\n" if self._is_within_line else ""
        return f"{before}jobevents: {lines} dropped here, because nobody read standard error\n"

    def _put(self, data: bytes, patience: float) -> int:
        """Write *data*, waiting for room for *patience* seconds at a time. Returns how many bytes are out."""
        done = 0
        try:
            descriptor = self._open()
            while done < len(data):
                count = descriptor.write(data, done, 0 if self._is_stuck else patience)
                if not count:
                    self._is_stuck = self._is_stuck or patience > 0
                    break
                self._is_stuck = False
                done += count
        except (OSError, ValueError):  # it is full or closed: there is nobody to tell
            return len(data)
        return done

    def _open(self) -> Descriptor:
        if self._descriptor is None or self._stream is not sys.stderr:
            if sys.stderr is None:
                raise OSError(errno.EBADF, "closed from the start")
            self._descriptor = Descriptor(sys.stderr.fileno())
            self._stream = sys.stderr
        return self._descriptor


_stderr: Final = Stderr()
write_stderr: Final = _stderr.write
draw: Final = _stderr.draw


def say(text: str) -> None:
    """Write the line *text* to standard error."""
    write_stderr(f"{text}\n")
