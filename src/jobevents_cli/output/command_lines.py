"""The commands that are proposed to the user: how to resume, how to find out why."""

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from jobevents_cli.model.job_ref import JobRef, Kind

if TYPE_CHECKING:
    from jobevents_cli.output.printed_job import PrintedJob


class GivenOptions(NamedTuple):
    """The options of this run that a proposed command repeats, as arguments that are not quoted yet."""

    all_jobs: tuple[str, ...] = ()
    """`--all` and what narrows it down; empty if jobs are named."""
    events: tuple[str, ...] = ()
    """Those that choose events, except `--start` and `-n`."""
    server: tuple[str, ...] = ()
    start: int | None = None
    last: int | None = None
    wait: tuple[str, ...] = ()
    """How long to wait for a job that does not exist yet."""
    resume: bool = False
    no_jobs: bool = False

    def resume_job(self, job: "PrintedJob", *, exists: bool = True) -> str:
        """The command that prints the events of *job* that are not printed yet, and follows it.

        *exists*: the orchestrator knows the job.
        """
        words = ["jobevents", "tail", str(job.ref)]
        if job.ref.kind is Kind.PLAN and self.no_jobs:
            words.append("--no-jobs")
        start = self.start if job.resume_start is None else job.resume_start
        if self.resume:
            words.append("--resume")
        elif job.ref.kind is Kind.JOB or self.no_jobs:
            if start is not None:
                words += ["--start", str(start)]
            elif self.last is not None and not job.has_begun:
                words += ["-n", str(self.last)]
        return shlex.join([*words, *([] if exists else self.wait), *self.events, *self.server])

    def again(self, refs: Iterable[JobRef]) -> str:
        """The command that prints the events of *refs* from the first on, and follows them."""
        return shlex.join(["jobevents", "tail", *map(str, refs), *self.events, *self.server])

    def resume_all(self) -> str:
        """The command that follows all jobs again."""
        resume = ["--resume"] if self.resume else []
        return shlex.join(["jobevents", "tail", *self.all_jobs, *resume, *self.events, *self.server])

    def failures(self, ref: JobRef) -> str:
        """The command that lists the failed nodes of *ref*."""
        return shlex.join(["jobevents", "list", str(ref), "--failures", *self.server])

    def why(self, ref: JobRef) -> str:
        """The command that says why *ref* failed."""
        return shlex.join(["jobevents", "why", str(ref), *self.server])


def resume_hint(what: str, command: str) -> str:
    """The *command* to resume, after the sentence *what*, such as `Job 352 was running when last checked`."""
    return f"{what}. Resume with: {command}" if what else f"Resume with: {command}"
