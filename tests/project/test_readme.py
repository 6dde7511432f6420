"""README is true: its examples and recipes are run, its tables are the program's own."""

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
from support.program import TOKEN, Home, Ran
from support.samples import MORNING, readme_job
from support.terminal import Terminal

from jobevents_cli.cli import COMMANDS
from jobevents_cli.demo import stories
from jobevents_cli.exit_status import ExitStatus

README = Path(__file__).parents[2] / "README.md"
EXAMPLE = re.compile(r"```console\n(\$ (?:.*\n)*?)```\n")
MARKS = re.compile(r"(?<=<!-- exit status -->\n)(.*\n)*?(?=<!-- end -->)")
UPDATE = "UPDATE_GOLDEN=1 python -m pytest -n0 tests/project/test_readme.py writes README anew"
MOST_LINES = 300
WIDTH = 100
NOW = MORNING + 600
"""When `demo --serve` was started, for README: job 352 began at nine."""


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


@pytest.fixture(name="shell")
def _shell(home: Home, serve: Callable[..., TestServer]) -> Home:
    """A home with what `demo --serve` serves at NOW."""
    jobs, plans = stories.served(NOW, seed=1)
    server = serve(*jobs, plans=plans)
    server.orchestrator.clock = lambda: NOW
    return home.with_(JOBEVENTS_URL=server.url, JOBEVENTS_PUPPETDB_URL=server.url)


@pytest.mark.skipif(not shutil.which("jq"), reason="needs jq")
def test_the_examples_print_what_they_say(shell: Home) -> None:
    """Each command, run on a terminal against what `demo --serve` serves, prints what is written there."""

    def run(command: str) -> str:
        line = f"cd {shlex.quote(str(shell.folder))} && {command}"
        with Terminal(["bash", "-c", line], columns=WIDTH, rows=60, environment=shell.environment) as terminal:
            terminal.wait_for_end()
            lines = [*terminal.scrolled, *terminal.lines]
        return "\n".join(lines).rstrip("\n")

    def example(match: re.Match[str]) -> str:
        commands = [line for line in match[1].splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"{command}\n{run(command[2:])}\n" for command in commands) + "```\n"

    _says(EXAMPLE, example)


def _recipes() -> list[str]:
    """The lines of the section Recipes, up to the next heading."""
    text = README.read_text(encoding="utf-8").partition("## Recipes\n")[2].partition("\n#")[0]
    return [line for line in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)[0].splitlines() if line]


@pytest.mark.skipif(not shutil.which("jq"), reason="needs jq")
@pytest.mark.parametrize("line", _recipes())
def test_each_recipe_can_be_pasted(shell: Home, line: str) -> None:
    """It does what its comment says with what `demo --serve` serves: there is no error, and no unknown job."""
    command, comment = line.split("#", 1)
    assert comment.strip()
    before = "jobevents list 352 --json > job-352.jsonl; " if "--from" in line else ""
    ran = shell.shell(f"cd; {before}timeout --signal=INT 2 {command}" if "tail" in line else f"cd; {before}{command}")
    # What follows a job that runs, or that does not exist yet, is interrupted.
    assert ran.status in (0, 3, 124), ran
    assert not re.search(r"^(Error|Usage):", ran.err, re.MULTILINE)


def test_the_first_settings_can_be_pasted(home: Home, tmp_path: Path) -> None:
    """They store the address, the CA and the token, for which `doctor` then looks."""
    ca = tmp_path / "their-ca.pem"
    ca.write_text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
    (lines,) = _blocks("setup")
    scp = f'scp() {{ cp {ca} "$2"; }}; '
    ran = home.shell(scp + lines.replace("jobevents doctor", "true") + "jobevents config show", stdin=b"a-new-token\n")
    assert (ran.status, ran.err) == (0, "")
    assert re.search(r"^url +https://pe.example.com:8143 ", ran.out, re.MULTILINE)
    assert re.search(rf"^cacert +{home.folder}/pe-ca.pem ", ran.out, re.MULTILINE)
    token = home.folder / ".puppetlabs" / "token"
    assert (token.read_text(), token.stat().st_mode & 0o777) == ("a-new-token\n", 0o600)


def _commands(recipe: str) -> list[str]:
    """The shell commands of a *recipe* for a CI system, in their order."""
    found = re.findall(r"^ *(?:- )?(?:run: |sh ')(.*?)'?$|^    - (.*)$", recipe, re.MULTILINE)
    return [one or other for one, other in found]


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("number", range(3), ids=["github", "gitlab", "jenkins"])
def test_the_recipes_for_ci_work(home: Home, serve: Callable[..., TestServer], number: int) -> None:
    """Each starts a job, keeps its id, fails with the job, and writes the report even then."""
    url = serve(readme_job()).url
    (home.folder / "start-job.sh").write_text(next(_blocks("start-job.sh")))
    (home.folder / "github").touch()
    runner = home.with_(
        JOBEVENTS_URL=url,
        JOBEVENTS_PUPPETDB_URL=url,
        JOBEVENTS_TOKEN=TOKEN,
        PE_CA="the text of the file",
        GITHUB_ENV=str(home.folder / "github"),
        GITHUB_STEP_SUMMARY=str(home.folder / "summary.md"),
    )
    recipe = list(_blocks("ci"))[number]
    assert {"JOBEVENTS_URL", "JOBEVENTS_TOKEN", "JOBEVENTS_CACERT"} <= set(re.findall(r"\bJOBEVENTS_\w+", recipe))
    install, *commands = _commands(recipe)
    assert "git+https://git.example.com/jobevents" in install
    ran: dict[str, Ran] = {}
    for command in commands:
        # Each step is a shell of its own; GitHub hands $GITHUB_ENV on to the next.
        step = f"cd; set -a; . ./github; set +a; {command.replace('.venv/bin/', '')}"
        ca = {"JOBEVENTS_CACERT": str(home.folder / "pe-ca.pem")} if "PE_CA" in command else {}
        ran[command] = runner.with_(**ca).shell(step)
    assert [one.status for one in ran.values()] == [0] * (len(ran) - 2) + [3, 0]
    assert "schema is locked" in list(ran.values())[-2].err
    if number == 0:
        assert "db01.example.com" in (home.folder / "summary.md").read_text()
        assert (home.folder / "pe-ca.pem").read_text() == "the text of the file\n"
    else:
        assert "<failure" in (home.folder / "jobevents.xml").read_text()


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
