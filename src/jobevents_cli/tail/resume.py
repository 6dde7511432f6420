"""What `--resume` keeps: how far each job is printed."""

from jobevents_cli.following.printed import Saved
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.store.positions import Positions, SavedPosition
from jobevents_cli.tail.plan import PlanJobs
from jobevents_cli.tail.tailed_job import TailedJob


class Resume:
    """The positions of all jobs that are followed: a plan's with those of its jobs, and those of `--all` together."""

    def __init__(self, url: str, *, all_jobs: bool) -> None:
        """Keep positions for the orchestrator at *url*. UsageProblem if those of `--all` cannot be used."""
        self._url = url
        self.all = Positions.of_tail(url, None) if all_jobs else None
        """The positions of `--all`, and which jobs it knows."""
        self._own: dict[JobRef, Positions] = {}
        self._keepers: dict[JobRef, Positions] = {}
        """Which positions a job is saved with."""

    def load(self, ref: JobRef, parent: JobRef | None) -> Saved | None:
        """Return what an earlier run saved of *ref*, a job of the plan *parent* or one of its own; None if nothing.

        UsageProblem if another process has the position, or if it cannot be read.
        """
        if self.all:
            positions = self.all
        elif parent:
            positions = self._keepers[parent]
        else:
            positions = self._own[ref] = Positions.of_tail(self._url, ref)
        self._keepers[ref] = positions
        saved = positions.positions.get(ref)
        return saved and Saved(saved.low, list(saved.seen), dict(saved.counts), saved.changed)

    def jobs_of(self, plan: JobRef) -> PlanJobs:
        """Return the jobs of *plan* that an earlier run followed, and those that it saw end."""
        kept = {ref.number: saved.ended for ref, saved in self._keepers[plan].positions.items() if ref.kind is Kind.JOB}
        ended = {number: Outcome[how] if how else None for number, how in kept.items() if how is not None}
        return PlanJobs([number for number, how in kept.items() if how is None], ended)

    def save(self, job: TailedJob) -> list[str]:
        """Save how far *job* is printed. Returns warnings."""
        return _warnings(self._keepers[job.ref].save({job.ref: _position(job)}))

    def end(self, job: TailedJob) -> list[str]:
        """Note that nothing more will be printed of *job*. Returns warnings."""
        positions = self._keepers.pop(job.ref)
        if positions is self.all:
            return _warnings(positions.save({job.ref: None}))
        warnings = _warnings(positions.save({job.ref: _position(job)}))
        if job.ref in self._own:
            warnings += _warnings(self._own.pop(job.ref).close())
        return warnings

    def close(self) -> list[str]:
        """Save what is not saved yet, and let other processes have the positions. Returns warnings."""
        left = [*self._own.values(), *([self.all] if self.all else [])]
        return [warning for positions in left for warning in _warnings(positions.close())]


def _position(job: TailedJob) -> SavedPosition:
    """How far *job* is printed, and of a plan's job how it ended, if it has."""
    ended = None
    if not job.is_named and (ending := job.follower.ending):
        ended = ending.outcome.name if ending.outcome is not None else ""
    saved = job.follower.printed.saved()
    return SavedPosition(saved.low, saved.seen, saved.counts, saved.changed, ended)


def _warnings(warning: str | None) -> list[str]:
    return [f"{warning}; --resume may repeat events"] if warning else []
