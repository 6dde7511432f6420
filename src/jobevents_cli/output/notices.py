"""Turns errors and notices into lines for the user, on standard error."""

from typing import Final, assert_never

from jobevents_cli.errors import Interrupted, JobEventsError, PipeClosed
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
from jobevents_cli.model.durations import format_duration
from jobevents_cli.output.stderr import say
from jobevents_cli.render.escape import safe

_NEVER: Final = float("inf")


def say_safe(text: str) -> None:
    """Print *text*, which may contain a server's text, on standard error."""
    say(safe(text))


def print_error(error: JobEventsError) -> None:
    """Print *error*. The only place where an error becomes lines for the user."""
    for line in error_lines(error):
        say(line)


def error_lines(error: JobEventsError) -> list[str]:
    """Return the lines that tell the user of *error*, safe to print; none for a reader that has gone."""
    if isinstance(error, PipeClosed):
        return []
    lines = [_interrupted(error) if isinstance(error, Interrupted) else f"Error: {error.message}"]
    if error.hint:
        lines.append(f"Hint: {error.hint}")
    lines += (error.resume_hint or "").splitlines()
    return [safe(line) for line in lines]


def _interrupted(error: Interrupted) -> str:
    """The line that says what ended the program. Ctrl-C needs no explanation; other signals are named."""
    return "Interrupted." if error.status is ExitStatus.INTERRUPTED else f"Interrupted {error.message}."


def sentence(notice: Notice) -> str:  # noqa: PLR0911 - a table
    """The *notice* as a sentence for the user."""
    match notice:
        case ContactLost(reason, retry_for, had_contact):
            what = "contact lost" if had_contact else "no answer yet"
            limit = "until it answers" if retry_for == _NEVER else f"for up to {format_duration(retry_for)}"
            return f"{what}: {reason}; trying again {limit}"
        case ContactBack(after):
            return f"contact is back after {format_duration(after)}"
        case WaitingForJob(wait_for):
            return f"the job does not exist yet; waiting for it for up to {format_duration(wait_for)}"
        case LateEventsNotRead(reason):
            return f"could not look for late events: {reason}"
        case JobNotRead(reason):
            return f"could not read the job's own state: {reason}"
        case PlanPending():
            return "the plan has not started yet; waiting for it"
        case PlanSilent(seconds):
            return (
                f"the plan is running, but had no event and no running job for {format_duration(seconds)}: if what "
                "started it has died, it never ends; --timeout limits the wait"
            )
        case _:
            assert_never(notice)
