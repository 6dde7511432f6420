"""The commands that are proposed to the user: how to resume, how to find out why."""

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from jobevents_cli.errors import JobEventsError, RequestRefused
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.model.job_ref import JobRef, Kind

if TYPE_CHECKING:
    from jobevents_cli.tail.tailed_job import TailedJob

RESUMABLE: Final = frozenset(
    {
        ExitStatus.DENIED,
        ExitStatus.NO_ANSWER,
        ExitStatus.TIMED_OUT,
        ExitStatus.HUNG_UP,
        ExitStatus.INTERRUPTED,
        ExitStatus.TERMINATED,
    }
)
"""The ends after which following can be resumed later."""

_MOST_COMMANDS: Final = 10
"""Up to so many jobs of `--all` have a command each; of more, one command names all."""


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

    def resume_job(self, job: "TailedJob") -> str:
        """Return the command that prints the events of *job* that are not printed yet, and follows it."""
        ref = job.ref
        words = ["jobevents", "tail", str(ref)]
        if ref.kind is Kind.PLAN and self.no_jobs:
            words.append("--no-jobs")
        start = self.start if job.follower.printed.next_start is None else job.follower.printed.next_start
        if self.resume:
            words.append("--resume")
        elif ref.kind is Kind.JOB or self.no_jobs:
            if start is not None:
                words += ["--start", str(start)]
            elif self.last is not None and not job.has_begun:
                words += ["-n", str(self.last)]
        wait = () if job.follower.had_contact else self.wait
        return shlex.join([*words, *wait, *self.events, *self.server])

    def again(self, refs: Iterable[JobRef]) -> str:
        """Return the command that prints the events of *refs* from the first on, and follows them."""
        return shlex.join(["jobevents", "tail", *map(str, refs), *self.events, *self.server])

    def resume_all(self) -> str:
        """Return the command that follows all jobs again."""
        resume = ["--resume"] if self.resume else []
        return shlex.join(["jobevents", "tail", *self.all_jobs, *resume, *self.events, *self.server])

    def failures(self, ref: JobRef) -> str:
        """Return the command that lists the failed nodes of *ref*."""
        return shlex.join(["jobevents", "list", str(ref), "--failures", *self.server])

    def why(self, ref: JobRef) -> str:
        """Return the command that says why *ref* failed."""
        return shlex.join(["jobevents", "why", str(ref), *self.server])


def can_be_resumed(error: JobEventsError, jobs: Iterable["TailedJob"]) -> bool:
    """Whether following *jobs*, which *error* ends, can go on later: not if the very first request was refused."""
    was_followed = any(job.follower.had_contact for job in jobs)
    return error.status in RESUMABLE or (isinstance(error, RequestRefused) and was_followed)


def resume_hints(given: GivenOptions, jobs: Sequence["TailedJob"]) -> list[str]:
    """Return how to resume following *jobs* with the options *given*, a line for each command."""
    if not given.all_jobs:
        return [resume_hint(job, given) for job in jobs]
    running = sum(job.follower.had_contact and not job.follower.has_ended for job in jobs)
    were = f"{'1 job was' if running == 1 else f'{running} jobs were'} running when last checked" if running else ""
    if given.resume:
        return [_sentence(were, given.resume_all())]
    if len(jobs) > _MOST_COMMANDS:
        hints = [_sentence(were, given.again(job.ref for job in jobs))]
    else:
        hints = [resume_hint(job, given) for job in jobs]
    # Following all jobs again prints nothing of those that end before.
    return [*hints, f"Follow all jobs again with: {given.resume_all()}"]


def resume_hint(job: "TailedJob", given: GivenOptions) -> str:
    """Return how to resume following *job*, and what was last known of it."""
    return _sentence(job.when_last_checked, given.resume_job(job))


def _sentence(what: str, command: str) -> str:
    return f"{what}. Resume with: {command}" if what else f"Resume with: {command}"
