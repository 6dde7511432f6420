"""The line that says which job is followed: `Job 352 · deploy in production by admin · 14 nodes`."""

from collections.abc import Sequence

from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.plan import Plan


def job_header(job: Job, ref: JobRef, *, symbols: bool = True) -> str:
    """Return what *job* is, as it describes itself; not yet escaped. *symbols*: with more than ASCII."""
    what, environment = what_ran(job)
    about = " ".join(
        part for part in (what, environment and f"in {environment}", job.owner and f"by {job.owner}") if part
    )
    count = job.node_count
    nodes = "" if count is None else "1 node" if count == 1 else f"{count} nodes"
    return (" · " if symbols else " - ").join(part for part in (ref.label.capitalize(), about, nodes) if part)


def what_ran(job: Job) -> tuple[str, str]:
    """Return what *job* is and its environment: `deploy` and `production`; `task package`; a plan's name.

    The environment of a task is left out: it only says where the task's own code comes from.
    """
    if isinstance(job, Plan):
        return job.plan_name, job.environment
    return f"{job.type} {job.task}".strip(), "" if job.task else job.environment


def jobs_header(refs: Sequence[JobRef], columns: int) -> str:
    """Return which jobs are followed, as many of *refs* as fit into *columns*; all jobs, if there are none."""
    if not refs:
        return "Following all jobs"
    text = f"Following jobs {refs[0]}"
    for shown, ref in enumerate(refs[1:], 1):
        rest = f" and {len(refs) - shown} more"
        longer = f"{text}, {ref}"
        if len(longer) + (len(rest) if shown + 1 < len(refs) else 0) > columns:
            return text + rest
        text = longer
    return text
