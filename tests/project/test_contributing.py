"""CONTRIBUTING names the files that there are."""

import re

import pytest
from documents.manual import ROOT

PACKAGE = ROOT / "src" / "jobevents_cli"
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"`([\w./]+(?:\.py|\.md|project\.toml|/run))`", TEXT)))


@pytest.mark.parametrize("name", FILES)
def test_every_file_that_it_names_exists(name: str) -> None:
    """A path is one of the repository, or of the package."""
    assert (ROOT / name).is_file() or (PACKAGE / name).is_file()


def test_every_package_has_its_line() -> None:
    """The table of the tree leaves no package out."""
    packages = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert packages == set(re.findall(r"^\| `(\w+)/` \|", TEXT, re.MULTILINE))
