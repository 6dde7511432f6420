"""Standard error says each thing once: notices, summary, and how to find out why."""

import pytest

from jobevents_cli.following.notices import ContactBack, ContactLost, PlanPending
from jobevents_cli.model.event import event_of
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.reporter import Reporter, ReportOptions

FIRST, SECOND = JobRef.job(352), JobRef.job(353)
LOST = ContactLost("refused", 60.0, had_contact=True)


def _reporter(options: ReportOptions) -> Reporter:
    return Reporter(options, lambda: 0.0)


def _failed_on(node: str) -> Progress:
    progress = Progress()
    progress.take(event_of({"id": 1, "type": "node_failed", "details": {"node": node}}))
    return progress


def test_an_outage_of_several_jobs_is_one_outage(capfd: pytest.CaptureFixture[str]) -> None:
    """Contact is back when the last job has it again, or is no longer followed."""
    reporter = _reporter(ReportOptions(names_jobs=True))
    reporter.note(FIRST, "job 352", [LOST])
    reporter.note(SECOND, "job 353", [LOST])
    assert capfd.readouterr().err == "jobevents: contact lost: refused; trying again for up to 1m 00s\n"
    reporter.note(FIRST, "job 352", [ContactBack(5.0)])
    assert not capfd.readouterr().err
    reporter.remove(SECOND)
    assert capfd.readouterr().err.startswith("jobevents: contact is back after 5")


def test_a_notice_names_its_job_if_there_are_several(capfd: pytest.CaptureFixture[str]) -> None:
    """With one job its name would be noise, and a quiet run says nothing."""
    for options in (ReportOptions(names_jobs=True), ReportOptions(), ReportOptions(quiet=True)):
        _reporter(options).note(JobRef.plan(12), "plan 12", [PlanPending()])
    sentence = "the plan has not started yet; waiting for it"
    assert capfd.readouterr().err.splitlines() == [f"jobevents: plan 12: {sentence}", f"jobevents: {sentence}"]


def test_the_summary_names_the_nodes_that_failed(capfd: pytest.CaptureFixture[str]) -> None:
    """Not those that standard output has shown."""
    for is_printed in (False, True):
        reporter = _reporter(ReportOptions(summary=True, failures_are_printed=is_printed))
        reporter.summarize(FIRST, Outcome.FAILED, _failed_on("n1.example.com"))
        said = capfd.readouterr().err
        assert "job 352" in said
        assert ("n1.example.com" in said) is not is_printed


def test_why_is_proposed_three_times_at_most(capfd: pytest.CaptureFixture[str]) -> None:
    """A job that succeeded needs no explanation."""
    reporter = _reporter(ReportOptions(summary=True, why=lambda ref: f"jobevents why {ref}"))
    reporter.summarize(FIRST, Outcome.SUCCEEDED, Progress())
    assert "Why:" not in capfd.readouterr().err
    for number in range(5):
        reporter.summarize(JobRef.job(number), Outcome.FAILED, _failed_on("n1"))
    proposed = [line for line in capfd.readouterr().err.splitlines() if line.startswith("Why: ")]
    assert proposed == [f"Why: jobevents why {number}" for number in range(3)]
