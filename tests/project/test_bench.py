"""The benchmark works: each kind of case runs, with small numbers."""

import os
import shutil
import subprocess
import sys

import pytest
from bench.cases import CASES
from documents.manual import ROOT

WORDS = (
    "51 events",
    "compact",
    "pretty",
    "memory",
    "20 MB",
    "an event's line",
    "200",
    "footer",
    "why",
    "changes",
    "forward",
)


def test_contributing_has_its_rows() -> None:
    """CONTRIBUTING has a row for each case, with the goal that the benchmark checks."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [case for case in CASES if f"| {case.what} | {case.compared_with} | {case.goal} | " not in text] == []


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
@pytest.mark.parametrize("word", WORDS)
def test_each_kind_of_case_runs(word: str) -> None:
    """It prints a row for each case that the word chooses, with a figure."""
    ran = subprocess.run(
        [sys.executable, "-m", "bench", word],
        cwd=ROOT / "tests",
        env={**os.environ, "BENCH_SMALL": "1"},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr.decode()) == (0, "")
    rows = [line.split(" | ") for line in ran.stdout.decode().splitlines()[2:] if line.startswith("|")]
    assert rows
    assert all(row[3].endswith("(small)") for row in rows)
