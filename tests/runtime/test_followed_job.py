"""The options of `tail` decide how a job is followed, and its record says what is known of it."""

from pathlib import Path

import pytest

from jobevents_cli.errors import UsageProblem
from jobevents_cli.following.position import Cursor
from jobevents_cli.following.update import CheckJob, Fetch
from jobevents_cli.model.event import event_of
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.runtime.followed_job import FollowOptions
from jobevents_cli.state.cursor_file import CursorFolder

JOB, PLAN = JobRef.job(352), JobRef.plan(12)


def test_what_is_said_of_a_job_as_the_program_ends() -> None:
    """Nothing until the orchestrator has answered; then whether the end was seen."""
    job = FollowOptions().follow(JOB)
    said = [job.when_last_checked]
    for event in (event_of({"id": 1, "type": "node_running"}), event_of({"id": 2, "type": "job_finished"})):
        job.follower.next_step(0.0)
        job.follower.receive_events([event], 0.0)
        said.append(job.when_last_checked)
    assert said == ["", "Job 352 was running when last checked", "Job 352 has ended"]


def test_the_jobs_of_a_plan_belong_to_it() -> None:
    """The plan's own document is read first, as it names the jobs that have started; theirs are not."""
    options = FollowOptions(with_jobs=True)
    plan = options.follow(PLAN)
    assert plan.children
    child = options.follow_child(plan.children, JOB, is_new=True)
    assert plan.parent is child.children is None
    assert plan.children is child.parent is child.siblings
    assert [type(job.follower.next_step(0.0)) for job in (plan, child)] == [CheckJob, Fetch]


def test_only_the_last_events_of_a_job_that_is_not_new_are_printed() -> None:
    """A job that started while someone followed is printed whole."""
    options = FollowOptions(last=5)
    assert [options.follow(JOB, is_new=is_new).printed.last for is_new in (False, True)] == [5, None]


def test_a_job_that_is_resumed_continues_where_the_earlier_run_ended(tmp_path: Path) -> None:
    """All events since are printed; while this run has the cursor, no other run may use it."""
    options = FollowOptions(last=5, cursors=CursorFolder("https://pe.example:8143", tmp_path))
    first = options.follow(JOB)
    assert first.printed.save
    assert first.close
    assert first.printed.save(Cursor(7, (), {})) is None
    with pytest.raises(UsageProblem, match="another"):
        options.follow(JOB)
    first.close()
    second = options.follow(JOB)
    assert (second.follower.cursor.low, second.printed.last) == (7, None)
