"""Writes the man pages and completion scripts from the commands: `python -m documents.manual`, in the folder `tests`.

click-man loses option texts that begin with a full stop and cuts the NAME line, so the pages are written here.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Final

import click

from documents.forward_recipes import RECIPES as FORWARD_RECIPES
from documents.json_fields import OUTPUTS, Output
from documents.overview import OVERVIEW
from documents.recipes import RECIPES
from jobevents_cli import __version__
from jobevents_cli.cli import group
from jobevents_cli.commands.completion import SHELLS, script_for
from jobevents_cli.commands.help_groups import CONNECTION, OTHERS, GroupedCommand, connection_records
from jobevents_cli.config.sources import CONFIG_VARIABLE, TOKEN_VARIABLE, VARIABLES
from jobevents_cli.exit_status import ExitStatus

ROOT: Final = Path(__file__).parents[2]
COMPLETIONS: Final = {"bash": "jobevents.bash", "zsh": "_jobevents", "fish": "jobevents.fish"}
JSON_PAGE: Final = "jobevents-json.5"

ABOUT_JSON: Final = [
    (
        "Every JSON output is JSON Lines: one object on each line, in UTF-8. Objects of the orchestrator are printed "
        "as they came: every key, known or not, in the order received, numbers as the server spelled them. So there "
        "may be more fields than are listed here, and others may be missing: servers differ."
    ),
    ("A path is written as jq writes it. Fields that are marked with an asterisk are missing from ordinary output."),
]

ENVIRONMENT: Final = {
    VARIABLES["url"]: "Address of the orchestrator, as for --url.",
    TOKEN_VARIABLE: "The token itself; --token-file goes before it.",
    VARIABLES["token-file"]: "File with the token.",
    VARIABLES["cacert"]: "CA certificates to trust.",
    VARIABLES["profile"]: "Profile of the configuration file.",
    CONFIG_VARIABLE: "The configuration file itself.",
    VARIABLES["puppetdb-url"]: "Address of PuppetDB, for `why` and `changes`; with the certificate and key below.",
    VARIABLES["puppetdb-cert"]: "Client certificate for PuppetDB.",
    VARIABLES["puppetdb-key"]: "Its private key.",
    "JOBEVENTS_DEBUG": "If it is 1, a bug in jobevents prints its traceback.",
    "NO_COLOR": "If it is set and not empty, nothing is coloured.",
    "FORCE_COLOR": "If it is set and neither 0 nor false, pipes are coloured too; NO_COLOR goes before it.",
}
FILES: Final = {
    "~/.config/jobevents/config.toml": "The configuration file; see jobevents-config(1).",
    "~/.puppetlabs/client-tools/orchestrator.conf, /etc/puppetlabs/client-tools/orchestrator.conf": (
        "The configuration of PE's client tools: service-url, token-file, cacert."
    ),
    "~/.puppetlabs/client-tools/puppetdb.conf, /etc/puppetlabs/client-tools/puppetdb.conf": (
        "The same for PuppetDB: server_urls, cacert, cert, key."
    ),
    "~/.puppetlabs/token": "The token that puppet-access login wrote.",
    "/etc/puppetlabs/puppet/ssl/certs/ca.pem": "The CA that the Puppet agent trusts.",
    "~/.local/state/jobevents/state.db": "Where tail --resume and forward continue; jobs seen lately, for completion.",
}


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    context = click.Context(group, info_name="jobevents")
    section1, section5 = ROOT / "man" / "man1", ROOT / "man" / "man5"
    files = {section1 / f"{'-'.join(path)}.1": _page(path, command) for path, command in _commands(context)}
    files[section5 / JSON_PAGE] = _json_page()
    for shell in SHELLS:
        files[ROOT / "completions" / COMPLETIONS[shell]] = script_for(shell, group)
    return files


def generated() -> list[Path]:
    """The files that are there now."""
    return [path for folder in ("man", "completions") for path in (ROOT / folder).rglob("*") if path.is_file()]


def _commands(context: click.Context) -> Iterator[tuple[list[str], click.Command]]:
    def below(command: click.Command, path: list[str]) -> Iterator[tuple[list[str], click.Command]]:
        yield path, command
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                yield from below(child, [*path, name])

    return below(group, ["jobevents"])


def _page(path: list[str], command: click.Command) -> str:
    name = "-".join(path)
    context = click.Context(command, info_name=" ".join(path), max_content_width=100)
    paragraphs = (command.help or "").strip().split("\n\n")
    lines = [
        _heading(name, 1),
        ".SH NAME",
        f"{_roff(name)} \\- {_roff(_flat(paragraphs[0]).rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {_roff(' '.join(path))}",
        _roff(" ".join(command.collect_usage_pieces(context))),
        ".SH DESCRIPTION",
        *_paragraphs(paragraphs),
        ".SH OPTIONS",
        *_options(command, context),
    ]
    if isinstance(command, click.Group):
        lines.append(".SH COMMANDS")
        for child_name in command.list_commands(context):
            child = command.get_command(context, child_name)
            assert child is not None
            lines += _entry(
                f"\\fB{_roff(name)}\\-{_roff(child_name)}\\fR(1)", _flat((child.help or "").split("\n\n")[0])
            )
    lines += [".SH EXAMPLES", ".nf", *map(_roff, _examples(command)), ".fi"]
    lines += _recipes(path[-1])
    if len(path) == 1:
        lines += _overview()
    lines += [".SH SEE ALSO", "\\fBjobevents\\-json\\fR(5) has the fields of every JSON output."]
    if len(path) > 1:
        lines.append("\\fBjobevents\\fR(1) has an overview, the exit statuses, the environment and the files.")
    return "\n".join(lines) + "\n"


def _overview() -> Iterator[str]:
    """What is said once, in jobevents(1)."""
    is_first = True
    for part in OVERVIEW.strip().split("\n\n"):
        if part.startswith("# "):
            yield f".SH {part[2:]}"
        elif not is_first:
            yield ".PP"
        is_first = part.startswith("# ")
        if part.startswith("    "):
            yield from (".nf", *map(_roff_code, dedent(part).splitlines()), ".fi")
        elif not is_first:
            yield _roff(_flat(part))
    yield ".SH EXIT STATUS"
    for status in ExitStatus:
        yield from _entry(f".B {status.value}", f"{status.meaning}.")
    yield ".SH ENVIRONMENT"
    for variable, meaning in ENVIRONMENT.items():
        yield from _entry(f".B {_roff(variable)}", meaning)
    yield ".SH FILES"
    for file, meaning in FILES.items():
        yield from _entry(f".I {_roff(file)}", meaning)


def _recipes(name: str) -> Iterator[str]:
    """The section RECIPES of the command *name*, if it has any."""
    recipes = [(f"{one.what}:", f"$ {one.command}\n{one.prints}") for one in RECIPES.get(name, ())]
    if name == "tail":
        screen = (ROOT / "tests" / "golden" / "screen-plan-80.txt").read_text(encoding="utf-8")
        recipes.append(("A plan and the jobs that it starts, on a terminal:", f"$ jobevents tail plan/12\n{screen}"))
    if name == "forward":
        recipes = [(one.about, one.text) for one in FORWARD_RECIPES]
    if recipes:
        yield ".SH RECIPES"
    for number, (about, text) in enumerate(recipes):
        if number:
            yield ".PP"
        yield from (_roff(about), ".PP", ".nf", *map(_roff_code, text.splitlines()), ".fi")


def _json_page() -> str:
    lines = [
        _heading("jobevents-json", 5),
        ".SH NAME",
        "jobevents\\-json \\- the fields of every JSON output of jobevents",
        ".SH DESCRIPTION",
        *_paragraphs(ABOUT_JSON),
    ]
    for output in OUTPUTS:
        lines += _fields(output)
    lines += [".SH SEE ALSO", "\\fBjobevents\\fR(1), \\fBjobevents\\-list\\fR(1), \\fBjq\\fR(1)"]
    return "\n".join(lines) + "\n"


def _fields(output: Output) -> Iterator[str]:
    yield f".SH {_roff(output.title.upper())}"
    yield _roff(output.about)
    for field in output.fields:
        mark = "*" if field.is_rare else ""
        yield from _entry(f"\\fB{_roff(field.path)}\\fR{mark} ({_roff(field.type)})", field.meaning)


def _heading(name: str, section: int) -> str:
    return f'.TH "{_roff(name.upper())}" "{section}" "{_date()}" "jobevents {__version__}" "jobevents"'


def _date() -> str:
    """The day of the newest version in the changelog: never the clock's, so that the pages stay the same."""
    found = re.search(
        r"^## \[[^]]+\] - (\d{4}-\d{2}-\d{2})$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found is not None
    return found[1]


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    """The options in the groups of `--help`; those without a group come without a heading if they are alone."""
    assert isinstance(command, GroupedCommand)
    grouped = {name: rows for name, rows in command.grouped_options(context).items() if rows}
    if connection_records(command, context):
        grouped[CONNECTION] = [("--url, --token-file, --cacert, --profile", "See jobevents-config(1).")]
    for name, rows in grouped.items():
        if len(grouped) > 1:
            yield f".SS {_roff('Other' if name == OTHERS else name)}"
        for names, meaning in rows:
            yield from _entry(f".B {_roff(names)}", _flat(meaning))


def _entry(term: str, meaning: str) -> list[str]:
    return [".TP", term, _roff(meaning)]


def _examples(command: click.Command) -> list[str]:
    text = (command.epilog or "").replace("\b", "").strip("\n")
    return [line.strip() for line in text.splitlines() if line.startswith("  ")]


def _paragraphs(paragraphs: list[str]) -> Iterator[str]:
    for number, paragraph in enumerate(paragraphs):
        if number:
            yield ".PP"
        yield _roff(_flat(paragraph))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _roff(text: str) -> str:
    """*text* as roff shows it literally."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)
    return f"\\&{text}" if text.startswith((".", "'")) else text


def _roff_code(line: str) -> str:
    """A *line* of code as roff shows it literally: nothing in it is markup."""
    line = line.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("'", "\\(aq")
    return f"\\&{line}" if line.startswith(".") else line


def main() -> None:
    """Write every file, and remove those that no command needs any more."""
    files = pages()
    for path in generated():
        if path not in files:
            path.unlink()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
