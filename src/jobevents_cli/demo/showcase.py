"""What `jobevents demo --serve` shows: jobs and plans of every outcome, some that run, and new jobs later."""

from typing import Final

from jobevents_cli.demo.scripted_jobs import ScriptedJob, deployment, errored, number_events, stopped
from jobevents_cli.demo.scripted_plans import ScriptedPlan, broken, rollout

LIVE_JOB: Final = 9
"""The number of a job that runs for some minutes."""

LIVE_PLAN: Final = 3
"""The number of a plan that runs for a minute."""

_FIRST_NEW_JOB: Final = 13

_EVERY: Final = 30.0
"""Seconds between two new jobs. The first one comes when the live plan has started all of its jobs."""

_HOURS_OF_JOBS: Final = 8


def showcase(now: float, seed: int) -> tuple[list[ScriptedJob], list[ScriptedPlan]]:
    """The jobs and the plans, those of the past and those to come, as of *now* in seconds since 1970.

    The jobs that the plans start are with the plans.
    """
    plans = [
        rollout(1, created=now - 1200, first_job=3),
        broken(2, created=now - 600, first_job=7),
        rollout(LIVE_PLAN, created=now, first_job=LIVE_JOB + 1, speed=0.2),
    ]
    jobs = [
        deployment(1, created=now - 3600, seed=seed, good=True),
        deployment(2, created=now - 1800, seed=seed),
        stopped(6, created=now - 900),
        errored(8, created=now - 300),
        deployment(LIVE_JOB, created=now, nodes=40, seed=seed, speed=0.1),
    ]
    jobs += [
        deployment(
            _FIRST_NEW_JOB + number,
            created=now + _EVERY * (number + 2),
            nodes=12,
            seed=seed + number,
            speed=0.5,
            good=number % 3 > 0,
        )
        for number in range(int(_HOURS_OF_JOBS * 3600 / _EVERY))
    ]
    number_events(*jobs, *(job for plan in plans for job in plan.jobs))
    return jobs, plans
