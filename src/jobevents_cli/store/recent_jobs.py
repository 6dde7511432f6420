"""Remembers the jobs that were seen lately, for completion and hints, which never use the network.

Nothing in it is secret: numbers, states, types, environments and owners. Errors are ignored: it is a convenience.
"""

import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Final

from jobevents_cli.config.private_files import own_folder
from jobevents_cli.config.redaction import redact_text
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.plan import Plan
from jobevents_cli.store.database import NAME, open_database, transaction

FRESH: Final = 7 * 86_400
"""Seconds for which a job is remembered."""

MOST: Final = 100
"""How many jobs, and how many plans, are remembered for one orchestrator."""

_LONGEST: Final = 60
"""Characters that are kept of a text from the server."""


@dataclass(frozen=True, slots=True)
class RecentJob:
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
    """Note *jobs*, plans among them, that were seen just now at the orchestrator *url*."""
    now = time.time()
    rows = [(url, *_key(job), *_words(job), now) for job in jobs if job.number is not None]
    folder = own_folder("state")
    if not rows or folder is None:
        return
    with (
        suppress(OSError, sqlite3.Error, ValueError),
        closing(open_database(folder)) as database,
        transaction(database),
    ):
        database.executemany("INSERT OR REPLACE INTO job VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.execute("DELETE FROM job WHERE seen_at < ?", (now - FRESH,))
        database.executemany(
            "DELETE FROM job WHERE server = :url AND kind = :kind AND number NOT IN"
            " (SELECT number FROM job WHERE server = :url AND kind = :kind ORDER BY number DESC LIMIT :most)",
            [{"url": url, "kind": kind.value, "most": MOST} for kind in Kind],
        )


def recent_jobs(url: str) -> list[RecentJob]:
    """The jobs seen lately at the orchestrator *url*, newest first, and then the plans."""
    folder = own_folder("state")
    if folder is None or not (folder / NAME).exists():  # a Tab press makes no file
        return []
    with suppress(OSError, sqlite3.Error, ValueError), closing(open_database(folder)) as database:
        rows = database.execute(
            "SELECT kind, number, state, type, environment, owner FROM job WHERE server = ? AND seen_at > ?"
            " ORDER BY kind, number DESC",
            (url, time.time() - FRESH),
        )
        return [RecentJob(JobRef(Kind(kind), number), *words) for kind, number, *words in rows]
    return []


def _key(job: Job) -> tuple[str, int | None]:
    return (Kind.PLAN if isinstance(job, Plan) else Kind.JOB).value, job.number


def _words(job: Job) -> tuple[str, ...]:
    words = (job.state, job.type, job.environment, job.owner)
    # A part of the token is not recognised: it is blanked before a word is shortened.
    return tuple(redact_text(word)[:_LONGEST] for word in words)
