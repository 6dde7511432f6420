"""Remembers the jobs that were seen lately, for completion and hints, which must never use the network.

Nothing in it is secret: numbers, states, types, environments and owners.
"""

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jobevents_cli.config.private_files import make_private_folder, own_folder, replace_file
from jobevents_cli.config.redaction import redact_text
from jobevents_cli.config.user_file import read_user_file
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.plan import Plan

FRESH: Final = 7 * 86_400
"""Seconds for which a job is remembered."""

_MOST: Final = 100
"""How many jobs, and how many plans, are remembered for one orchestrator."""

_MOST_ORCHESTRATORS: Final = 20

_LONGEST: Final = 60
"""Characters that are kept of a text from the server."""

_written: dict[tuple[str, JobRef], tuple[str, ...]] = {}
"""What this process wrote last, so that the same is not written again."""


@dataclass(frozen=True, slots=True)
class RememberedJob:
    """A job as it was when it was seen last."""

    ref: JobRef
    state: str
    type: str
    environment: str
    owner: str

    @property
    def about(self) -> str:
        """The job in a few words."""
        return " ".join(word for word in (self.state, self.type, self.environment, self.owner) if word)


def remember(url: str, jobs: Iterable[Job]) -> None:
    """Note *jobs*, plans among them, that were seen just now at the orchestrator *url*.

    Errors are ignored: the cache is only a convenience.
    """
    seen = {ref: _words(job) for job in jobs if (ref := _ref(job)) is not None}
    news = {ref: words for ref, words in seen.items() if _written.get((url, ref)) != words}
    path = _path()
    if not news or path is None:
        return
    with suppress(OSError, ValueError, TypeError, RecursionError):
        cache = _read(path)
        known = cache.pop(url, {})
        known.update({str(ref): [time.time(), *words] for ref, words in news.items()})
        newest = sorted(known, key=lambda name: (name.startswith("plan/"), -_number(name)))
        kept = [name for name in newest if not name.startswith("plan/")][:_MOST]
        kept += [name for name in newest if name.startswith("plan/")][:_MOST]
        cache[url] = {name: known[name] for name in kept}
        make_private_folder(path.parent)
        replace_file(path, json.dumps(dict(list(cache.items())[-_MOST_ORCHESTRATORS:])))
        _written.update({(url, ref): words for ref, words in news.items()})


def recall(url: str) -> list[RememberedJob]:
    """The jobs seen lately at the orchestrator *url*, newest first, and then the plans."""
    path = _path()
    found: list[RememberedJob] = []
    if path is None:
        return found
    oldest = time.time() - FRESH
    with suppress(OSError, ValueError, TypeError, RecursionError):
        for name, (seen_at, *words) in _read(path).get(url, {}).items():
            if seen_at > oldest:
                number = _number(name)
                ref = JobRef.plan(number) if name.startswith("plan/") else JobRef.job(number)
                state, kind, environment, owner = map(str, words)
                found.append(RememberedJob(ref, state, kind, environment, owner))
    return sorted(found, key=lambda job: (job.ref.kind, -job.ref.number))


def _ref(job: Job) -> JobRef | None:
    if job.number is None:
        return None
    return JobRef.plan(job.number) if isinstance(job, Plan) else JobRef.job(job.number)


def _words(job: Job) -> tuple[str, ...]:
    words = (job.state, job.type, job.environment, job.owner)
    # A part of the token is not recognised: it is blanked before a word is shortened.
    return tuple(redact_text(word)[:_LONGEST] for word in words)


def _number(name: str) -> int:
    return int(name.removeprefix("plan/"))


def _path() -> Path | None:
    folder = own_folder("cache")
    return folder / "jobs.json" if folder else None


def _read(path: Path) -> dict[str, Any]:
    """What the cache holds, by orchestrator. Empty if there is none, it is damaged or of another version."""
    with suppress(OSError, ValueError, RecursionError):
        document = json.loads(read_user_file(path, wait=0))
        if isinstance(document, dict):
            return {url: jobs for url, jobs in document.items() if "://" in url and isinstance(jobs, dict)}
    return {}
