"""The README tells the truth: its examples are run, its table is the program's own."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.misbehaving import TestServer
from support.program import Home
from support.samples import readme_job

from jobevents_cli.cli import COMMANDS
from jobevents_cli.exit_status import ExitStatus

README = Path(__file__).parents[2] / "README.md"
EXAMPLE = re.compile(r"```console\n\$ (.*)\n((?:.*\n)*?)```\n")
SCREEN = re.compile(r"(?<=<!-- screen -->\n```\n)(.*\n)*?(?=```)")
MARKS = re.compile(r"(?<=<!-- exit status -->\n)(.*\n)*?(?=<!-- end -->)")


def _says(pattern: re.Pattern[str], truth: Callable[[re.Match[str]], str]) -> None:
    """Compare what the README says with the truth; UPDATE_GOLDEN=1 writes the truth into it."""
    text = README.read_text(encoding="utf-8")
    right = pattern.sub(truth, text)
    if os.environ.get("UPDATE_GOLDEN"):
        README.write_text(right, encoding="utf-8")
    assert README.read_text(encoding="utf-8") == right


@pytest.mark.skipif(not shutil.which("jq"), reason="needs jq")
def test_the_examples_print_what_they_say(home: Home, serve: Callable[..., TestServer]) -> None:
    """Each command of the README, run against its job 352, prints what stands under it."""
    shell = home.with_(JOBEVENTS_URL=serve(readme_job()).url)

    def run(match: re.Match[str]) -> str:
        ran = shell.shell(match[1])
        return f"```console\n$ {match[1]}\n{ran.out}{ran.err}```\n"

    _says(EXAMPLE, run)


def test_the_python_example_runs(home: Home, serve: Callable[..., TestServer]) -> None:
    """The README's Python follows the job, prints its failure and its outcome."""
    code = re.search(r"<!-- python -->\n```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    done = subprocess.run(
        [sys.executable, "-c", code[1]],
        env={**home.environment, "JOBEVENTS_URL": serve(readme_job()).url},
        capture_output=True,
        check=False,
    )
    assert done.stderr.decode() == ""
    assert done.stdout.decode() == "db01.example.com Finished puppet run on db01.example.com - Failed!\nFAILED\n"


def test_the_units_command_runs(home: Home, serve: Callable[..., TestServer]) -> None:
    """The command of the README's unit ships events, and ends with the status that the unit calls a success."""
    unit = re.search(r"<!-- unit -->\n```ini\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert unit is not None
    command = re.search(r"^ExecStart=jobevents (.*)$", unit[1], re.MULTILINE)
    assert command is not None
    running = readme_job()
    running.timeline.pop()
    live = home.with_(JOBEVENTS_URL=serve(running).url).start(*command[1].split())
    assert json.loads(live.line())["job"] == "352"
    live.signal(signal.SIGTERM)
    assert f"SuccessExitStatus={live.finish().status}" in unit[1]


def test_the_screen_is_the_golden_one() -> None:
    """What the README shows of the footer is what a test saw on a terminal."""
    screen = (README.parent / "tests" / "golden" / "screen-running.txt").read_text(encoding="utf-8")
    _says(SCREEN, lambda _: screen)


def test_every_command_is_in_the_readme() -> None:
    """No command is left for the user to guess."""
    text = README.read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"jobevents {name}" not in text] == []


def test_the_table_of_exit_statuses_is_the_programs() -> None:
    """Every status with its meaning, in the program's own words."""
    rows = "".join(f"| {status.value} | {status.meaning} |\n" for status in ExitStatus)
    _says(MARKS, lambda _: f"| status | when |\n| --- | --- |\n{rows}")
