"""The line that says which jobs are followed."""

import pytest

from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.plan import Plan
from jobevents_cli.render.header import job_header, jobs_header


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            {"type": "deploy", "environment": {"name": "production"}, "owner": {"login": "admin"}, "node_count": 14},
            "Job 352 · deploy in production by admin · 14 nodes",
        ),
        ({"type": "task", "node_count": 1}, "Job 352 · task · 1 node"),
        ({}, "Job 352"),
    ],
)
def test_a_job_describes_itself(document: dict[str, object], expected: str) -> None:
    """What it does not say is left out."""
    assert job_header(Job(document), JobRef.job(352)) == expected


def test_a_plan_is_known_by_its_name() -> None:
    """It has no nodes of its own."""
    plan = Plan({"options": {"plan_name": "app::rollout", "environment": "production"}})
    assert job_header(plan, JobRef.plan(12)) == "Plan 12 · app::rollout in production"


@pytest.mark.parametrize("columns", range(20, 80))
def test_as_many_jobs_as_fit_are_named(columns: int) -> None:
    """The rest is counted, and the line fits the terminal if more than the first job is named."""
    refs = [JobRef.job(number) for number in range(100, 112)]
    text = jobs_header(refs, columns)
    named = text.split(" and ")[0].count(",") + 1
    assert len(text) <= columns or named == 1
    assert (f" and {len(refs) - named} more" in text) == (named < len(refs))


def test_without_names_all_jobs_are_followed() -> None:
    """Nothing is listed."""
    assert jobs_header([], 80) == "Following all jobs"


def test_a_header_in_ascii() -> None:
    """Where only ASCII can be shown."""
    assert (
        job_header(Job({"type": "deploy", "node_count": 2}), JobRef.job(7), symbols=False) == "Job 7 - deploy - 2 nodes"
    )
