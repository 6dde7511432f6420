"""Runs the benchmark and prints its table: `python -m bench [WORD ...]`, in the folder `tests`; words choose rows."""

import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version

from bench.cases import CASES
from bench.measure import Bench
from bench.sizes import IS_SMALL


def main() -> None:
    """Print the table."""
    words = sys.argv[1:]
    missing = [tool for tool in ("curl", "jq") if not shutil.which(tool)]
    if missing:
        raise SystemExit(f"the benchmark needs {' and '.join(missing)}")
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    orchestrator, puppetdb = (f"http://127.0.0.1:{port}" for port in server.stdout.readline().split())
    sys.stdout.write("| what | compared with | goal | measured | floor |\n| --- | --- | --- | --- | --- |\n")
    try:
        with tempfile.TemporaryDirectory() as home:
            bench = Bench(orchestrator, puppetdb, home)
            for case in CASES:
                if not words or any(word in case.what for word in words):
                    figure = case.measure(bench)
                    verdict = " (small)" if IS_SMALL else "" if figure.is_reached else " (missed)"
                    measured = f"{figure.measured}{verdict}"
                    row = (case.what, case.compared_with, case.goal, measured, figure.floor)
                    sys.stdout.write(f"| {' | '.join(row)} |\n")
                    sys.stdout.flush()
    finally:
        server.kill()
        server.wait()
    jq = subprocess.run(["jq", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    curl = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    python = ".".join(map(str, sys.version_info[:3]))
    libraries = ", ".join(f"{name} {version(name)}" for name in ("click", "httpx", "rich"))
    sys.stdout.write(f"\nMeasured with Python {python}, {libraries}, {jq}, curl {curl}.\n")


if __name__ == "__main__":
    main()
