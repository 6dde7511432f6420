"""The parts that commands share are built from their options."""

from typing import Any

import click
import pytest
from support.events import event_of

from jobevents_cli.commands.builders import given_options, line_options, refuse_together
from jobevents_cli.commands.job_choice import wanted_jobs
from jobevents_cli.commands.options import ConnectionOptions
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef


def _options(**given: Any) -> dict[str, Any]:
    """The options of a command, all at their defaults but those *given*."""
    lists = dict.fromkeys(("types", "nodes", "grep", "exclude"), ())
    flags = dict.fromkeys(("failures", "as_json", "resume", "no_jobs", "messages"), False)
    names = (
        "environment",
        "owner",
        "state",
        "job_type",
        "start",
        "lines",
        "time",
        "wait",
    )
    return {**lists, **flags, **dict.fromkeys(names), "color": "auto", "connection": ConnectionOptions(), **given}


def test_a_proposed_command_repeats_the_options_of_this_run() -> None:
    """Each value of a list has its own option, and what a shell would read is quoted."""
    options = _options(
        connection=ConnectionOptions("pe"), nodes=("web*", "db1"), failures=True, as_json=True, owner="ann", resume=True
    )
    given = given_options(options, all_jobs=True)
    assert given.resume_all() == (
        "jobevents tail --all --owner ann --resume --node 'web*' --node db1 --failures --json --url pe"
    )
    assert given.why(JobRef.plan(12)) == "jobevents why plan/12 --url pe"
    assert given.failures(JobRef.job(352)) == "jobevents list 352 --failures --url pe"
    assert given_options(_options(wait=90.0), all_jobs=False).wait == ("--wait", "90s")


def test_what_narrows_all_jobs_is_not_repeated_for_named_ones() -> None:
    """A job that is named needs no owner."""
    assert given_options(_options(owner="ann"), all_jobs=False).all_jobs == ()


def test_filter_options_choose_the_events() -> None:
    """Different options must all match; without one every event is printed."""
    wanted = line_options(_options(types=("failed",), nodes=("web*",)), tagged=False).wanted
    assert wanted is not None
    events = [("node_failed", "web1"), ("node_failed", "db1"), ("node_running", "web1")]
    assert [wanted(event_of({"type": kind, "details": {"node": node}})) for kind, node in events] == [
        True,
        False,
        False,
    ]
    assert line_options(_options(), tagged=False).wanted is None
    with pytest.raises(click.BadParameter, match="'faild' is not an event type"):
        line_options(_options(types=("faild",)), tagged=False)


def test_narrowing_options_choose_the_jobs() -> None:
    """A command without --state takes jobs in any state."""
    wanted = wanted_jobs(_options(owner="ann"))
    assert wanted(Job({"state": "running", "owner": {"login": "ann"}}))
    assert not wanted(Job({"state": "running", "owner": {"login": "bob"}}))


def test_options_that_contradict_each_other_are_refused() -> None:
    """An option at its default was not given."""
    refuse_together("--all", {"--start": None, "--resume": False, "JOB": ()})
    with pytest.raises(click.UsageError, match="--all and --start contradict each other"):
        refuse_together("--all", {"--resume": False, "--start": 1})
