"""The commands that are proposed: they print what is not printed yet, with the options of this run."""

import pytest

from jobevents_cli.following.position import Cursor
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.command_lines import GivenOptions, resume_hint
from jobevents_cli.output.printed_job import PrintedJob

JOB, PLAN = JobRef.job(352), JobRef.plan(12)


def _printed(ref: JobRef = JOB, next_start: int | None = None) -> PrintedJob:
    return PrintedJob(ref, Progress(), Cursor(-1, (), {}), next_start=next_start)


def test_a_job_is_resumed_where_it_is_printed() -> None:
    """The options that choose events and the server are repeated, quoted for the shell."""
    given = GivenOptions(events=("--grep", "no room"), server=("--profile", "staging"))
    assert given.resume_job(_printed(next_start=7)) == (
        "jobevents tail 352 --start 7 --grep 'no room' --profile staging"
    )


def test_with_resume_the_cursor_says_where() -> None:
    """The option itself is repeated, without a start."""
    assert GivenOptions(resume=True).resume_job(_printed(next_start=7)) == "jobevents tail 352 --resume"


def test_a_job_of_which_nothing_came_begins_as_this_run_did() -> None:
    """`--start` and `-n` are repeated; `-n` not once the first page is there."""
    waiting = GivenOptions(wait=("--wait", "30s"))
    assert waiting.resume_job(_printed(), exists=False) == "jobevents tail 352 --wait 30s"
    assert waiting.resume_job(_printed()) == "jobevents tail 352"
    assert GivenOptions(start=5000).resume_job(_printed()) == "jobevents tail 352 --start 5000"
    job = _printed()
    assert GivenOptions(last=3).resume_job(job) == "jobevents tail 352 -n 3"
    job.has_begun = True
    assert GivenOptions(last=3).resume_job(job) == "jobevents tail 352"


@pytest.mark.parametrize(("no_jobs", "expected"), [(False, ""), (True, " --no-jobs --start 7")])
def test_a_plan_with_its_jobs_has_no_start(no_jobs: bool, expected: str) -> None:  # noqa: FBT001 - a parameter
    """Its jobs have ids of their own: only the plan's own events can be printed from one id on."""
    command = GivenOptions(no_jobs=no_jobs).resume_job(_printed(PLAN, next_start=7))
    assert command == f"jobevents tail plan/12{expected}"


def test_all_jobs_are_followed_again_as_they_were_chosen() -> None:
    """What narrows `--all` down is repeated."""
    given = GivenOptions(all_jobs=("--all", "--environment", "production"), resume=True, events=("--json",))
    assert given.resume_all() == "jobevents tail --all --environment production --resume --json"


def test_why_asks_the_same_server() -> None:
    """Options that choose events mean nothing to it."""
    given = GivenOptions(events=("--failures",), server=("--url", "https://pe.example.com"))
    assert given.why(PLAN) == "jobevents why plan/12 --url https://pe.example.com"


def test_what_is_known_of_the_job_comes_before_the_command() -> None:
    """Nothing comes before it if nothing is known."""
    assert resume_hint("Job 352 was running", "jobevents tail 352") == (
        "Job 352 was running. Resume with: jobevents tail 352"
    )
    assert resume_hint("", "jobevents tail 352") == "Resume with: jobevents tail 352"
