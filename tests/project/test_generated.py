"""Man pages and completions are those of the commands, and every option of the contract is documented everywhere."""

import re
import shutil
import subprocess
from collections.abc import Callable

import click
import pytest
from documents.manual import ROOT, generated, pages
from documents.overview import OVERVIEW
from documents.recipes import RECIPES, Recipe
from support.misbehaving import TestServer
from support.program import Home
from support.samples import readme_job
from support.terminal import Terminal

from jobevents_cli.cli import COMMANDS, group

LATEST = "--environment --owner --job-type --state"
LOOKS = "--time --color"
OPTIONS = {
    "tail": f"{LATEST} {LOOKS} --all --wait --start -n --lines --type --node --failures --grep --exclude --json "
    "--no-jobs -q --quiet --interval --timeout --retry-for --resume --fail-fast --why --progress --no-progress",
    "list": f"{LATEST} {LOOKS} --from --start -n --lines --type --node --failures --grep --exclude --json --no-jobs",
    "jobs": f"{LOOKS} --plans --limit --state --job-type --owner --environment --json",
    "show": f"{LATEST} {LOOKS} --from --node --failures --running --format --json --why --all-nodes --output "
    "--exit-status",
    "why": f"{LATEST} --from --node --all-nodes --logs --json --color",
    "changes": f"{LATEST} --node --all-nodes --limit --json --color",
    "forward": "--since --environment --owner --job-type --plans --type --failures --max-bytes --name --batch-events "
    "--batch-wait --batch-timeout --skip-after --stats --metrics --documents --interval",
    "doctor": "--json",
    "demo": "--nodes --speed --seed --plan --serve --port",
}
"""The options that the command-line contract promises, by command."""

CONNECTION = "--url --token-file --cacert --profile"
SHORT = 45
"""Characters that shells show of a command's short help."""


def test_the_files_are_up_to_date() -> None:
    """`python -m documents.manual` would change nothing."""
    files = pages()
    stale = [path.name for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    strangers = [path.name for path in generated() if path not in files]
    assert (stale, strangers) == ([], [])


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_has_its_line(home: Home, name: str) -> None:
    """Each option of the contract is in `--help` and in the man page, each with a text."""
    page = (ROOT / "man" / "man1" / f"jobevents-{name}.1").read_text(encoding="utf-8").replace("\\-", "-")
    shown = home.run(name, "--help")
    assert shown.status == 0
    assert home.run(name, "-h").out == shown.out
    wanted = OPTIONS[name].split() + (CONNECTION.split() if name != "demo" else [])
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


def test_the_connection_takes_one_line(home: Home) -> None:
    """Every command that has these options names them in one line; `config --help` says what each is."""
    line = "Connection: --url --token-file --cacert --profile: see jobevents config --help"
    for name in COMMANDS:
        shown = home.run(name, "--help").out.splitlines()
        assert (line in shown) is (name not in ("demo", "completion", "config")), name
        explains = [
            row.split()[0] for row in shown if row.startswith(tuple(f"  {each} " for each in CONNECTION.split()))
        ]
        assert explains == (CONNECTION.split() if name == "config" else []), name
    assert line in home.run("config", "show", "--help").out.splitlines()


@pytest.mark.parametrize("name", ["", *COMMANDS, "config show", "config set", "config unset"])
def test_help_fits_80_columns(home: Home, name: str) -> None:
    """Its examples, too, which are never broken."""
    assert max(map(len, home.with_(COLUMNS="80").run(*name.split(), "--help").out.splitlines())) <= 80


@pytest.mark.parametrize(("columns", "widest"), [(60, 60), (90, 90), (160, 100)])
def test_help_fits_the_terminal(home: Home, columns: int, widest: int) -> None:
    """Help is as wide as the terminal, at most 100 columns; elsewhere COLUMNS counts, or else it is 80."""
    with Terminal(["jobevents", "tail", "--help"], columns=columns, rows=200, environment=home.environment) as terminal:
        assert terminal.wait_for_end() == 0
    asked = home.with_(COLUMNS=str(columns)).run("tail", "--help").out
    assert terminal.raw.decode().replace("\r\n", "\n") == asked
    before_examples = asked[: asked.index("Examples:")].splitlines()  # those are to be copied, so they never break
    assert widest - 12 < max(map(len, before_examples)) <= widest - 2
    assert home.with_(COLUMNS="").run("tail", "--help").out == home.with_(COLUMNS="80").run("tail", "--help").out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_is_short(name: str) -> None:
    """Shells show 45 characters of what `--help` of the group says about a command."""
    assert len(COMMANDS[name]) <= SHORT


@pytest.mark.skipif(not shutil.which("mandoc"), reason="needs mandoc")
def test_the_pages_are_clean() -> None:
    """Mandoc finds nothing wrong with them."""
    ran = subprocess.run(
        ["mandoc", "-Tlint", "-Wwarning", *sorted(map(str, (ROOT / "man").rglob("*.[15]")))],
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout.decode()) == (0, "")


@pytest.mark.skipif(not shutil.which("jq"), reason="needs jq")
@pytest.mark.parametrize(
    "recipe", [recipe for recipes in RECIPES.values() for recipe in recipes], ids=lambda one: one.what
)
def test_the_recipes_of_the_man_pages_work(home: Home, serve: Callable[..., TestServer], recipe: Recipe) -> None:
    """Each command prints what is written under it."""
    shell = home.with_(JOBEVENTS_URL=serve(readme_job()).url, HOME=str(home.folder))
    ran = shell.shell(f"cd && {recipe.command}")
    assert ran.out == recipe.prints


def test_only_one_page_repeats_what_all_have_in_common() -> None:
    """The exit statuses, the environment and the files are in jobevents(1), to which the others refer."""
    for path, text in pages().items():
        if path.suffix == ".1":
            assert (".SH EXIT STATUS" in text) is (path.name == "jobevents.1")
            assert path.name == "jobevents.1" or "\\fBjobevents\\fR(1) has an overview" in text


def _code(section: str) -> str:
    """The code in a *section* of jobevents(1)."""
    text = OVERVIEW.partition(f"# {section}\n")[2].partition("\n# ")[0]
    return "\n".join(line.strip() for line in text.splitlines() if not line or line.startswith("    "))


def test_the_example_of_a_profile_is_read(home: Home) -> None:
    """The file in jobevents(1) has no unknown key; each profile has its own address, and the rest in common."""
    text = _code("CONFIGURATION").replace("/home/jane", str(home.folder))
    (home.folder / "pe-ca.pem").touch()
    home.write_token().rename(home.folder / ".puppetlabs" / "staging-token")
    file = home.folder / "config.toml"
    file.write_text(text)
    configured = home.with_(JOBEVENTS_CONFIG=str(file))
    options: list[list[str]] = [[], ["--profile", "staging"]]
    addresses = re.findall(r"^url = \"(.*)\"$", text, re.MULTILINE)
    configured = home.with_(JOBEVENTS_CONFIG=str(file))
    shown = [configured.run("config", "show", *some) for some in options]
    for ran, address in zip(shown, addresses, strict=True):
        assert ran.err == ""
        assert re.search(rf"^url +{address}:8143 ", ran.out, re.MULTILINE), ran.out
        assert re.search(r"^interval +2 ", ran.out, re.MULTILINE)
    for key, value in re.findall(r"^(token-file|puppetdb-url) = \"(.*)\"$", text, re.MULTILINE):
        assert re.search(rf"^{key} +{re.escape(value)} ", shown[1].out, re.MULTILINE), shown[1].out


def test_the_first_steps_are_those_of_readme() -> None:
    """README explains each line; the page has the same ones."""
    lines = [line for line in _code("FIRST STEPS").splitlines() if line and not line.endswith("latest")]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [line for line in lines if f"\n{line}" not in text] == []
    assert len(lines) == 4
