"""Fixtures: a clean home, and golden files."""

import os
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from support.misbehaving import Fault, TestServer
from support.program import Home, home_in

from jobevents_cli.demo.scripted_jobs import ScriptedJob, ScriptedPlan

GOLDEN = Path(__file__).parent / "golden"
WORKERS_PER_CORE = 4
"""Tests of a program that follows jobs wait more than they compute."""

sys.dont_write_bytecode = False  # every process that runs tests loads them all: what one has compiled, others read

settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile("deep", max_examples=500, deadline=None)  # --hypothesis-profile deep; `.ci/run` does so too
settings.load_profile("quick")


def pytest_xdist_auto_num_workers() -> int:
    """How many processes run the tests where `-n auto` is given."""
    return WORKERS_PER_CORE * (os.cpu_count() or 1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail instead of skipping for want of a program that JOBEVENTS_REQUIRE names; `.ci/run` sets it."""
    report = yield
    reason = str(report.longrepr[2]).lower() if report.skipped and isinstance(report.longrepr, tuple) else ""
    if wanting := [name for name in os.environ.get("JOBEVENTS_REQUIRE", "").split() if name in reason]:
        report.outcome = "failed"
        report.longrepr = f"{reason}, though {wanting[0]} is installed and required"
    return report


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts its background jobs so; the programs under test would inherit it, and never hear a Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> Home:
    """A fresh home with a token."""
    home = home_in(tmp_path)
    home.write_token()
    return home


@pytest.fixture(name="serve")
def _serve() -> Iterator[Callable[..., TestServer]]:
    """Starts servers that end with the test."""
    with ExitStack() as stack:

        def serve(
            *jobs: ScriptedJob,
            plans: Iterable[ScriptedPlan] = (),
            faults: dict[int, Fault] | None = None,
            port: int = 0,
        ) -> TestServer:
            server = TestServer(jobs, plans=plans, faults=faults, port=port)
            stack.enter_context(server)
            return server

        yield serve


@pytest.fixture(name="golden")
def _golden() -> Callable[[str, str], None]:
    """Compares a text with the file of that name; UPDATE_GOLDEN=1 writes it anew."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), (
            "UPDATE_GOLDEN=1 python -m pytest -n0 TEST writes the file anew"
        )

    return compare
