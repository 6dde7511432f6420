"""The edge of the program: help, near misses, streams that cannot be written, bugs."""

import shlex
import subprocess
import sys
from collections.abc import Callable

import click
import pytest
from support.misbehaving import TestServer, job
from support.program import TOKEN, Home

from jobevents_cli.cli import COMMANDS, group

Serve = Callable[..., TestServer]
QUIET_COMMANDS = (
    "--help",
    "--version",
    "completion bash",
    "completion zsh",
    "config --help",
    "tail -h",
    "config show -h",
)


def _leaves() -> list[str]:
    """Every command and subcommand."""
    ctx = click.Context(group)
    names = []
    for name in COMMANDS:
        command = group.get_command(ctx, name)
        names += [name, *(f"{name} {sub}" for sub in command.commands)] if isinstance(command, click.Group) else [name]
    return names


@pytest.mark.parametrize("arguments", QUIET_COMMANDS)
def test_a_reader_that_is_gone(home: Home, arguments: str) -> None:
    """A reader that ends before it has read anything ends every command silently with 141."""
    ran = home.shell(f"exec 3> >(true); wait $!; jobevents {arguments} >&3")
    assert (ran.status, ran.err) == (141, "")


@pytest.mark.parametrize("arguments", QUIET_COMMANDS)
def test_a_full_disk(home: Home, arguments: str) -> None:
    """What cannot be written is said, with 7."""
    ran = home.shell(f"jobevents {arguments} > /dev/full")
    assert ran.status == 7
    assert "No space left on device" in ran.err


def test_an_unwritable_standard_error_changes_no_status(home: Home, serve: Serve) -> None:
    """`2>/dev/full` leaves every outcome its own status."""
    url = serve(job("n1:failed", "job:finished", final_state="failed")).url
    for arguments, status in (
        ("--help", 0),
        ("tial", 2),
        (f"tail 352 --url {url}", 3),
        (f"tail 353 --url {url}", 6),
        ("tail 352 --url http://127.0.0.1:1 --retry-for 0", 7),
        (f"doctor --url {url}", 0),
        ("", 2),
    ):
        assert home.shell(f"jobevents {arguments} 2>/dev/full").status == status, arguments


@pytest.mark.parametrize("name", _leaves())
def test_every_command_has_help(home: Home, name: str) -> None:
    """`-h` is `--help`; it closes with examples, and both need neither a home nor a valid configuration."""
    broken = home.folder / "broken.toml"
    broken.write_text("= 1")
    ran = home.with_(JOBEVENTS_CONFIG=str(broken)).run(*name.split(), "-h")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == home.run(*name.split(), "--help").out
    examples = ran.out.split("Examples:\n")[1].strip().splitlines()
    assert all(f"jobevents {name.split(maxsplit=1)[0]}" in line or line.startswith("    ") for line in examples)


@pytest.mark.slow
@pytest.mark.parametrize("name", _leaves())
def test_help_for_a_reader_that_is_gone(home: Home, name: str) -> None:
    """The help of every command ends with 141 as well; a few are tried above."""
    assert home.shell(f"exec 3> >(true); wait $!; jobevents {name} -h >&3").status == 141


def test_the_table_of_commands_is_short() -> None:
    """Every command is said in at most 45 characters, which is what shells show of it."""
    ctx = click.Context(group)
    subcommands = group.get_command(ctx, "config")
    assert isinstance(subcommands, click.Group)
    texts = {**COMMANDS, **{name: subcommands.short_help_of(name) for name in subcommands.commands}}  # type: ignore[attr-defined]
    assert {name: text for name, text in texts.items() if not 10 <= len(text.rstrip(".")) <= 45} == {}


def test_help_loads_neither_httpx_nor_rich(home: Home) -> None:
    """Help and completion are felt at every Tab: what sends requests and draws is loaded by those who do."""
    for arguments in (["--help"], ["tail", "--help"], ["config", "--help"], ["completion", "bash"]):
        script = (
            "import sys\nfrom jobevents_cli.cli import main\n"
            f"try: main({arguments})\nexcept SystemExit: pass\n"
            "print(sorted({'httpx', 'rich', 'ssl', 'platformdirs', 'tomllib', 'asyncio'} & set(sys.modules)), "
            "file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", script], env=home.environment, capture_output=True, check=False)
        assert done.stderr == b"[]\n", (arguments, done.stderr)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("tial 352", "did you mean `jobevents tail`?"),
        ("shwo", "did you mean `jobevents show`?"),
        ("config shwo", "did you mean `jobevents config show`?"),
        ("352", "did you mean `jobevents tail 352`?"),
        ("plan/12 --json", "did you mean `jobevents tail plan/12`?"),
        ("job/352", "did you mean `jobevents tail job/352`?"),
        ("'https://pe/#/run/jobs/352'", "did you mean `jobevents tail 'https://pe/#/run/jobs/352'`?"),
        ("tail 352 --jsn", "there is no option --jsn; did you mean --json?"),
        ("tail 352 --failure=1", "there is no option --failure; did you mean --failures?"),
        ("tail 352 --no-progess", "did you mean --no-progress?"),
        ("tail 352 --color", "Hint: jobevents tail --help"),
        ("tail 352 --timeout soon", "Hint: jobevents tail --help"),
        ("--verson", "did you mean --version?"),
        ("tail 352 --folow", "`jobevents tail` follows until the job ends"),
        ("tail -f 352", "`jobevents tail` follows until the job ends"),
        ("--json tail", "options follow the command"),
        ("config set", "Hint: jobevents config set --help"),
        ("config set url", "Hint: jobevents config set --help"),
        ("completion", "Choose from: bash, zsh, fish"),
        ("completion tcsh", "Hint: jobevents completion --help"),
        ("config set default-profile a --profile b", "default-profile and --profile contradict each other"),
        ("tail 352 --resume --start 5", "--resume and --start contradict each other"),
    ],
)
def test_near_misses(home: Home, arguments: str, named: str) -> None:
    """A slip is an error of one line that names the closest real thing, and a hint."""
    ran = home.run(*shlex.split(arguments))
    assert (ran.status, ran.out) == (2, "")
    assert named in ran.err
    assert [line.split(":")[0] for line in ran.err.splitlines()] == ["Error", "Hint"]


def test_tail_without_a_job_names_those_seen_lately(home: Home, serve: Serve) -> None:
    """The newest jobs that jobevents remembers, `latest` and `jobevents jobs` are named."""
    nothing = home.run("tail")
    assert nothing.err.splitlines()[1] == "Hint: `jobevents jobs` lists the jobs"
    here = home.with_(JOBEVENTS_URL=serve(job("job:finished", job_id=351), job("job:finished", job_id=352)).url)
    here.run("jobs")
    ran = here.run("tail")
    assert ran.status == 2
    assert ", latest or --all" in ran.err
    assert "seen lately: 352 (finished " in ran.err
    assert "`jobevents jobs` lists more" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["tail", "9" * 5000],
        ["list", "9" * 5000],
        ["tail", "352", "--start", "9" * 5000],
        ["tail", "352", "-n", "9" * 5000],
        ["tail", "352", "-n", str(2**63)],
        ["tail", "352", "--timeout", f"{'9' * 400}h"],
        ["tail", "352", "--retry-for", "9" * 400],
        ["tail", "352", "--wait", f"{'9' * 5000}m"],
        ["tail", "352", "--interval", "9" * 400],
        ["tail", "352", "--interval", "inf"],
        ["jobs", "--limit", "9" * 5000],
        ["demo", "--nodes", "9" * 5000],
        ["tail", "٣٥٢"],
        ["tail", "352", "--timeout", "٩h"],
    ],
)
def test_absurd_values(home: Home, arguments: list[str]) -> None:
    """A number that nothing can hold is a usage error, and is not printed back whole."""
    ran = home.run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err) < 600


@pytest.mark.parametrize("columns", ["9" * 5000, "99999999", "-5", "0", "x", "٣"])
def test_absurd_columns(home: Home, columns: str) -> None:
    """A width that makes no sense is ignored."""
    ran = home.with_(COLUMNS=columns).run("tail", "--help")
    assert ran.status == 0
    assert max(map(len, ran.out.splitlines())) <= 110


WITH_A_BUG = f"""
import sys
from jobevents_cli import cli
from jobevents_cli.config.token import Token
def broken(*arguments):
    Token({TOKEN!r}, "the token")
    raise KeyError("\\x1b[31m {TOKEN}")
cli._help_width = broken
cli.main(["--help"])
"""


def test_a_bug_names_its_place(home: Home) -> None:
    """File, function and line of a bug are named; the traceback comes with JOBEVENTS_DEBUG=1, without the token."""
    script = [sys.executable, "-c", WITH_A_BUG]
    plain = subprocess.run(script, env=home.environment, capture_output=True, text=True, check=False)
    assert plain.returncode == 1
    assert "a bug in jobevents" in plain.stderr
    assert "KeyError in cli.py, _invoke(), line " in plain.stderr
    assert "JOBEVENTS_DEBUG=1" in plain.stderr
    assert "Traceback" not in plain.stderr
    environment = {**home.environment, "JOBEVENTS_DEBUG": "1"}
    full = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert full.returncode == 1
    assert full.stderr.startswith("Traceback (most recent call last):\n")
    assert "(the token)" in full.stderr
    assert TOKEN not in full.stderr
    assert "\x1b" not in full.stderr


def test_python_does_not_expand_patterns(home: Home, serve: Serve) -> None:
    """`--node '*'` means every node, whatever files there are."""
    url = serve(job("n1:running", "job:finished")).url
    assert home.run("list", "352", "--node", "*", "--json", "--url", url).out.count("\n") == 1


def test_a_wrong_completion_request(home: Home) -> None:
    """Nonsense from a completion script is a usage error, never a bug."""
    for variables in (
        {"_JOBEVENTS_COMPLETE": "nonsense"},
        {"_JOBEVENTS_COMPLETE": "tcsh_complete"},
        {"_JOBEVENTS_COMPLETE": "bash_complete"},
        {"_JOBEVENTS_COMPLETE": "bash_complete", "COMP_WORDS": "jobevents '", "COMP_CWORD": "x"},
    ):
        ran = home.with_(**variables).run()
        assert (ran.status, ran.out, ran.err.startswith("Error: ")) == (2, "", True), (variables, ran)
