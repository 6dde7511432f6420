"""Writing to a descriptor never blocks, and a reader that has gone is noticed."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobevents_cli.output.descriptor import Descriptor, ReaderWatch

LINE = b"x" * 99 + b"\n"


@pytest.fixture(name="pipe")
def _pipe() -> Iterator[tuple[int, int]]:
    """The reading and the writing end of a pipe."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb"), os.fdopen(writer, "wb"):
        yield reader, writer


def test_a_file_takes_everything_at_once(tmp_path: Path) -> None:
    """What comes before the start is not written."""
    path = tmp_path / "lines"
    with path.open("wb") as file:
        assert Descriptor(file.fileno()).write(b"one\ntwo\n", 4, 0) == 4
    assert path.read_bytes() == b"two\n"


def test_a_pipe_takes_whole_lines_until_it_is_full(pipe: tuple[int, int]) -> None:
    """A full pipe takes nothing, and what was counted is what its reader gets."""
    reader, writer = pipe
    data, taken = LINE * 2000, 0
    descriptor = Descriptor(writer)
    while count := descriptor.write(data, taken, 0):
        taken += count
        assert data[:taken].endswith(b"\n")
    assert 0 < taken < len(data)
    assert os.read(reader, len(data)) == data[:taken]


def test_a_line_longer_than_the_room_is_broken(pipe: tuple[int, int]) -> None:
    """Else it would never be written."""
    reader, writer = pipe
    data = b"x" * 1_000_000
    taken = Descriptor(writer).write(data, 0, 0)
    assert 0 < taken < len(data)
    assert os.read(reader, len(data)) == data[:taken]


def test_a_descriptor_that_is_not_open_is_an_error(tmp_path: Path) -> None:
    """It is noticed before anything is written."""
    with (tmp_path / "file").open("wb") as file:
        number = file.fileno()
    with pytest.raises(OSError, match="Bad file descriptor"):
        Descriptor(number)


def test_a_reader_that_has_gone_is_noticed_without_writing() -> None:
    """A socket whose other end only stops sending still has its reader."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb"):
        watch = ReaderWatch(writer)
        assert not watch.is_gone
        os.close(reader)
        assert watch.is_gone
    ours, theirs = socket.socketpair()
    with ours:
        watch = ReaderWatch(ours.fileno())
        theirs.shutdown(socket.SHUT_WR)
        assert not watch.is_gone
        theirs.close()
        assert watch.is_gone
