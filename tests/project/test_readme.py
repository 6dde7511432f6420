"""README is true: its examples are run, its tables are the program's own."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.misbehaving import TestServer
from support.program import Home
from support.samples import readme_job, readme_plan
from support.terminal import Terminal, words

from jobevents_cli.cli import COMMANDS
from jobevents_cli.demo.scripted_jobs import ScriptedJob
from jobevents_cli.exit_status import ExitStatus

README = Path(__file__).parents[2] / "README.md"
EXAMPLE = re.compile(r"```console\n(\$ (?:.*\n)*?)```\n")
MARKS = re.compile(r"(?<=<!-- exit status -->\n)(.*\n)*?(?=<!-- end -->)")
UPDATE = "UPDATE_GOLDEN=1 python -m pytest -n0 tests/project/test_readme.py writes README anew"
MOST_LINES = 300
WIDTH = 100
AT_FIRST = 5
"""Events of the job 353 that are visible before it is resumed."""


def _says(pattern: re.Pattern[str], truth: Callable[[re.Match[str]], str]) -> None:
    """Compare what README says with the truth; UPDATE_GOLDEN=1 writes the truth into it."""
    text = README.read_text(encoding="utf-8")
    right = pattern.sub(truth, text)
    if os.environ.get("UPDATE_GOLDEN"):
        README.write_text(right, encoding="utf-8")
    assert README.read_text(encoding="utf-8") == right, UPDATE


def _blocks(mark: str) -> Iterator[str]:
    """The code blocks under the comment *mark*."""
    pattern = rf"<!-- {mark} -->\n```\w*\n(.*?)```"
    return (found[1] for found in re.finditer(pattern, README.read_text(encoding="utf-8"), re.DOTALL))


def _running_job() -> tuple[ScriptedJob, list[tuple[float, dict[str, object]]]]:
    """The job 352 as job 353, of which only the first events are visible, and the other events."""
    job = readme_job()
    job.job_id = 353
    story = sorted(job.timeline, key=lambda entry: entry[0])
    job.timeline = story[:AT_FIRST]
    return job, story[AT_FIRST:]


@pytest.fixture(name="shell")
def _shell(home: Home, serve: Callable[..., TestServer]) -> Home:
    """A home whose orchestrator has job 352, and whose PuppetDB has the report of its failed node."""
    url = serve(readme_job()).url
    return home.with_(JOBEVENTS_URL=url, JOBEVENTS_PUPPETDB_URL=url, JOB="352")


@pytest.mark.skipif(not shutil.which("jq"), reason="needs jq")
def test_the_examples_print_what_they_say(shell: Home, serve: Callable[..., TestServer]) -> None:
    """Each command, run on a terminal against job 352, 353, which runs, or plan 12, prints what is written there."""
    running, later = _running_job()
    other = shell.with_(JOBEVENTS_URL=serve(running).url)
    with_plan = shell.with_(JOBEVENTS_URL=serve(plans=[readme_plan()]).url)

    def run(command: str) -> str:
        is_running = "353" in command
        line = f"cd {shlex.quote(str(shell.folder))} && {command}"
        environment = (other if is_running else with_plan if "plan/" in command else shell).environment
        with Terminal(["bash", "-c", line], columns=WIDTH, rows=60, environment=environment) as terminal:
            terminal.wait_for_end()
            lines = [*terminal.scrolled, *terminal.lines]
        if is_running:
            running.timeline += later
            later.clear()
        return "\n".join(lines).rstrip("\n")

    def example(match: re.Match[str]) -> str:
        commands = [line for line in match[1].splitlines() if line.startswith("$ ")]
        shown = "".join(f"{command}\n{out}\n" if (out := run(command[2:])) else f"{command}\n" for command in commands)
        block = f"```console\n{shown}```\n"
        # The jobs of a plan are followed at the same time: which of two ends is printed first, and how wide the columns
        # are before all nodes are known, depends on which response comes first.
        is_same = "plan/" in block and words(block) == words(match[0])
        return match[0] if is_same else block

    _says(EXAMPLE, example)


def test_the_ci_recipes_work(shell: Home) -> None:
    """In each of them the tail fails with the job, and the report is written."""
    shell = shell.with_(GITHUB_STEP_SUMMARY=str(shell.folder / "summary.md"))
    recipes = list(_blocks("ci"))
    assert len(recipes) == 3
    for recipe in recipes:
        commands = re.findall(r"jobevents (?:tail|show) [^'\n]*", recipe)
        assert [shell.shell(f"cd && {command}").status for command in commands] == [3, 0]
    assert "db01.example.com" in (shell.folder / "summary.md").read_text()
    assert "<failure" in (shell.folder / "jobevents.xml").read_text()


def test_the_python_example_runs(home: Home, serve: Callable[..., TestServer]) -> None:
    """It follows the job and prints its failure and its outcome."""
    (code,) = _blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**home.environment, "JOBEVENTS_URL": serve(readme_job()).url},
        capture_output=True,
        check=False,
    )
    assert done.stderr.decode() == ""
    assert done.stdout.decode() == "db01.example.com Finished puppet run on db01.example.com - Failed!\nFAILED\n"


def test_the_picture_fits_a_page() -> None:
    """It is at most 100 columns wide and shows the footer."""
    picture = (README.parent / "tests" / "golden" / "tail.svg").read_text(encoding="utf-8").replace("&#160;", " ")
    assert "━" in picture
    assert "failed:" in picture
    rows: dict[str, int] = {}
    for row, text in re.findall(r'<text[^>]* y="([\d.]+)"[^>]*>(.*?)</text>', picture):
        rows[row] = rows.get(row, 0) + len(re.sub("&[#0-9a-z]+;", "x", text))
    assert max(rows.values()) <= WIDTH + len("jobevents tail")


def test_it_is_short() -> None:
    """README is at most 300 lines; no command is left for the user to guess."""
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert [name for name in COMMANDS if f"jobevents {name}" not in text] == []


def test_the_table_of_exit_statuses_is_the_programs() -> None:
    """Every status with its meaning, in the program's own words."""
    rows = "".join(f"| {status.value} | {status.meaning} |\n" for status in ExitStatus)
    _says(MARKS, lambda _: f"| status | when |\n| --- | --- |\n{rows}")
