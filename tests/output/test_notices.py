"""What errors and notices say on standard error."""

import pytest

from jobevents_cli.errors import Interrupted, JobEventsError, PipeClosed, TransientFault
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.following.notices import (
    ContactBack,
    ContactLost,
    JobNotRead,
    LateEventsNotRead,
    Notice,
    PlanPending,
    PlanSilent,
    WaitingForJob,
)
from jobevents_cli.output.notices import print_error, sentence


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        (ContactLost("refused", 300.0, had_contact=True), "contact lost: refused; trying again for up to 5m"),
        (ContactLost("refused", 5.0, had_contact=False), "no answer yet: refused; trying again for up to 5s"),
        (ContactBack(83.0), "contact is back after 1m 23s"),
        (WaitingForJob(600.0), "the job does not exist yet; waiting for it for up to 10m"),
        (LateEventsNotRead("refused"), "could not look for late events: refused"),
        (JobNotRead("refused"), "could not read the job's own state: refused"),
        (PlanPending(), "the plan has not started yet; waiting for it"),
        (PlanSilent(600.0), "the plan is running, but had no event and no running job for 10m 00s: "),
    ],
)
def test_each_notice_is_one_sentence(notice: Notice, expected: str) -> None:
    """It says what is wrong and what is done about it, on one line."""
    assert sentence(notice).startswith(expected)
    assert "\n" not in sentence(notice)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TransientFault("refused", hint="start it"), ["Error: refused", "Hint: start it"]),
        (TransientFault("a \x1b[31mtext\nof a server"), ["Error: a \\x1b[31mtext\\nof a server"]),
        (Interrupted("by SIGINT", ExitStatus.INTERRUPTED), ["Interrupted."]),
        (Interrupted("by SIGTERM", ExitStatus.TERMINATED), ["Interrupted by SIGTERM."]),
        (PipeClosed("the reader has gone"), []),
    ],
)
def test_an_error_is_one_safe_line(
    error: JobEventsError, expected: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """A hint follows if there is one. Ctrl-C needs no explanation, and a closed pipe is silent."""
    print_error(error)
    assert capfd.readouterr().err.splitlines() == expected


def test_each_way_to_resume_is_a_line_after_the_error(capfd: pytest.CaptureFixture[str]) -> None:
    """Several jobs give several lines."""
    error = TransientFault("refused")
    error.resume_hint = "Resume with: jobevents tail 1\nResume with: jobevents tail 2"
    print_error(error)
    assert capfd.readouterr().err.splitlines()[1:] == error.resume_hint.splitlines()
