"""What is said when following ends before the jobs do: whether and how it can be resumed."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from jobevents_cli.errors import JobEventsError, RequestRefused
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.runtime.followed_job import FollowedJob

if TYPE_CHECKING:
    from jobevents_cli.output.command_lines import GivenOptions

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


def can_be_resumed(error: JobEventsError, jobs: Iterable[FollowedJob]) -> bool:
    """Whether following *jobs*, which *error* ends, can go on later: not if the very first request was refused."""
    was_followed = any(job.follower.had_contact for job in jobs)
    return error.status in RESUMABLE or (isinstance(error, RequestRefused) and was_followed)


def resume_hints(given: "GivenOptions | None", jobs: Sequence[FollowedJob]) -> list[str]:
    """How to resume following *jobs* with the options *given*, a line for each command; none without options."""
    if given is None:
        return []
    from jobevents_cli.output.command_lines import resume_hint

    running = sum(job.follower.had_contact and not job.is_over for job in jobs)
    were = f"{'1 job was' if running == 1 else f'{running} jobs were'} running when last checked" if running else ""
    if given.all_jobs and given.resume:
        return [resume_hint(were, given.resume_all())]
    if given.all_jobs and len(jobs) > _MOST_COMMANDS:
        hints = [resume_hint(were, given.again(job.ref for job in jobs))]
    else:
        hints = [
            resume_hint(job.when_last_checked, given.resume_job(job.printed, exists=job.follower.had_contact))
            for job in jobs
        ]
    # Following all jobs again prints nothing of those that end before.
    return [*hints, f"Follow all jobs again with: {given.resume_all()}"] if given.all_jobs else hints
