"""What `forward` prints on standard error: one notice for each outage, however many jobs it affects; status lines."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.backlog import Waiting
from jobevents_cli.following.notices import ContactBack, ContactLost, Notice
from jobevents_cli.model.durations import format_duration
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.timestamps import seconds_of
from jobevents_cli.output.notices import sentence
from jobevents_cli.output.streams import say
from jobevents_cli.render.escape import safe
from jobevents_cli.runtime.forward_receiver import CommandResult

_NOT_ASCII: Final = re.compile(r"[^\x00-\x7e]")

_WITHIN: Final = 1.0
"""Seconds after which a line that nobody reads is given up: events are more important."""


class ForwardNotices:
    """Writes lines to standard error, and counts what the status line shows."""

    def __init__(
        self,
        command: str,
        server_time: Callable[[], float],
        clock: Callable[[], float],
        stats_every: float | None,
    ) -> None:
        """*command* is the receiver's name; *stats_every*: seconds between two status lines, if they are wanted."""
        self._command = command
        self._server_time = server_time
        self._stats_every = stats_every
        self._stats_at = float("inf") if stats_every is None else clock() + stats_every
        self._lost: set[JobRef | Kind] = set()
        self.delivered = 0
        """Events that the receiver took."""
        self.failed = 0
        """Batches that it refused."""

    def notices(self, name: JobRef | Kind, notices: Iterable[Notice]) -> None:
        """Print the *notices* about *name*, a job or the search for a kind of jobs."""
        for notice in notices:
            match notice:
                case ContactLost(reason, _, had_contact):
                    if not self._lost:
                        what = "contact lost" if had_contact else "no answer yet"
                        self._say(f"{what}: {reason}; trying again until it answers")
                    self._lost.add(name)
                case ContactBack(after):
                    self._lost.discard(name)
                    if not self._lost:
                        self._say(f"contact is back after {format_duration(after)}")
                case _:
                    about = f"{name.label}: " if isinstance(name, JobRef) else ""
                    self._say(f"{about}{sentence(notice)}")  # type: ignore[arg-type] # the former follower says more

    def forget(self, ref: JobRef) -> None:
        """Note that *ref* is no longer followed."""
        self._lost.discard(ref)

    def refused(self, result: CommandResult, timeout: float) -> None:
        """Report that the receiver refused a batch after it had taken the one before."""
        self._say(f"{self._command} {_how(result, timeout)}; the batch is sent again until it is taken")

    def accepted(self, after: float) -> None:
        """Report that the receiver takes batches again, *after* so many seconds."""
        self._say(f"{self._command} takes batches again after {format_duration(after)}")

    def named(self, ref: JobRef, event_id: int | None, result: CommandResult) -> None:
        """Report which event is refused."""
        which = "an event without id" if event_id is None else f"event {event_id}"
        words = f": {result.last_words}" if result.last_words else ""
        self._say(f"{self._command} refuses {which} of {ref.label}, sent alone{words}")

    def skipped(self, line: bytes) -> None:
        """Print an event that is skipped, as JSON."""
        self._say("this event was given up (--skip-after):")
        # Escapes for all but ASCII are the same JSON, and safe on a terminal.
        self._print(_NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], line.decode().rstrip("\n")))

    def gone(self, ref: JobRef, error: JobEventsError) -> None:
        """Report that a job no longer exists."""
        self._say(f"{ref.label} is not followed any more: {error.message}")

    def not_saved(self, path: Path, error: OSError) -> None:
        """Report that the position cannot be saved."""
        self._say(f"the position cannot be saved in {path}: {error.strerror}; nothing is sent until it can")

    def stats_due(self, now: float) -> bool:
        """Whether it is time for a status line."""
        return now >= self._stats_at

    def stats(self, jobs: int, oldest: Waiting | None, now: float) -> None:
        """Print the status line. *jobs* are followed; *oldest* is the first event that is not delivered."""
        if self._stats_every is not None and now >= self._stats_at:
            self._stats_at = now + self._stats_every
        lag = 0.0
        if oldest is not None:
            happened = seconds_of(oldest.timestamp)
            lag = now - oldest.since if happened is None else self._server_time() - happened
        self._say(
            f"{jobs} {'job' if jobs == 1 else 'jobs'} followed, "
            f"{self.delivered} {'event' if self.delivered == 1 else 'events'} delivered, "
            f"lag {format_duration(lag)}, {self.failed} failed {'batch' if self.failed == 1 else 'batches'}"
        )

    def _say(self, text: str) -> None:
        self._print(f"jobevents: {safe(text)}")

    def _print(self, line: str) -> None:
        say(line, within=_WITHIN)


def _how(result: CommandResult, timeout: float) -> str:
    if result.is_late:
        what = f"took longer than {format_duration(timeout)} and was killed"
    elif result.status < 0:
        what = f"was ended by signal {-result.status}"
    else:
        what = f"exited with {result.status}"
    return f"{what}: {result.last_words}" if result.last_words else what
