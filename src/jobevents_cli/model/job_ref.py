"""Identifies a job or a plan job. Each kind has its own numbers, so a number is not enough."""

import re
from enum import StrEnum
from typing import Final, NamedTuple, Self

_NUMBER: Final = r"(?P<number>[0-9]{1,19})"
_REF: Final = re.compile(rf"(?:(?P<kind>job|plan)/)?{_NUMBER}")
_ADDRESS: Final = (
    r"https?://(?P<host>\[[^\]/]*\]|[^/:?#@]*)(?::[0-9]{0,5})?/"
    r"(?:orchestrator/v1/(?:jobs|(?P<plan_jobs>plan_jobs))|#/(?:orchestration/)?(?:run|jobs)/(?:jobs|tasks|(?P<plans>plans?))"
    rf")/{_NUMBER}(?:[/?#].*)?"
)
"""A job's address in the API and in the console."""

_HIGHEST: Final = 2**63 - 1


class Kind(StrEnum):
    """The two kinds of jobs that have events."""

    JOB = "job"
    PLAN = "plan"


class JobRef(NamedTuple):
    """A job or a plan job by its number."""

    kind: Kind
    number: int

    @classmethod
    def job(cls, number: int) -> Self:
        """The job *number*."""
        return cls(Kind.JOB, number)

    @classmethod
    def plan(cls, number: int) -> Self:
        """The plan job *number*."""
        return cls(Kind.PLAN, number)

    @classmethod
    def unknown(cls) -> Self:
        """The job of events or nodes that do not say which it is."""
        return cls(Kind.JOB, -1)

    @property
    def is_known(self) -> bool:
        """Whether the number is known."""
        return self.number >= 0

    def __str__(self) -> str:
        """The form that the command line takes: `352` or `plan/12`."""
        return str(self.number) if self.kind is Kind.JOB else f"plan/{self.number}"

    @property
    def label(self) -> str:
        """The form for sentences: `job 352` or `plan 12`."""
        return f"{self.kind} {self.number}" if self.is_known else self.kind.value


class NamedJob(NamedTuple):
    """A job as the user named it; *host* is the one of the address, if it was an address."""

    ref: JobRef
    host: str | None = None


def parse_job(text: str) -> NamedJob:
    """The job that *text* names: `352`, `job/352`, `plan/12`, or the job's address in the API or the console.

    Blanks around it are ignored. ValueError if it is none of these. The address is only read, never requested.
    """
    text = text.strip()
    if match := _REF.fullmatch(text):
        kind, host = Kind(match["kind"] or "job"), None
    elif match := re.fullmatch(_ADDRESS, text, re.IGNORECASE):
        kind = Kind.PLAN if match["plan_jobs"] or match["plans"] else Kind.JOB
        host = match["host"].strip("[]").lower()
    else:
        raise ValueError(f"{text!r} is not a job")
    number = int(match["number"])
    if number > _HIGHEST:
        raise ValueError(f"{text!r} is not a job")
    return NamedJob(JobRef(kind, number), host)
