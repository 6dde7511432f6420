"""Runs the benchmark and prints its table: `python -m bench [WORD ...]`, in the folder `tests`; words choose rows."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from documents.manual import ROOT

from bench.cases import CASES, Case, Figure
from bench.measure import Bench
from bench.sizes import IS_SMALL

WRITE: Final = "--write"
FILE: Final = ROOT / "CONTRIBUTING.md"
VERSIONS: Final = "Measured with "


def main() -> None:
    """Print the table, and with `--write` put its rows into CONTRIBUTING."""
    words = [word for word in sys.argv[1:] if word != WRITE]
    missing = [tool for tool in ("curl", "jq") if not shutil.which(tool)]
    if missing:
        raise SystemExit(f"the benchmark needs {' and '.join(missing)}")
    if IS_SMALL and WRITE in sys.argv:
        raise SystemExit("figures of small cases are not for the documents")
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    orchestrator, puppetdb = (f"http://127.0.0.1:{port}" for port in server.stdout.readline().split())
    sys.stdout.write("| what | compared with | goal | measured | floor |\n| --- | --- | --- | --- | --- |\n")
    rows = []
    try:
        with tempfile.TemporaryDirectory() as home:
            bench = Bench(orchestrator, puppetdb, home)
            for case in CASES:
                if not words or any(word in case.what for word in words):
                    rows.append(_row(case, case.measure(bench)))
                    sys.stdout.write(f"{_line(rows[-1])}\n")
                    sys.stdout.flush()
    finally:
        server.kill()
        server.wait()
    versions = _versions()
    sys.stdout.write(f"\n{versions}\n")
    if WRITE in sys.argv:
        FILE.write_text(_with_rows(FILE.read_text(encoding="utf-8"), rows, versions), encoding="utf-8")


def _row(case: Case, figure: Figure) -> tuple[str, ...]:
    verdict = " (small)" if IS_SMALL else "" if figure.is_reached else " (missed)"
    return case.what, case.compared_with, case.goal, f"{figure.measured}{verdict}", figure.floor


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _with_rows(text: str, rows: Sequence[Sequence[str]], versions: str) -> str:
    """The *text* with the *rows* in place of those about the same."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        for row in rows:
            if line.startswith(f"| {row[0]} |"):
                lines[number] = _line(row)
        if line.startswith(VERSIONS):
            lines[number] = versions
    return "\n".join(lines) + "\n"


def _versions() -> str:
    jq = subprocess.run(["jq", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    curl = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    python = ".".join(map(str, sys.version_info[:3]))
    libraries = ", ".join(f"{name} {version(name)}" for name in ("click", "httpx", "msgspec", "rich"))
    return f"{VERSIONS}Python {python}, {libraries}, {jq}, curl {curl}."


if __name__ == "__main__":
    main()
