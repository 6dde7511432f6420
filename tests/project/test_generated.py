"""Man pages and completions are those of the commands, and every option is told everywhere."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import pytest
from support.manual import ROOT, pages
from support.program import Home
from support.terminal import Terminal

from jobevents_cli.cli import COMMANDS, group

CONTRACT = {
    "tail": "--start -n --lines --type --node --failures --grep --exclude --json -q --quiet --time --color --interval "
    "--timeout --retry-for --resume --fail-fast --exit-status --no-exit-status --progress --no-progress --all "
    "--latest --environment --owner --job-type --wait",
    "list": "--start -n --lines --type --node --failures --grep --exclude --json --raw --time --color --exit-status "
    "--no-exit-status",
    "jobs": "--limit --state --job-type --owner --environment --json --time --color",
    "show": "--json --svg --time --color",
    "demo": "--nodes --speed --seed --serve --port",
    "doctor": "--json",
}
CONNECTION = "--url --token-file --cacert --profile"


def test_the_files_are_up_to_date() -> None:
    """`python -m support.manual` would change nothing."""
    files = pages()
    stale = [path.name for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    strangers = [
        path.name for folder in ("man", "completions") for path in (ROOT / folder).iterdir() if path not in files
    ]
    assert (stale, strangers) == ([], [])


@pytest.mark.parametrize("name", CONTRACT)
def test_every_option_has_its_line(home: Home, name: str) -> None:
    """Each option of the contract stands in `--help` and in the man page, each with a text."""
    page = (ROOT / "man" / f"jobevents-{name}.1").read_text(encoding="utf-8").replace("\\-", "-")
    shown = home.run(name, "--help")
    assert shown.status == 0
    assert home.run(name, "-h").out == shown.out
    wanted = CONTRACT[name].split() + (CONNECTION.split() if name != "demo" else [])
    for option in wanted:
        pattern = rf"(?<![\w-]){option}(?![\w-])"
        assert re.search(pattern, shown.out), option
        assert re.search(pattern, page), option
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_closes_with_examples(home: Home, name: str) -> None:
    """Every command's help, and that of the group, ends with worked examples."""
    for arguments in ([name, "--help"], ["--help"]):
        text = home.run(*arguments).out
        assert "Examples:" in text
        assert text.rstrip().splitlines()[-1].startswith("    ")


@pytest.mark.parametrize(("columns", "widest"), [(60, 60), (90, 90), (160, 100)])
def test_help_fits_the_terminal(home: Home, columns: int, widest: int) -> None:
    """Help is as wide as the terminal, at most 100 columns; off a terminal COLUMNS tells, else it has 80."""
    with Terminal(["jobevents", "tail", "--help"], columns=columns, rows=160, environment=home.environment) as terminal:
        assert terminal.wait_for_end() == 0
    asked = home.with_(COLUMNS=str(columns)).run("tail", "--help").out
    assert terminal.raw.decode().replace("\r\n", "\n") == asked
    before_examples = asked[: asked.index("Examples:")].splitlines()  # those are to be copied, so they never break
    assert widest - 12 < max(map(len, before_examples)) <= widest - 2
    assert home.with_(COLUMNS="").run("tail", "--help").out == home.with_(COLUMNS="80").run("tail", "--help").out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_says_what_they_say(name: str) -> None:
    """What `--help` of the group says of a command is the first sentence of the command's own help."""
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert COMMANDS[name] == " ".join((command.help or "").split("\n\n")[0].split())


@pytest.mark.skipif(not shutil.which("mandoc"), reason="needs mandoc")
def test_the_pages_are_clean() -> None:
    """Mandoc has nothing to say against them."""
    ran = subprocess.run(
        ["mandoc", "-Tlint", "-Wwarning", *sorted(map(str, (ROOT / "man").iterdir()))],
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout.decode()) == (0, "")


def test_the_wheel_holds_what_packagers_look_for(tmp_path: Path) -> None:
    """Pages and completions where pipx and distributions look; the marker of a typed package; the licence."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT], check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    data = f"{'-'.join(wheel.name.split('-')[:2])}.data/data/share"
    for path in pages():
        place = {"man": "man/man1", "bash": "bash-completion/completions"}
        expected = {
            "_jobevents": f"{data}/zsh/site-functions/_jobevents",
            "jobevents.bash": f"{data}/{place['bash']}/jobevents",
            "jobevents.fish": f"{data}/fish/vendor_completions.d/jobevents.fish",
        }.get(path.name, f"{data}/{place['man']}/{path.name}")
        assert expected in names
    assert "jobevents_cli/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
