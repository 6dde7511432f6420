"""What the wheel, the source archive and jobevents.pyz contain."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from documents.manual import ROOT, pages
from support.misbehaving import TestServer, job
from support.program import Home

PLACES = {
    "jobevents.bash": "bash-completion/completions/jobevents",
    "_jobevents": "zsh/site-functions/_jobevents",
    "jobevents.fish": "fish/vendor_completions.d/jobevents.fish",
}
README = ROOT / "README.md"


@pytest.mark.slow
def test_the_packages_hold_what_packagers_look_for(tmp_path: Path) -> None:
    """Pages and completions where pipx and distributions look; the marker of a typed package; the licence."""
    subprocess.run([sys.executable, "-m", "build", "--outdir", tmp_path, ROOT], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    share = f"{'-'.join(wheel.name.split('-')[:2])}.data/data/share"
    for path in pages():
        place = PLACES.get(path.name) or f"man/man{path.name[-1]}/{path.name}"
        assert f"{share}/{place}" in names
    assert "jobevents_cli/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "test" in Path(name).parts]

    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        inside = {name.partition("/")[2] for name in tar.getnames()}
    wanted = {
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "pyproject.toml",
        ".ci/run",
        "tests/conftest.py",
    }
    assert wanted <= inside


def _other_pythons() -> Iterator[str]:
    """Pythons of other versions on this machine."""
    for name in ("python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14"):
        is_other = name != f"python3.{sys.version_info.minor}" and shutil.which(name)
        if is_other and subprocess.run([name, "-c", ""], capture_output=True, check=False).returncode == 0:
            yield name


@pytest.mark.slow
def test_one_file_runs_where_there_is_no_pip(home: Home, serve: Callable[..., TestServer], tmp_path: Path) -> None:
    """README's command makes jobevents.pyz. A bare Python of that version runs it; another one gets a sentence."""
    found = re.search(r"<!-- pyz -->\n```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    (command,) = found[1].splitlines()
    path = f"{Path(sys.executable).parent}:{home.environment['PATH']}"
    subprocess.run(
        ["bash", "-ec", f"{command.removesuffix(' .')} '{ROOT}'"],
        cwd=tmp_path,
        env={**home.environment, "PATH": path},
        check=True,
        stdin=subprocess.DEVNULL,
    )
    url = serve(job("n1:failed", "job:finished")).url

    def tail(python: str, *options: str) -> "subprocess.CompletedProcess[str]":
        arguments = [python, *options, str(tmp_path / "jobevents.pyz"), "tail", "352", "--url", url]
        environment = {**home.environment, "PATH": os.environ["PATH"]}
        return subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)

    ran = tail(sys.executable, "-I", "-S")
    assert ran.returncode == 3, ran.stderr
    assert "✘ failed" in ran.stdout
    for python in _other_pythons():
        ran = tail(python)
        assert ran.returncode == 2
        assert re.match(r"Error: .* Python 3[.]", ran.stderr), ran.stderr
