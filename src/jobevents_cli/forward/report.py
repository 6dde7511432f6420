"""What `forward` says on standard error, and its figures: the status line, and the metrics for Prometheus."""

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from jobevents_cli.config.private_files import replace_file
from jobevents_cli.forward.command import Ended
from jobevents_cli.model.durations import format_duration
from jobevents_cli.model.event import Event
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.output.outages import Outages

_METRICS_EVERY: Final = 10.0
"""Seconds between two writes of the metrics."""

_NOT_ASCII: Final = re.compile(r"[^\x00-\x7e]")


class ReportOptions(NamedTuple):
    """Where the figures go."""

    name: str = "default"
    """The name of the position, which tells several receivers apart."""
    stats_every: float = float("inf")
    """Seconds between two status lines."""
    metrics: Path | None = None
    """The file for Prometheus."""


class Report:
    """Standard error and the metrics of one run. Times are seconds."""

    def __init__(self, command: str, options: ReportOptions, say: Callable[[str], None], now: float) -> None:
        """*command* is COMMAND's name. *say* prints a line, which may contain a server's text."""
        self.say = say
        self.outages = Outages(say)
        self.delivered = 0
        """Events that COMMAND accepted."""
        self.failed = 0
        """Batches that it refused."""
        self.accepted_at = now
        """When it accepted the last batch."""
        self._command = command
        self._options = options
        self._stats_at = now + options.stats_every
        self._metrics_at = now
        self._has_warned = False

    def refused(self, ended: Ended, late_after: float | None) -> None:
        """Say that COMMAND begins to refuse batches. *late_after*: it was killed because it took longer than that."""
        if late_after is not None:
            how = f"took longer than {format_duration(late_after)} and was killed"
        elif ended.status < 0:
            how = f"was ended by signal {-ended.status}"
        else:
            how = f"exited with {ended.status}"
        self.say(f"jobevents: {self._command} {how}{_words(ended.words)}; the batch is sent again until it is taken")

    def recovered(self, after: float) -> None:
        """Say that COMMAND accepts batches again, *after* so many seconds."""
        self.say(f"jobevents: {self._command} takes batches again after {format_duration(after)}")

    def blamed(self, ref: JobRef, event: Event, words: str) -> None:
        """Say that COMMAND refuses the *event* of *ref*; *words* is what it said."""
        which = "an event without id" if event.id is None else f"event {event.id}"
        self.say(f"jobevents: {self._command} refuses {which} of {ref.label}, sent alone{_words(words)}")

    def given_up(self, line: bytes) -> None:
        """Print the *line* of an event that is not sent any more."""
        self.say("jobevents: this event was given up (--skip-after):")
        # Escapes for all but ASCII are the same JSON, and safe on a terminal.
        self.say(_NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], line.decode().rstrip("\n")))

    def figures(self, now: float, *, jobs: int, lag: float, wants_status: bool) -> None:
        """Print the status line, if it is due or wanted, and write the metrics, if they are due.

        *jobs* are followed. *lag* is the age of the oldest event that waits.
        """
        if wants_status or now >= self._stats_at:
            if now >= self._stats_at:
                self._stats_at = now + self._options.stats_every
            self.say(
                f"jobevents: {_count(jobs, 'job', 'jobs')} followed, "
                f"{_count(self.delivered, 'event', 'events')} delivered, "
                f"lag {format_duration(lag)}, {_count(self.failed, 'failed batch', 'failed batches')}"
            )
        if self._options.metrics and now >= self._metrics_at:
            self._metrics_at = now + _METRICS_EVERY
            self._write(self._options.metrics, self._metrics(now, jobs, lag))

    def _metrics(self, now: float, jobs: int, lag: float) -> str:
        """The figures in Prometheus's text format."""
        figures = [
            ("events_delivered_total", "counter", "Events that COMMAND accepted.", self.delivered),
            ("failed_batches_total", "counter", "Batches that COMMAND refused.", self.failed),
            ("jobs_followed", "gauge", "Jobs that are followed.", jobs),
            ("lag_seconds", "gauge", "Age of the oldest event that waits.", round(lag, 3)),
            (
                "since_accepted_seconds",
                "gauge",
                "Time since COMMAND accepted a batch, or since the start.",
                round(now - self.accepted_at, 3),
            ),
            ("orchestrator_up", "gauge", "1: there is contact with it.", int(not self.outages.are_open)),
        ]
        return "".join(
            f"# HELP jobevents_forward_{name} {text}\n"
            f"# TYPE jobevents_forward_{name} {kind}\n"
            f'jobevents_forward_{name}{{name="{self._options.name}"}} {value}\n'
            for name, kind, text, value in figures
        )

    def _write(self, path: Path, text: str) -> None:
        try:
            # node_exporter is another user: a file that was made for it stays readable.
            replace_file(path, text, mode=stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600)
        except OSError as error:
            if not self._has_warned:
                self.say(f"Warning: the metrics cannot be written to {path}: {error.strerror}")
            self._has_warned = True
        else:
            self._has_warned = False


def _count(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _words(words: str) -> str:
    return f": {words}" if words else ""
