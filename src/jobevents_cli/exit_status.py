"""The one table of exit statuses: number, name and what each tells a script."""

from enum import IntEnum, unique
from typing import Self


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

    DONE = 0, "the list is printed, or the job finished and every node did"
    DEFECT = 1, "a defect in jobevents itself; nothing else ever ends in 1"
    USAGE = 2, "wrong usage or configuration"
    NODES_FAILED = 3, "the job finished, and a node failed, errored or was skipped, or its state is failed"
    DENIED = 4, "not let in: no token, an invalid or expired one, or no permission"
    STOPPED = 5, "the job was aborted or stopped"
    REFUSED = 6, "the orchestrator refused the request: unknown job, validation error"
    NO_ANSWER = 7, "no usable answer, or the output could not be written; how the job ends is not known"
    TIMED_OUT = 124, "`--timeout` ran out; the job itself is not touched"
    HUNG_UP = 129, "SIGHUP: the terminal is gone"
    INTERRUPTED = 130, "SIGINT (Ctrl-C); the job goes on"
    PIPE_CLOSED = 141, "standard output was closed by its reader"
    TERMINATED = 143, "SIGTERM; the job goes on"
