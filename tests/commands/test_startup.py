"""What the program loads before it does its work: start-up is felt at every Tab."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.misbehaving import TestServer, job
from support.program import Home

Serve = Callable[..., TestServer]
GOOD = ("n1:running", "n1:finished", "job:finished")
MEASURED_WITH = (3, 11)
"""The Python whose standard library the golden files list."""


def _imported(home: Home, *arguments: str) -> set[str]:
    """The modules that Python imports when it is run with *arguments*."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], env=home.environment, capture_output=True, check=True
    )
    return set(re.findall(r"^import time: .*\| +(\S+)$", done.stderr.decode(), re.MULTILINE))


def _shown(names: set[str]) -> str:
    """The program's own modules, and the packages of all others."""
    own = {name for name in names if name.startswith("jobevents_cli")}
    packages = {name.split(".")[0] for name in names - own}
    if sys.version_info[:2] != MEASURED_WITH:
        packages -= sys.stdlib_module_names
    return "".join(f"{name}\n" for name in sorted(own) + sorted(name for name in packages if name[0] != "_"))


@pytest.mark.parametrize("name", ["help", "list"])
def test_nothing_is_loaded_unnoticed(home: Home, serve: Serve, golden: Callable[[str, str], None], name: str) -> None:
    """`--help` loads no HTTP library, and neither it nor `list --json` loads rich."""
    server = serve(job(*GOOD))
    arguments = ("--help",) if name == "help" else ("list", "352", "--json", "--url", server.url)
    shown = _shown(_imported(home, "-m", "jobevents_cli", *arguments) - _imported(home, "-c", "pass"))
    if sys.version_info[:2] == MEASURED_WITH:
        golden(f"modules_{name}.txt", shown)
    assert "rich\n" not in shown
    assert ("httpx\n" in shown) is (name == "list")


def test_httpx_may_name_its_command_line_otherwise(home: Home, serve: Serve, tmp_path: Path) -> None:
    """It is kept from being loaded by name: under another name it is loaded, and all works as before."""
    spec = find_spec("httpx")
    assert spec
    assert spec.origin
    renamed = tmp_path / "renamed" / "httpx"
    shutil.copytree(Path(spec.origin).parent, renamed)
    (renamed / "_main.py").rename(renamed / "_command_line.py")
    start = renamed / "__init__.py"
    text = start.read_text()
    assert "._main" in text
    start.write_text(text.replace("._main", "._command_line"))
    other = home.with_(PYTHONPATH=str(renamed.parent))
    ran = other.run("list", "352", "--json", "--url", serve(job(*GOOD)).url)
    assert (ran.status, len(ran.out.splitlines())) == (0, 3)
    assert "httpx._command_line" in _imported(other, "-c", "import httpx")
