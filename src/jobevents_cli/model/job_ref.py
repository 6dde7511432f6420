"""Names a job or a plan job. Both have numbers of their own, so a number alone names neither."""

from enum import StrEnum
from typing import NamedTuple, Self


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

    def __str__(self) -> str:
        """The form that the command line takes: `352` or `plan/12`."""
        return str(self.number) if self.kind is Kind.JOB else f"plan/{self.number}"

    @property
    def label(self) -> str:
        """The form for sentences: `job 352` or `plan 12`."""
        return f"{self.kind} {self.number}"
