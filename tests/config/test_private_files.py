"""Files that the program keeps: private, replaced as a whole, and never in place of something else."""

import os
from pathlib import Path

import pytest

from jobevents_cli.config.private_files import draft_of, make_private_folder, replace_file


def test_a_file_is_private(tmp_path: Path) -> None:
    """A new file has mode 0600, and so has one that others could read before."""
    path = tmp_path / "a"
    replace_file(path, "one")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("one", 0o600)
    path.chmod(0o644)
    replace_file(path, "two")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two", 0o600)
    assert os.listdir(tmp_path) == ["a"]


def test_what_cannot_be_written_leaves_the_file_unchanged(tmp_path: Path) -> None:
    """A full disk and text that is not Unicode: the old content stays, no draft does."""
    path = tmp_path / "a"
    replace_file(path, "one")
    os.symlink("/dev/full", draft_of(path))
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, "two")
    with pytest.raises(ValueError, match="surrogates"):
        replace_file(path, "\udcff")
    assert path.read_text() == "one"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_only_files_are_replaced(tmp_path: Path, make: object) -> None:
    """A device, a pipe or a folder stays what it is: root could replace /dev/null by a slip."""
    path = tmp_path / "a"
    assert callable(make)
    make(path)
    kind = path.stat().st_mode
    link = tmp_path / "link"
    os.symlink(path, link)
    for name in (path, link):
        with pytest.raises(OSError, match="not a file"):
            replace_file(name, "x")
    assert path.stat().st_mode == kind


def test_a_chain_of_symlinks_stays_one(tmp_path: Path) -> None:
    """The file at its end is replaced, even if it does not exist yet."""
    for link, target in (("a", "b"), ("b", "sub/c")):
        os.symlink(target, tmp_path / link)
    (tmp_path / "sub").mkdir()
    replace_file(tmp_path / "a", "x")
    assert (tmp_path / "sub" / "c").read_text() == "x"
    assert (tmp_path / "a").is_symlink()
    assert (tmp_path / "b").is_symlink()


def test_every_folder_that_is_made_is_private(tmp_path: Path) -> None:
    """Mode 0700 all the way down; folders that exist keep theirs."""
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path / "a" / "b" / "c")
    make_private_folder(tmp_path / "a" / "b" / "c")
    folders = [tmp_path, tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c"]
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o755, 0o700, 0o700, 0o700]
