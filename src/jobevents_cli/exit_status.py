"""The one table of exit statuses: number, name and what each means for a script."""

from enum import IntEnum, unique
from typing import Final, Self


@unique
class ExitStatus(IntEnum):
    """What the program's exit status says; `meaning` is the sentence that documents it."""

    meaning: str

    def __new__(cls, number: int, meaning: str) -> Self:
        """Make the member *number* and keep its *meaning* beside it."""
        member = int.__new__(cls, number)
        member._value_ = number
        member.meaning = meaning
        return member

    DONE = 0, "success: the list was printed, or the job finished and every node did, without an error"
    BUG = 1, "a bug in jobevents; nothing else ever exits with 1"
    USAGE = 2, "wrong usage or configuration"
    NODES_FAILED = (
        3,
        "a node failed, errored, was skipped or finished with an error; the job's state is failed; or the plan failed",
    )
    DENIED = 4, "access denied: no token, an invalid or expired token, or no permission"
    STOPPED = 5, "the job or plan was aborted or stopped"
    REFUSED = 6, "the orchestrator refused the request: unknown job, validation error"
    NO_ANSWER = 7, "no usable response, or the output could not be written; the job's outcome is unknown"
    TIMED_OUT = 124, "`--timeout` expired; the job itself continues"
    HUNG_UP = 129, "SIGHUP: the terminal was closed"
    INTERRUPTED = 130, "SIGINT (Ctrl-C); the job itself continues"
    PIPE_CLOSED = 141, "the reader closed standard output; silent"
    TERMINATED = 143, "SIGTERM; the job itself continues"


_WORST_LAST: Final = (
    ExitStatus.DONE,
    ExitStatus.NODES_FAILED,
    ExitStatus.STOPPED,
    ExitStatus.USAGE,
    ExitStatus.REFUSED,
    ExitStatus.DENIED,
    ExitStatus.NO_ANSWER,
)


def worst(first: ExitStatus, second: ExitStatus) -> ExitStatus:
    """Return the worse of two statuses of jobs: with several jobs, `tail` exits with the worst."""
    return max(first, second, key=_WORST_LAST.index)
