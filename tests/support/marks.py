"""Marks for parameters: a few cases in the default run, the others in the slow one."""

from collections.abc import Iterable
from typing import Any

import pytest


def slow_but(quick: Iterable[Any], values: Iterable[Any]) -> list[Any]:
    """The parameters *values*, all marked slow but those in *quick*; a tuple is several arguments."""
    kept = list(quick)
    marks = {False: (pytest.mark.slow,), True: ()}
    return [
        pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=marks[value in kept]) for value in values
    ]
