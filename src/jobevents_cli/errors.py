"""Every way in which the program ends without an answer, each with its exit status.

    JobEventsError
    |- UsageProblem        2    wrong usage or configuration
    |- AccessDenied        4    no token, or 401 and 403
    |  `- TokenRefused     4    401 on a token that may be renewed: worth waiting for
    |- RequestRefused      6    404, 400 and their like
    |- NoUsableAnswer      7    final: no certificate, a redirect
    |  `- TransientFault   7    may pass: refused, reset, time-out, 5xx, a broken body
    |- OutputFailed        7    standard output cannot be written
    |- PipeClosed        141    its reader has gone; said silently
    |- TimedOut          124    --timeout
    `- Interrupted       129, 130, 143

A job that failed is a result, no error: see `verdict`.
"""

from typing import Final

from jobevents_cli.exit_status import ExitStatus

LOGIN_HINT: Final = "log in with: puppet-access login"
"""The cure for most ways of not being let in."""


class JobEventsError(Exception):
    """One sentence for the reader, and a *hint* where there is a usual cure.

    `go_on` is the command that takes up again what the error cut short.
    """

    status = ExitStatus.DEFECT

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.go_on: str | None = None


class UsageProblem(JobEventsError):
    """The command line, a setting or a file of the user's is not as it must be."""

    status = ExitStatus.USAGE


class AccessDenied(JobEventsError):
    """The orchestrator does not let this token in, or there is none."""

    status = ExitStatus.DENIED


class TokenRefused(AccessDenied):
    """401 on a token from a file: a new one may be written there at any moment."""


class RequestRefused(JobEventsError):
    """The orchestrator understood the request and will not answer it, now or later."""

    status = ExitStatus.REFUSED


class UnknownJob(RequestRefused):
    """404: the orchestrator has no such job, or has it no longer."""


class NoUsableAnswer(JobEventsError):
    """No answer came, or none that can be used, and asking again is of no use."""

    status = ExitStatus.NO_ANSWER


class TransientFault(NoUsableAnswer):
    """A fault that often passes; *retry_after* is the wait in seconds that the server asked for."""

    def __init__(self, message: str, *, hint: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class OutputFailed(JobEventsError):
    """Standard output cannot be written: a full disk, most often."""

    status = ExitStatus.NO_ANSWER


class PipeClosed(JobEventsError):
    """Whoever read our standard output has gone."""

    status = ExitStatus.PIPE_CLOSED


class TimedOut(JobEventsError):
    """The time that `--timeout` gave is over."""

    status = ExitStatus.TIMED_OUT


class Interrupted(JobEventsError):
    """A signal asked the program to end; *status* says which."""

    def __init__(self, message: str, status: ExitStatus) -> None:
        super().__init__(message)
        self.status = status
