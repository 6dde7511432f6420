"""The jobs and plans that `jobevents demo` shows."""

from random import Random
from typing import Any, Final

from jobevents_cli.demo.reports import Cause, migration, missing_class
from jobevents_cli.demo.scripted_jobs import Document, Script, ScriptedJob, ScriptedPlan, number_events

FAILED_JOB: Final = 352
TASK: Final = 353
LIVE_JOB: Final = 354
PLAN: Final = 12
"""The numbers that README names; LIVE_JOB runs for some minutes."""

_EVERY: Final = 30.0
"""Seconds between two new jobs."""
_NEW_JOBS: Final = 960


def served(now: float, seed: int) -> tuple[list[ScriptedJob], list[ScriptedPlan]]:
    """The jobs and the plan of `demo --serve`, those of the past and those to come, as of *now*.

    *now* is in seconds since 1970. The jobs that the plan starts are with the plan.
    """
    plan = rollout(PLAN, created=now - 1200, first_job=FAILED_JOB - 2)
    jobs = [
        deployment(FAILED_JOB - 4, created=now - 3600, seed=seed, good=True),
        stopped(FAILED_JOB - 3, created=now - 1800),
        failed(FAILED_JOB, created=now - 600),
        package(TASK, created=now - 300),
        deployment(LIVE_JOB, created=now - 20, nodes=40, seed=seed, speed=0.1),
    ]
    jobs += [
        deployment(
            LIVE_JOB + number,
            created=now + _EVERY * number,
            nodes=12,
            seed=seed + number,
            speed=0.5,
            good=number % 3 > 0,
        )
        for number in range(1, _NEW_JOBS)
    ]
    number_events(*jobs, *plan.jobs, first=1200)
    return jobs, [plan]


def deployment(
    job_id: int, *, created: float, nodes: int = 14, seed: int = 1, speed: float = 1.0, good: bool = False
) -> ScriptedJob:
    """A believable Puppet run on some *nodes*: staggered starts and, unless *good*, failures with their causes.

    One node depends on a failed one and is skipped.
    """
    random = Random(seed)  # noqa: S311 - a story, no secret
    kinds = ("web", "app", "cache", "db", "queue")
    names = tuple(f"{kinds[n % len(kinds)]}{n // len(kinds) + 1:02d}.example.com" for n in range(nodes))
    causes: list[Cause] = [migration] * max(1, min(3, nodes // 4)) + [missing_class] * min(2, nodes // 5)
    if good or nodes < 3:  # noqa: PLR2004 - one fails, one is skipped
        causes = []
    bad = random.sample(names, len(causes) + 1) if causes else []
    failing = dict(zip(bad, causes, strict=False))
    job = ScriptedJob(job_id, names, created, final_state="failed" if bad else "finished")
    script = Script(job, per_second=speed)
    at_once = max(4, nodes // 3)
    free_at = [0.3 + 0.15 * slot for slot in range(at_once)]
    last = 0.5
    for name in names:
        slot = free_at.index(min(free_at))
        begin = free_at[slot]
        if name in bad[-1:]:
            script.skipped(name, begin + 0.2, bad[0])
            continue
        end = begin + random.uniform(1.2, 4.0)
        changed = random.choice((0, 0, 0, 1, 3, 12))
        script.run(name, begin, end, changed=0 if name in failing else changed, cause=failing.get(name))
        free_at[slot] = end + random.uniform(0.05, 0.3)
        last = max(last, end)
    script.end(last + 0.4)
    number_events(job)
    return job


def failed(job_id: int, *, created: float) -> ScriptedJob:
    """A Puppet run that fails on one of four nodes; another one depends on that and is skipped."""
    nodes = ("web01.example.com", "web02.example.com", "db01.example.com", "app01.example.com")
    job = ScriptedJob(job_id, nodes, created, "failed")
    script = Script(job)
    script.run(nodes[0], 1, 24, changed=4)
    script.run(nodes[1], 2, 31)
    script.run(nodes[2], 3, 40, failed=2, cause=migration)
    script.skipped(nodes[3], 41, nodes[2])
    script.end(42)
    return job


def package(job_id: int, *, created: float) -> ScriptedJob:
    """A task on three nodes, of which one fails and one is not connected."""
    nodes = ("web01.example.com", "web02.example.com", "edge01.example.com")
    job = ScriptedJob(job_id, nodes, created, "failed", "task", owner="jane", task="package")
    script = Script(job)
    script.errored(nodes[2], 1)
    script.task(nodes[0], 1, 9, {"status": "upgraded", "old_version": "1.24.0", "version": "1.26.0"})
    script.task(nodes[1], 1, 12, _failed_task("E: Could not get lock /var/lib/dpkg/lock-frontend"), is_failed=True)
    script.end(13)
    return job


def stopped(job_id: int, *, created: float) -> ScriptedJob:
    """A job that somebody stopped: what ran was finished, the rest never began."""
    names = tuple(f"edge{number:02d}.example.com" for number in range(1, 7))
    job = ScriptedJob(job_id, names, created, final_state="stopped", owner="jane")
    script = Script(job)
    script.run(names[0], 0.5, 4)
    script.run(names[1], 1, 6, changed=2)
    script.add(3, "job_stopping", f"Stop requested for job {job_id}")
    script.add(7, "job_aborted", f"Job {job_id} was stopped")
    return job


def rollout(number: int, *, created: float, first_job: int = 1, speed: float = 1.0) -> ScriptedPlan:
    """A plan that starts two jobs. The second one fails on a node; the plan catches that and succeeds."""

    def job(
        after: float, name: str, nodes: tuple[str, ...], final_state: str = "finished"
    ) -> tuple[ScriptedJob, Script]:
        made = ScriptedJob(
            first_job + len(jobs), nodes, created + after / speed, final_state, "plan_task", task=name, plan=number
        )
        jobs.append(made)
        return made, Script(made, per_second=speed)

    def add(after: float, kind: str, **details: Any) -> None:
        plan.add(after / speed, kind, **details)

    jobs: list[ScriptedJob] = []
    web, databases = ("web01.example.com", "web02.example.com"), ("db01.example.com", "db02.example.com")
    drain, script = job(1, "lb::drain", web)
    for place, node in enumerate(web):
        script.task(node, place, 2 + place, {"_output": "drained\n"})
    script.end(4)
    migrate, script = job(6, "db::migrate", databases, "failed")
    script.task(databases[0], 0, 2, {"_output": "12 tables migrated\n"})
    script.task(databases[1], 0, 3, _failed_task("schema locked"), is_failed=True)
    script.end(4)
    number_events(*jobs)
    plan = ScriptedPlan(number, "app::rollout", created, tuple(jobs), description="Roll out the app")
    plan.result = {"drained": list(web), "not migrated": list(databases[1:])}
    add(0, "out_message", message=f"Rolling out to {len(web)} web servers")
    add(1, "task_start", **{"job-id": drain.job_id})
    add(5, "plan_start", plan="app::migrate")
    add(6, "task_start", **{"job-id": migrate.job_id})
    add(11, "plan_end", plan="app::migrate", duration=round(6 / speed, 2))
    add(12, "out_message", message="One database was not migrated.\nIt keeps the old schema until tonight.")
    plan.end(13 / speed)
    return plan


def _failed_task(text: str) -> Document:
    message = f"The task failed with exit code 1 and no stdout, but stderr contained:\n{text}"
    error = {"kind": "puppetlabs.tasks/task-error", "msg": message, "details": {"exit_code": 1}}
    return {"_output": "", "_error": error}
