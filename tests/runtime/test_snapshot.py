"""The options of `list` decide what is read of a job."""

from jobevents_cli.following.update import CheckJob, Fetch, Step
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.runtime.snapshot import SnapshotOptions

JOB, PLAN = JobRef.job(352), JobRef.plan(12)


def _first(options: SnapshotOptions, ref: JobRef, *, job_first: bool = False) -> type[Step]:
    return type(options.read(ref, job_first=job_first).follower.next_step(0.0))


def test_the_job_itself_is_read_first_where_it_is_needed_first() -> None:
    """For the header, and for the jobs that a plan has started."""
    assert _first(SnapshotOptions(), JOB) is Fetch
    assert _first(SnapshotOptions(), JOB, job_first=True) is CheckJob
    assert _first(SnapshotOptions(with_jobs=True), PLAN) is CheckJob


def test_the_jobs_of_a_plan_are_read_like_the_plan() -> None:
    """From the same event on, and as many of the last ones; they belong to the plan."""
    options = SnapshotOptions(start=5, last=3, with_jobs=True)
    plan = options.read(PLAN, job_first=False)
    assert plan.children
    job = options.follow_child(plan.children, JOB, is_new=False)
    assert plan.children is job.parent
    assert [(it.follower.next_start, it.printed.last) for it in (plan, job)] == [(5, 3), (5, 3)]
