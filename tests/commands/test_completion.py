"""Completion, in the shells themselves."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from support.misbehaving import TestServer, job
from support.program import Home
from support.state import database

from jobevents_cli.cli import COMMANDS

Serve = Callable[..., TestServer]


def _answers(home: Home, *words: str) -> list[str]:
    """What completion offers for the last of *words*."""
    asked = home.with_(_JOBEVENTS_COMPLETE="bash_complete", COMP_WORDS=" ".join(words), COMP_CWORD=str(len(words) - 1))
    return [line.split(",", 1)[1] for line in asked.run().out.splitlines() if line]


def test_commands_options_types_profiles(home: Home) -> None:
    """Commands, options, choices, event types and profiles are offered."""
    assert _answers(home, "jobevents", "t") == ["tail"]
    assert {"--start", "--failures", "--resume"} <= set(_answers(home, "jobevents", "tail", "--"))
    assert _answers(home, "jobevents", "list", "--time", "u") == ["utc"]
    assert _answers(home, "jobevents", "list", "--type", "node_f") == ["node_finished", "node_failed"]
    assert "failed" in _answers(home, "jobevents", "list", "--type", "f")
    home.run("config", "set", "--profile", "staging", "url", "https://s")
    assert _answers(home, "jobevents", "tail", "--profile", "s") == ["staging"]
    assert _answers(home, "jobevents", "config", "unset", "puppetdb-u") == ["puppetdb-url"]


@pytest.mark.parametrize(
    ("command", "option"),
    [("tail", "--token-file"), ("jobs", "--cacert"), ("list", "--from"), ("why", "--from"), ("show", "--from")],
)
def test_files(home: Home, command: str, option: str) -> None:
    """Where an option takes a file, the shell is told to complete the names of files."""
    words = f"jobevents {command} {option} ev"
    asked = home.with_(_JOBEVENTS_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD="3")
    assert asked.run().out == "file,ev\n"


def test_job_ids_come_from_ordinary_use_and_no_network(home: Home, serve: Serve) -> None:
    """Jobs that were seen lately are offered, newest first; completing asks nobody."""
    server = serve(job("job:finished", job_id=351), job("job:finished", job_id=352))
    named = home.with_(JOBEVENTS_URL=server.url)
    assert _answers(named, "jobevents", "tail", "35") == []
    named.run("jobs")
    asked = len(server.seen)
    assert _answers(named, "jobevents", "tail", "35") == ["352", "351"]
    assert _answers(named, "jobevents", "show", "352") == ["352"]
    assert len(server.seen) == asked
    named.run("tail", "350", "--wait", "0")
    server.orchestrator.jobs[350] = job("job:finished", job_id=350)
    named.run("tail", "350")
    assert _answers(named, "jobevents", "list", "35") == ["352", "351", "350"]
    assert database(home).stat().st_mode & 0o777 == 0o600
    database(home).write_text("{broken" * 1000)
    assert _answers(named, "jobevents", "tail", "35") == []


def test_values_come_from_the_jobs_of_this_orchestrator(home: Home, serve: Serve) -> None:
    """States, types, owners and environments are those of jobs seen here; a job is not offered twice."""
    one, other = serve(job("job:finished", job_id=351), job("job:finished", job_id=352)), serve(job("job:finished"))
    here, there = home.with_(JOBEVENTS_URL=one.url), home.with_(JOBEVENTS_URL=other.url)
    here.run("jobs")
    assert _answers(here, "jobevents", "tail", "351", "35") == ["352"]
    assert _answers(there, "jobevents", "tail", "35") == []
    assert _answers(there, "jobevents", "tail", "--url", one.url, "35") == ["352", "351"]
    assert _answers(here, "jobevents", "jobs", "--state", "f") == ["finished", "failed"]
    assert "production" in _answers(here, "jobevents", "jobs", "--environment", "")
    assert _answers(here, "jobevents", "jobs", "--owner", "")
    assert "deploy" in _answers(here, "jobevents", "jobs", "--job-type", "d")


def test_descriptions_are_whole(home: Home) -> None:
    """Fish shows a description up to its end, commas and all; zsh shows every command's."""
    asked = home.with_(_JOBEVENTS_COMPLETE="fish_complete", COMP_WORDS="jobevents tail", COMP_CWORD="--f")
    options = [line.split(",", 1)[1].split("\t") for line in asked.run().out.splitlines()]
    assert ["--failures"] in [option[:1] for option in options]
    assert 'string split --max 1 ","' in home.run("completion", "fish").out
    asked = home.with_(_JOBEVENTS_COMPLETE="zsh_complete", COMP_WORDS="jobevents ", COMP_CWORD="1")
    words = asked.run().out.splitlines()
    assert dict(zip(words[1::3], words[2::3], strict=True)) == COMMANDS


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_in_the_shell_itself(home: Home, shell: str, tmp_path: Path) -> None:
    """A Tab completes a command and shows the options of it."""
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}")
    script = tmp_path / f"completion.{shell}"
    script.write_text(home.run("completion", shell).out)
    start = {
        "bash": ["bash", "--norc", "--noprofile", "-i"],
        "zsh": ["zsh", "-f", "-i"],
        "fish": ["fish", "--no-config", "-i"],
    }[shell]
    load = {"zsh": f"autoload -U compinit; compinit -u; source {script}"}.get(shell, f"source {script}")
    variables = {**home.environment, "TERM": "xterm", "PS1": "> ", "fish_greeting": ""}
    process = pexpect.spawn(start[0], start[1:], env=variables, dimensions=(50, 120), timeout=30, encoding="utf-8")
    process.sendline(load)
    process.sendline("echo rea''dy")
    process.expect("ready")
    time.sleep(0.3)
    process.send("jobevents comp\t")
    process.expect("completion")
    process.send("\x15")
    process.send("jobevents tail --fail\t\t")
    process.expect("--fail-fast")
    if shell == "fish":  # behind the comma
        process.send("\x15")
        process.send("jobevents tail --failu")
        process.send("\t")
        process.expect("failures")
    process.close(force=True)
