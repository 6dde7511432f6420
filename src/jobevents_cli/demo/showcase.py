"""The jobs that `jobevents demo --serve` shows: one of every outcome, one that runs, and ever new ones."""

from typing import Final

from jobevents_cli.demo.scripted_jobs import ScriptedJob, deployment, errored, number_events, stopped

_EVERY: Final = 30.0


_HOURS_OF_JOBS: Final = 8


def showcase(now: float, seed: int) -> list[ScriptedJob]:
    """The jobs, those of the past and those to come, as of *now* in seconds since 1970."""
    jobs = [
        deployment(1, created=now - 3600, seed=seed, good=True),
        deployment(2, created=now - 1800, seed=seed),
        stopped(3, created=now - 900),
        errored(4, created=now - 300),
        deployment(5, created=now, nodes=40, seed=seed, speed=0.1),
    ]
    jobs += [
        deployment(
            6 + number,
            created=now + _EVERY * (number + 1),
            nodes=12,
            seed=seed + number,
            speed=0.5,
            good=number % 3 > 0,
        )
        for number in range(int(_HOURS_OF_JOBS * 3600 / _EVERY))
    ]
    number_events(*jobs)
    return jobs
