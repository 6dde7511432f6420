"""Text, JSON values and files that a command prints once."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobevents_cli.errors import OutputFailed
from jobevents_cli.output.printer import print_lines, write_file


def test_every_value_is_one_line_of_json(capfd: pytest.CaptureFixture[str]) -> None:
    """A line break inside a text does not begin a new line."""
    values = [{"id": 352, "message": "one\ntwo"}, ["é"], None]
    print_lines(values)
    assert [json.loads(line) for line in capfd.readouterr().out.splitlines()] == values


def test_text_is_printed_as_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing is added, not even a line's end."""
    print_lines(text="one\ntwo")
    assert capfd.readouterr().out == "one\ntwo"


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """Where making it fails, what was there is kept, and nothing else is left behind."""
    path = tmp_path / "report.xml"

    def broken() -> Iterator[bytes]:
        yield b"<half"
        raise ValueError("no")

    write_file(str(path), [b"old"])
    with pytest.raises(ValueError, match="no"):
        write_file(str(path), broken())
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["report.xml"]


def test_a_new_file_is_its_owners_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    """Whoever lets others read a report makes the file beforehand."""
    new, old = tmp_path / "new", tmp_path / "old"
    old.touch()
    old.chmod(0o644)
    for path in (new, old):
        write_file(str(path), [b"x"])
    assert [path.stat().st_mode & 0o777 for path in (new, old)] == [0o600, 0o644]


@pytest.mark.parametrize("name", ["missing/report", "."])
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that does not exist, or is named itself."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputFailed, match=f"--output {name} cannot be written"):
        write_file(name, [b"x"])
