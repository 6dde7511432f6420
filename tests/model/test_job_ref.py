"""The ways to name a job."""

import pytest

from jobevents_cli.model.job_ref import JobRef, parse_job

HOST = "pe.example.com"


@pytest.mark.parametrize(
    ("text", "ref", "host"),
    [
        ("352", JobRef.job(352), None),
        ("job/352", JobRef.job(352), None),
        ("plan/12", JobRef.plan(12), None),
        (" 352\n", JobRef.job(352), None),
        (f"https://{HOST}:8143/orchestrator/v1/jobs/352", JobRef.job(352), HOST),
        (f"https://{HOST}:8143/orchestrator/v1/jobs/352/events?start=3", JobRef.job(352), HOST),
        (f"https://{HOST}/orchestrator/v1/plan_jobs/12", JobRef.plan(12), HOST),
        (f"https://{HOST}/#/run/jobs/352", JobRef.job(352), HOST),
        (f"https://{HOST.upper()}/#/run/jobs/352/nodes/web01/report", JobRef.job(352), HOST),
        (f"https://{HOST}/#/orchestration/jobs/plan/12", JobRef.plan(12), HOST),
        ("https://[::1]:8143/orchestrator/v1/jobs/7", JobRef.job(7), "::1"),
    ],
)
def test_names_of_jobs_and_plans(text: str, ref: JobRef, host: str | None) -> None:
    """A number, with its kind where it is a plan's, or an address; blanks around it do not count."""
    assert parse_job(text) == (ref, host)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "35 2",
        "plan",
        "plan/",
        "node/3",
        "٣",
        "9" * 19,
        "9" * 5000,
        f"https://{HOST}/other/352",
        f"https://{HOST}/orchestrator/v1/jobs/",
        f"https://{HOST}/orchestrator/v1/jobs/352x",
        f"ftp://{HOST}/orchestrator/v1/jobs/352",
        f"https://user:secret@{HOST}/orchestrator/v1/jobs/352",
    ],
)
def test_what_names_no_job(text: str) -> None:
    """Anything else is refused, a number beyond 64 bits too."""
    with pytest.raises(ValueError, match="is not a job"):
        parse_job(text)


def test_how_jobs_are_written() -> None:
    """A plan's number never looks like a job's."""
    assert [str(ref) for ref in (JobRef.job(352), JobRef.plan(12))] == ["352", "plan/12"]
    assert [ref.label for ref in (JobRef.job(352), JobRef.plan(12))] == ["job 352", "plan 12"]


def test_a_job_of_which_no_number_is_known() -> None:
    """It is no job that has one, and sentences leave the number out."""
    assert (JobRef.unknown().is_known, JobRef.unknown().label) == (False, "job")
    assert (JobRef.job(0).is_known, JobRef.job(0) == JobRef.unknown()) == (True, False)
