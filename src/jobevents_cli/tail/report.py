"""What `tail` and `list` say on standard error: header, notices, summary, and the footer under the lines."""

import sys
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from jobevents_cli.errors import JobEventsError
from jobevents_cli.following.notices import Notice
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.outages import Outages
from jobevents_cli.output.screen import Screen
from jobevents_cli.output.stdout import Stdout
from jobevents_cli.output.terminal import console_for, is_terminal, paint_for, shows_symbols, width_of

if TYPE_CHECKING:
    from rich.console import Console

    from jobevents_cli.render.styles import Paint, Span

_MOST_WHY: Final = 3
"""How often one run may propose `jobevents why`."""


class ReportOptions(NamedTuple):
    """What is shown on standard error beside errors."""

    quiet: bool = False
    header: bool = False
    footer: bool = False
    summary: bool = False
    life_signs: bool = False
    """Say how far the jobs are when nothing has been printed for a minute."""
    color: str = "auto"
    failures_are_printed: bool = False
    """Only the events of failed nodes are printed: the summary does not repeat them."""
    why: Callable[[JobRef], str] | None = None
    """The command that says why a job failed; None if that is not proposed."""
    failures: Callable[[JobRef], str] = "jobevents list {} --failures".format
    """The command that lists the failed nodes of a job."""
    groups_causes: bool = False
    """`--why` groups the failed nodes by cause: the summary does not name them."""
    names_jobs: bool = False
    """Notices name their job, as there are several."""
    waits_for_jobs: bool = False
    """More jobs can come."""


class Report:
    """Standard error of one run. All methods are for the main thread."""

    def __init__(self, options: ReportOptions, stdout: Stdout, server_time: Callable[[], float]) -> None:
        """Report as *options* say, above lines on *stdout*.

        *server_time* is the orchestrator's clock, in seconds since 1970.
        """
        self.stdout = stdout
        self._options = options
        self._server_time = server_time
        self._jobs: dict[JobRef, Progress] = {}
        self._outages = Outages(self.say)
        self._why_left = _MOST_WHY
        self.screen = Screen(stdout, self._footer if options.footer else None)

    def say(self, text: str) -> None:
        """Print *text*, which may contain a server's text."""
        from jobevents_cli.render.escape import safe

        self.screen.say(safe(text))

    @property
    def is_quiet(self) -> bool:
        """Whether only errors are told."""
        return self._options.quiet

    def say_all(self, lines: Iterable[str]) -> None:
        """Print *lines*, which are safe."""
        for line in lines:
            self.screen.say(line)

    def warn(self, warnings: Iterable[str]) -> None:
        """Print each of *warnings*."""
        for warning in warnings:
            self.say(f"Warning: {warning}")

    def error(self, error: JobEventsError) -> None:
        """Print *error*, which ends following of one job, not the run."""
        from jobevents_cli.output.notices import error_lines

        self.say_all(error_lines(error))

    def header_for(self, job: Job, ref: JobRef) -> None:
        """Print which job is followed, by its own document."""
        if self._options.header:
            from jobevents_cli.render.header import job_header

            self.say(job_header(job, ref, symbols=self._symbols))

    def header_of(self, refs: Iterable[JobRef]) -> None:
        """Print which jobs are followed; all, if *refs* is empty."""
        if self._options.header:
            from jobevents_cli.render.header import jobs_header

            self.say(jobs_header(list(refs), width_of(sys.stderr)))

    def add(self, ref: JobRef, progress: Progress) -> None:
        """Show the job *ref* in the footer."""
        self._jobs[ref] = progress

    def remove(self, ref: JobRef) -> None:
        """Remove *ref* from the footer. If it was the last job without contact, contact is back."""
        self._jobs.pop(ref, None)
        self._outages.forget(ref)

    def note(self, source: Hashable, label: str, notices: Iterable[Notice]) -> None:
        """Print *notices* about *source*, whose name is *label*. An outage of several jobs is one outage."""
        if not self._options.quiet:
            self._outages.note(source, label if self._options.names_jobs else "", notices)

    def summarize(
        self,
        ref: JobRef,
        outcome: Outcome,
        progress: Progress,
        *,
        children: Sequence[tuple[JobRef, Outcome, Progress | None]] = (),
    ) -> None:
        """Print how *ref* ended and which nodes failed.

        *children*: the jobs of a plan that ended badly, with what is known of each.
        """
        options = self._options
        if not options.summary:
            return
        from jobevents_cli.render.summary import failure_lines, outcome_lines

        columns = self._columns
        lines = outcome_lines(ref, outcome, progress, symbols=self._symbols, columns=columns)
        names_nodes = not (options.failures_are_printed or options.groups_causes)
        for job, how, its in ((ref, outcome, progress), *children):
            indent = "" if job == ref else "  "
            room = columns and columns - len(indent)
            of_job = [] if job == ref else outcome_lines(job, how, its, symbols=self._symbols, columns=room)
            if names_nodes and its:
                of_job += failure_lines(its, symbols=self._symbols, rest=options.failures(job), columns=room)
            lines += [[(indent, ""), *line] for line in of_job]
        self._say_painted(lines)
        has_failed = outcome is Outcome.FAILED if ref.kind is Kind.PLAN else progress.failed_nodes > 0
        if options.why and self._why_left and (has_failed or children):
            self._why_left -= 1
            self.say(f"Why: {options.why(ref)}")

    def summarize_so_far(self, ref: JobRef, jobs: Sequence[Progress]) -> None:
        """Print how far *ref* is, which is followed no longer; *jobs* are itself, or the jobs of a plan."""
        if self._options.summary:
            from jobevents_cli.render.summary import running_lines

            now, columns = self._server_time(), self._columns
            self._say_painted(running_lines(ref.label, jobs, now, symbols=self._symbols, columns=columns))

    def give_life_sign(self, ref: JobRef | None) -> None:
        """If nothing was printed since the last call, say how far the jobs are; *ref* is the only one, if it is."""
        if self._options.life_signs and not self.screen.has_written:
            from jobevents_cli.render.summary import life_sign

            self.say(f"jobevents: {life_sign(ref, list(self._jobs.values()), self._server_time())}")
        self.screen.has_written = False

    def _footer(self, columns: int) -> list[str]:
        from jobevents_cli.render.footer import footer
        from jobevents_cli.render.theme import drawn

        text = footer(
            list(self._jobs.values()),
            now=self._server_time(),
            columns=columns,
            symbols=self._symbols,
            waits_for_jobs=self._options.waits_for_jobs,
        )
        return drawn(text, self._console).splitlines() if text else []

    @property
    def _columns(self) -> int | None:
        """The width of standard error, if it is a terminal."""
        return width_of(sys.stderr) if is_terminal(sys.stderr) else None

    @cached_property
    def _symbols(self) -> bool:
        return shows_symbols(sys.stderr)

    @cached_property
    def _console(self) -> "Console":
        return console_for(self._options.color, sys.stderr)

    @cached_property
    def _paint(self) -> "Paint":
        return paint_for(self._options.color, sys.stderr)

    def _say_painted(self, lines: "Iterable[Sequence[Span]]") -> None:
        from jobevents_cli.render.styles import painted

        self.say_all(painted(line, self._paint) for line in lines)
