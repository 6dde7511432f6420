"""What `forward` says on standard error about outages, about the receiver, and every so many seconds."""

import pytest

from jobevents_cli.following.backlog import Waiting
from jobevents_cli.following.notices import ContactBack, ContactLost
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.runtime.forward_notices import ForwardNotices
from jobevents_cli.runtime.forward_receiver import CommandResult

JOB, OTHER = JobRef.job(352), JobRef.job(353)
SERVER_TIME = 1_700_000_090.0
AT_0 = "2023-11-14T22:13:20Z"
"""Ninety seconds before the orchestrator's time."""


@pytest.fixture(name="notices")
def _notices() -> ForwardNotices:
    return ForwardNotices("send", lambda: SERVER_TIME, lambda: 100.0, 30.0)


def test_an_outage_of_two_jobs_is_told_once_at_each_end(
    notices: ForwardNotices, capfd: pytest.CaptureFixture[str]
) -> None:
    """Contact is back when the last of them has it."""
    for job in (JOB, OTHER):
        notices.notices(job, [ContactLost("refused", 60.0, had_contact=True)])
    assert capfd.readouterr().err == "jobevents: contact lost: refused; trying again until it answers\n"
    notices.notices(JOB, [ContactBack(5.0)])
    assert capfd.readouterr().err == ""
    notices.notices(OTHER, [ContactBack(5.0)])
    assert capfd.readouterr().err == "jobevents: contact is back after 5s\n"


def test_a_job_that_is_forgotten_keeps_no_outage_open(
    notices: ForwardNotices, capfd: pytest.CaptureFixture[str]
) -> None:
    """The other job's contact ends it."""
    for job in (JOB, OTHER):
        notices.notices(job, [ContactLost("refused", 60.0, had_contact=False)])
    notices.forget(JOB)
    notices.notices(OTHER, [ContactBack(5.0)])
    first, second = capfd.readouterr().err.splitlines()
    assert first.startswith("jobevents: no answer yet: refused")
    assert second == "jobevents: contact is back after 5s"


def test_a_skipped_event_is_printed_safe_for_a_terminal(
    notices: ForwardNotices, capfd: pytest.CaptureFixture[str]
) -> None:
    """All but ASCII is escaped as JSON does it."""
    notices.skipped('{"message":"grün"}\n'.encode())
    assert capfd.readouterr().err.splitlines()[1] == '{"message":"gr\\u00fcn"}'


def test_the_status_line_tells_how_far_the_receiver_is_behind(
    notices: ForwardNotices, capfd: pytest.CaptureFixture[str]
) -> None:
    """The lag is the age of the oldest event that waits; the line is due every 30 s."""
    assert [notices.stats_due(now) for now in (129.9, 130.0)] == [False, True]
    notices.delivered = 1
    notices.stats(2, Waiting(since=125.0, timestamp=AT_0), 130.0)
    assert capfd.readouterr().err == ("jobevents: 2 jobs followed, 1 event delivered, lag 1m 30s, 0 failed batches\n")
    assert [notices.stats_due(now) for now in (159.9, 160.0)] == [False, True]


def test_why_a_batch_was_refused(notices: ForwardNotices, capfd: pytest.CaptureFixture[str]) -> None:
    """The receiver's status, the signal that ended it, or that it took too long."""
    for result in (CommandResult(3, "full"), CommandResult(-9, ""), CommandResult(-9, "", is_late=True)):
        notices.refused(result, 60.0)
    said = [line.removeprefix("jobevents: send ").split(";")[0] for line in capfd.readouterr().err.splitlines()]
    assert said == ["exited with 3: full", "was ended by signal 9", "took longer than 1m 00s and was killed"]
