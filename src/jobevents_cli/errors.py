"""Every way in which the program ends without a result, each with its exit status.

    JobEventsError
    |- UsageProblem        2    wrong usage or configuration
    |- AccessDenied        4    no token, 401 or 403
    |  `- TokenRefused     4    401 on a token that may be renewed: worth waiting for
    |- RequestRefused      6    404, 400 and others like them
    |  `- UnknownJob       6    404
    |- NoUsableAnswer      7    final: a certificate that cannot be verified, a redirect
    |  `- TransientFault   7    may pass: refused, reset, time-out, 5xx, a broken body
    |- OutputFailed        7    standard output cannot be written
    |- PipeClosed        141    its reader has gone; silent
    |- TimedOut          124    --timeout
    `- Interrupted       129, 130, 143

A job that failed is a result, not an error: see `model/outcome.py`.
"""

from typing import Final

from jobevents_cli.exit_status import ExitStatus

LOGIN_HINT: Final = "log in with: puppet-access login"
"""What helps in most cases of denied access."""


class JobEventsError(Exception):
    """One sentence for the reader, and a *hint* if there is a usual remedy.

    `resume_hint` says how to continue what the error interrupted, if that is possible.
    """

    status = ExitStatus.BUG

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.resume_hint: str | None = None


class UsageProblem(JobEventsError):
    """The command line, a setting or a file of the user's cannot be used."""

    status = ExitStatus.USAGE


class AccessDenied(JobEventsError):
    """The server does not accept this token, or there is none."""

    status = ExitStatus.DENIED


class TokenRefused(AccessDenied):
    """401: a new token may be written at any moment, or the service that knows the tokens may be restarting."""


class RequestRefused(JobEventsError):
    """The server understood the request and refuses it, now and later."""

    status = ExitStatus.REFUSED


class UnknownJob(RequestRefused):
    """404: the orchestrator has no such job, or no longer."""


class NoUsableAnswer(JobEventsError):
    """No usable response came, and a retry would not help."""

    status = ExitStatus.NO_ANSWER


class TransientFault(NoUsableAnswer):
    """A fault that often passes; *retry_after* is the wait, in seconds, that the server asked for."""

    def __init__(self, message: str, *, hint: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class OutputFailed(JobEventsError):
    """Standard output cannot be written, most often because the disk is full."""

    status = ExitStatus.NO_ANSWER


class PipeClosed(JobEventsError):
    """The reader of standard output has gone."""

    status = ExitStatus.PIPE_CLOSED


class TimedOut(JobEventsError):
    """`--timeout` has expired."""

    status = ExitStatus.TIMED_OUT


class Interrupted(JobEventsError):
    """A signal ended the program; *status* says which."""

    def __init__(self, message: str, status: ExitStatus) -> None:
        super().__init__(message)
        self.status = status
