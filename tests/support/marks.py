"""Marks that several tests share."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from typing import Any, Final

import pytest

from support.program import PROGRAM

NOBODY: Final = "setpriv --reuid 54321 --clear-groups"
"""Runs what follows as a user without an entry in the password file."""


def _nobody_can_run_it() -> bool:
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return False
    # Not only the program must be readable: its Python, and the library this loads, may lie in a closed home directory.
    command = [*NOBODY.split(), sys.executable, "-c", f"import jobevents_cli; open({str(PROGRAM)!r})"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


needs_nobody = pytest.mark.skipif(
    not _nobody_can_run_it(), reason="needs root, and a program and a Python in folders that every user can enter"
)


def slow_but(quick: Iterable[Any], values: Iterable[Any]) -> list[Any]:
    """The parameters *values*, all marked slow but those in *quick*; a tuple is several arguments."""
    kept = list(quick)
    marks = {False: (pytest.mark.slow,), True: ()}
    return [
        pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=marks[value in kept]) for value in values
    ]
