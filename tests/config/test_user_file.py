"""Files that the user names are read, whatever they are, within limits."""

import os
import threading
import time
from pathlib import Path

import pytest

from jobevents_cli.config.user_file import expanded, read_user_file
from jobevents_cli.errors import UsageProblem

needs_fifo = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")


def test_a_file_has_a_largest_size(tmp_path: Path) -> None:
    """One byte more is refused."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert read_user_file(path, largest=10) == b"x" * 10
    with pytest.raises(OSError, match="larger than"):
        read_user_file(path, largest=9)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_an_endless_file_is_refused() -> None:
    """It has no size beforehand."""
    with pytest.raises(OSError, match="larger than"):
        read_user_file(Path("/dev/zero"))


@needs_fifo
def test_a_silent_pipe_is_given_up(tmp_path: Path) -> None:
    """Its other end is open, but nothing comes."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    other_end = os.open(path, os.O_RDWR)
    began = time.monotonic()
    with pytest.raises(OSError, match="nothing came from it"):
        read_user_file(path, wait=0.1)
    assert time.monotonic() - began < 3
    os.close(other_end)


@needs_fifo
def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """It may come in pieces."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    os.write(writer, b"one ")

    def finish() -> None:
        os.write(writer, b"two")
        os.close(writer)

    later = threading.Timer(0.1, finish)
    later.start()
    assert read_user_file(path) == b"one two"
    later.join()


def test_a_name_that_no_file_can_have_is_no_bug(tmp_path: Path) -> None:
    """It is reported like any file that cannot be opened."""
    with pytest.raises(OSError, match="no file can have this name"):
        read_user_file(tmp_path / "a\0b")


def test_a_home_directory_that_is_not_known_is_named_with_its_origin() -> None:
    """So the user knows which setting to change."""
    with pytest.raises(UsageProblem, match="JOBEVENTS_TOKEN_FILE"):
        expanded("~nosuchuser/token", "JOBEVENTS_TOKEN_FILE")
