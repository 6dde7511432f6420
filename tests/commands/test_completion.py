"""Completion, in the shells themselves."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from support.misbehaving import TestServer, job
from support.program import Home

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
    cache = home.folder / ".cache" / "jobevents" / "jobs.json"
    assert cache.stat().st_mode & 0o777 == 0o600
    cache.write_text("{broken")
    assert _answers(named, "jobevents", "tail", "35") == []


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
    process.close(force=True)
