"""Remembers the ids of jobs that were seen lately, for completion: that must never ask the network."""

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from jobevents_cli.model.job import Job
from jobevents_cli.state.private_files import make_private_folder, replace_file

FRESH: Final = 86_400
"""Seconds for which a job is offered."""


_MOST: Final = 100


def remember(jobs: Iterable[Job]) -> None:
    """Note *jobs* that were seen just now. A cache that cannot be written is no matter."""
    with suppress(OSError, ValueError, TypeError):
        known = _read()
        for job in jobs:
            if job.number is not None:
                about = " ".join(word for word in (job.state, job.type, job.environment, job.owner) if word)
                known[str(job.number)] = [time.time(), about]
        newest = sorted(known.items(), key=lambda entry: int(entry[0]))[-_MOST:]
        make_private_folder(_path().parent)
        replace_file(_path(), json.dumps(dict(newest)))


def recall() -> list[tuple[str, str]]:
    """The ids of jobs seen lately, newest first, each with a few words about it."""
    with suppress(OSError, ValueError, TypeError):
        oldest = time.time() - FRESH
        known = [(number, str(about)) for number, (at, about) in _read().items() if float(at) > oldest]
        return sorted(known, key=lambda entry: -int(entry[0]))
    return []


def _path() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("jobevents", appauthor=False) / "jobs.json"


def _read() -> dict[str, list[float | str]]:
    with suppress(OSError, ValueError):
        document = json.loads(_path().read_text(encoding="utf-8"))
        if isinstance(document, dict):
            return document
    return {}
