"""Writes the man pages and completion scripts from the commands: `python -m support.manual`, in the folder `tests`.

click-man loses option texts that begin with a full stop and cuts the NAME line, so the pages are written here.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from jobevents_cli import __version__
from jobevents_cli.cli import group
from jobevents_cli.commands.completion import SHELLS, script_for
from jobevents_cli.config.sources import CONFIG_VARIABLE, TOKEN_VARIABLE, VARIABLES
from jobevents_cli.exit_status import ExitStatus

ROOT = Path(__file__).parents[2]
COMPLETIONS = {"bash": "jobevents.bash", "zsh": "_jobevents", "fish": "jobevents.fish"}

ENVIRONMENT = {
    VARIABLES["url"]: "Address of the orchestrator, as for --url.",
    TOKEN_VARIABLE: "The token itself; --token-file goes before it.",
    VARIABLES["token-file"]: "File with the token.",
    VARIABLES["cacert"]: "CA certificates to trust.",
    VARIABLES["profile"]: "Profile of the configuration file.",
    CONFIG_VARIABLE: "The configuration file itself.",
    "NO_COLOR": "Where set and not empty, nothing is coloured.",
    "FORCE_COLOR": "Where set and neither 0 nor false, colours go to pipes too; NO_COLOR goes before it.",
}
FILES = {
    "~/.config/jobevents/config.toml": "The configuration file; see jobevents-config(1).",
    "~/.puppetlabs/client-tools/orchestrator.conf, /etc/puppetlabs/client-tools/orchestrator.conf": (
        "The configuration of PE's client tools: service-url, token-file, cacert."
    ),
    "~/.puppetlabs/token": "The token that puppet-access login wrote.",
    "/etc/puppetlabs/puppet/ssl/certs/ca.pem": "The CA that the Puppet agent trusts.",
    "~/.local/state/jobevents/cursors": "Where tail --resume goes on.",
    "~/.cache/jobevents/jobs.json": "Jobs seen lately, for completion.",
}


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    context = click.Context(group, info_name="jobevents")
    files = {ROOT / "man" / f"{'-'.join(path)}.1": _page(path, command) for path, command in _commands(context)}
    for shell in SHELLS:
        files[ROOT / "completions" / COMPLETIONS[shell]] = script_for(shell, group)
    return files


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
    first, *rest = (command.help or "").strip().split("\n\n")
    lines = [
        f'.TH "{_roff(name.upper())}" "1" "{_date()}" "jobevents {__version__}" "jobevents"',
        ".SH NAME",
        f"{_roff(name)} \\- {_roff(_flat(first).rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {_roff(' '.join(path))}",
        _roff(" ".join(command.collect_usage_pieces(context))),
        ".SH DESCRIPTION",
        *_paragraphs([first, *rest]),
        ".SH OPTIONS",
        *_options(command, context),
    ]
    if isinstance(command, click.Group):
        lines.append(".SH COMMANDS")
        for child_name in command.list_commands(context):
            child = command.get_command(context, child_name)
            assert child is not None
            lines += [
                ".TP",
                f"\\fB{_roff(name)}\\-{_roff(child_name)}\\fR(1)",
                _roff(_flat((child.help or "").split("\n\n")[0])),
            ]
    lines += [".SH EXAMPLES", ".nf", *map(_roff, _examples(command)), ".fi"]
    lines.append(".SH EXIT STATUS")
    for status in ExitStatus:
        lines += [".TP", f".B {status.value}", f"{_roff(status.meaning)}."]
    lines.append(".SH ENVIRONMENT")
    for variable, meaning in ENVIRONMENT.items():
        lines += [".TP", f".B {_roff(variable)}", _roff(meaning)]
    lines.append(".SH FILES")
    for file, meaning in FILES.items():
        lines += [".TP", f".I {_roff(file)}", _roff(meaning)]
    others = ["jobevents"] if len(path) > 1 else ["jobevents-tail", "jobevents-list"]
    lines += [".SH SEE ALSO", ", ".join(f"\\fB{_roff(other)}\\fR(1)" for other in others)]
    return "\n".join(lines) + "\n"


def _date() -> str:
    """The day of the newest version in the changelog: never the clock's, so that the pages stay the same."""
    found = re.search(
        r"^## \[[^]]+\] - (\d{4}-\d{2}-\d{2})$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found is not None
    return found[1]


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and isinstance(parameter, click.Option):
            names, meaning = record
            yield ".TP"
            yield f".B {_roff(names)}"
            yield _roff(_flat(meaning))


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


def main() -> None:
    """Write every file, and take away those that no command stands behind any more."""
    files = pages()
    for folder in (ROOT / "man", ROOT / "completions"):
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            if path not in files:
                path.unlink()
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
