"""Follows jobs in worker threads, and has what they bring printed by the main thread.

The workers do the waiting: a slow look-up, connection or response never keeps the main thread from noticing a signal,
the end of `--timeout` or that the reader of standard output has gone; and one job never holds up another.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from jobevents_cli.errors import JobEventsError, OutputFailed, TimedOut
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.following.update import Update, Wait
from jobevents_cli.model.durations import format_duration
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Ending
from jobevents_cli.output.command_lines import GivenOptions, resume_hint
from jobevents_cli.output.event_printer import EventPrinter
from jobevents_cli.output.notices import tell_error
from jobevents_cli.output.rendering import Rendered
from jobevents_cli.output.reporter import Reporter
from jobevents_cli.runtime.explanations import Explained, Explanations
from jobevents_cli.runtime.followed_job import FollowedJob
from jobevents_cli.runtime.loop import Orchestrator, tail
from jobevents_cli.runtime.new_jobs import Found
from jobevents_cli.runtime.workers import TICK, Ended, Workers

_SEARCH: Final = "the search for new jobs"

_WORST_LAST: Final = (
    ExitStatus.DONE,
    ExitStatus.NODES_FAILED,
    ExitStatus.STOPPED,
    ExitStatus.USAGE,
    ExitStatus.REFUSED,
    ExitStatus.DENIED,
    ExitStatus.NO_ANSWER,
)

_RESUMABLE: Final = frozenset(
    {
        ExitStatus.DENIED,
        ExitStatus.NO_ANSWER,
        ExitStatus.TIMED_OUT,
        ExitStatus.HUNG_UP,
        ExitStatus.INTERRUPTED,
        ExitStatus.TERMINATED,
    }
)
"""The ends after which following can be resumed later."""

_FAIL_FAST: Final = ("node_failed", "node_errored")


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """The options of `tail` that concern all jobs together."""

    given: GivenOptions | None = None
    """What a proposed command repeats; None if resuming is not proposed."""
    timeout: float | None = None
    """Seconds after which following stops."""
    fail_fast: bool = False
    """Stop when the first node failed or errored."""
    has_header: bool = True


class Coordinator:
    """The jobs that are followed now, and how those that ended did."""

    def __init__(
        self,
        orchestrator: Orchestrator,
        printer: EventPrinter,
        reporter: Reporter,
        options: WatchOptions,
        *,
        explain: Callable[[JobRef], list[str]] | None = None,
        seen: Callable[[list[Job]], None] | None = None,
    ) -> None:
        """Follow jobs of *orchestrator*.

        *explain* finds the causes of a failed job, as lines to print. *seen* is called with each job's own document,
        once.
        """
        self._orchestrator = orchestrator
        self._printer = printer
        self._reporter = reporter
        self._options = options
        self._seen = seen
        self._workers = Workers[Rendered | Update | Found | Explained]()
        self._explanations = Explanations(explain, self._workers)
        self._following: dict[JobRef, FollowedJob] = {}
        self._postponed: list[tuple[FollowedJob, Ending | JobEventsError | None]] = []
        """The ends of jobs whose first page is still held."""
        self._search_is_on = False
        self._is_first_search = True
        self._is_only_job = False
        self._deadline: float | None = None
        self._status = ExitStatus.DONE
        self.all_over = True
        """Whether every job that was followed has ended."""

    def add(self, jobs: Iterable[FollowedJob], *, together: bool = True) -> None:
        """Follow *jobs*; *together*: the events that exist now are printed by time."""
        new = [job for job in jobs if job.ref not in self._following]
        self._following.update((job.ref, job) for job in new)
        if together and (len(new) > 1 or any(job.printed.last is not None for job in new)):
            self._printer.gather(job.printed for job in new)
        for job in new:
            self._reporter.add(job.ref, job.follower.progress)
            self._workers.start(job.ref, self._updates(job))

    def find(self, searches: Iterable[Found | Wait]) -> None:
        """Follow what *searches* find, too."""
        self._search_is_on = True
        self._workers.start(_SEARCH, iter(searches))

    def _updates(self, job: FollowedJob) -> Iterator[Rendered | Update | Wait]:
        """What following *job* brings, rendered if that can be done here; runs in worker threads."""
        renderer = self._printer.renderer
        for step in tail(
            self._orchestrator, job.follower, clock=time.monotonic, with_cursor=job.printed.save is not None
        ):
            yield step if isinstance(step, Wait) or renderer.is_for_main_thread else renderer.render(step)

    def run(self) -> ExitStatus:
        """Print what comes until every job has ended; the worst of their statuses.

        Raises TimedOut at the end of `--timeout`, and what ended the following of the only job. If jobs are left
        unfinished, the error says how to resume.
        """
        self._is_only_job = len(self._following) == 1 and not self._search_is_on
        if self._options.timeout is not None:
            self._deadline = time.monotonic() + self._options.timeout
            self._printer.screen.output.while_blocked = self._look_at_clock
        if not self._is_only_job:
            self._reporter.header_of(self._following)
        try:
            while self._following or self._search_is_on or self._explanations.are_awaited:
                left = TICK if self._deadline is None else min(TICK, max(0.0, self._deadline - time.monotonic()))
                if self._take(self._workers.next(left)):
                    return ExitStatus.NODES_FAILED
                self._do_postponed()
                self._reporter.say_all(self._explanations.overdue(time.monotonic()))
                if self._following or self._search_is_on:
                    self._look_at_clock()
        except JobEventsError as error:
            self._leave(error)
            raise
        finally:
            self._printer.screen.clear()
        return self._status

    def _look_at_clock(self) -> None:
        """Raise TimedOut once `--timeout` is over."""
        if self._deadline is not None and time.monotonic() >= self._deadline:
            count = len(self._following)
            jobs = min(self._following).label if self._is_only_job and count else f"{count} job{'s' * (count != 1)}"
            raise TimedOut(f"{jobs} had not ended after {format_duration(self._options.timeout or 0)} (--timeout)")

    def _leave(self, error: JobEventsError) -> None:
        """Fix the positions of all jobs, now that *error* ends the run, and say how to resume."""
        if error.status in (ExitStatus.NO_ANSWER, ExitStatus.DENIED) and not isinstance(error, OutputFailed):
            with suppress(JobEventsError):
                self._printer.release_all()
        self._printer.stop([job.printed for job in self._following.values()])
        if error.status in _RESUMABLE:
            error.go_on = "\n".join(self._hints()) or None

    def _hints(self) -> list[str]:
        """How to resume what is not finished, a line for each command."""
        given = self._options.given
        if given is None:
            return []
        jobs = self._following.values()
        if not given.all_jobs:
            return [resume_hint(job.when_last_checked, given.resume_job(job.printed)) for job in jobs]
        running = sum(job.follower.had_contact and not job.is_over for job in jobs)
        were = "1 job was" if running == 1 else f"{running} jobs were"
        return [resume_hint(f"{were} running when last checked" if running else "", given.resume_all())]

    def _take(self, arrived: Rendered | Update | Found | Explained | Ended | None) -> bool:
        """Deal with what *arrived*; True if that ends the run."""
        match arrived:
            case None:
                self._printer.tick()
            case Found():
                self._reporter.note(_SEARCH, "", arrived.notices)
                self.add(arrived.jobs, together=self._is_first_search)
                self._is_first_search = self._is_first_search and not arrived.jobs
                for refused in arrived.refused:
                    self._end(refused)
            case Explained():
                self._reporter.say_all(self._explanations.take(arrived))
            case Ended():
                self._end(arrived)
            case Update():
                if arrived.ref in self._following:
                    return self._print(self._printer.render(arrived))
            case Rendered():
                if arrived.update.ref in self._following:
                    return self._print(arrived)
        return False

    def _print(self, rendered: Rendered) -> bool:
        """Print *rendered*; True if `--fail-fast` ends the run with it."""
        update = rendered.update
        job = self._following[update.ref]
        if update.job and not job.was_seen:
            self._see(job, update.job)
        failed = self._first_failure(update) if self._options.fail_fast else None
        count = None if failed is None else failed + 1
        self._reporter.warn(self._printer.take(job.printed, rendered, count))
        self._reporter.note(update.ref, update.ref.label, update.notices)
        if failed is not None:
            event = update.events[failed]
            self._printer.release_all()
            self._printer.stop([])
            what = event.type.removeprefix("node_")
            self._reporter.say(f"jobevents: {event.node} {what}, so following ends here (--fail-fast)")
            for hint in self._hints():
                self._reporter.say(hint)
            return True
        if update.ending:
            self._postponed.append((job, update.ending))
        return False

    def _do_postponed(self) -> None:
        """Conclude the jobs whose last line can be printed now: all that comes before it is."""
        waiting = []
        for job, end in self._postponed:
            if job.printed.held is not None:
                waiting.append((job, end))
            elif isinstance(end, Ending):
                self._conclude(job, end)
            else:
                self._leave_job(job, end)
        self._postponed = waiting

    def _see(self, job: FollowedJob, document: Job) -> None:
        """Note that the *document* of *job* was read for the first time."""
        job.was_seen = True
        if self._seen:
            self._seen([document])
        if self._is_only_job and self._options.has_header and not job.printed.has_begun:
            self._reporter.header_for(document, job.ref)

    def _first_failure(self, update: Update) -> int | None:
        return next((index for index, event in enumerate(update.events) if event.type in _FAIL_FAST), None)

    def _conclude(self, job: FollowedJob, ending: Ending) -> None:
        """Say how *job* ended."""
        is_said = any(event is ending.event for event, _ in job.printed.ends)
        self._reporter.warn(self._printer.end(job.printed, ending))
        self._reporter.remove(job.ref)
        if ending.outcome is None:
            self.all_over = False
            return
        self._note(ending.outcome.status)
        self._reporter.summarize(job.ref, ending.outcome, job.follower.progress, is_said=is_said)
        self._explanations.start(job.ref, time.monotonic())

    def _end(self, ended: Ended) -> None:
        """Follow no more what has *ended*."""
        if ended.name == _SEARCH:
            self._search_is_on = False
            if ended.error:
                raise ended.error
            return
        if not isinstance(ended.name, JobRef):
            self._reporter.say_all(self._explanations.failed(ended))
            return
        error = ended.error if isinstance(ended.error, JobEventsError) else None
        if ended.error and (error is None or self._is_only_job):
            raise ended.error
        if job := self._following.get(ended.name):
            self._printer.forget(job.printed)
            self._postponed.append((job, error))
        elif error:
            self._give_up(ended.name, None, error)

    def _leave_job(self, job: FollowedJob, error: JobEventsError | None) -> None:
        """Follow *job* no more: it has ended, or is given up because of *error*."""
        del self._following[job.ref]
        if error:
            self._give_up(job.ref, job, error)
        # A job given up for a while, as in an outage, is still open for the next run.
        if job.has_ended and not (error and error.status in _RESUMABLE):
            self._reporter.warn(filter(None, [job.has_ended(job.ref)]))
        if job.keeper:
            job.keeper.close()

    def _give_up(self, ref: JobRef, job: FollowedJob | None, error: JobEventsError) -> None:
        """Say that *ref*, one of several, is followed no more because of *error*; the others are."""
        given = self._options.given
        if job and given and error.status in _RESUMABLE:
            error.go_on = resume_hint(job.when_last_checked, given.resume_job(job.printed))
        self._printer.screen.clear()
        tell_error(error)
        self._reporter.remove(ref)
        self._note(error.status)

    def _note(self, status: ExitStatus) -> None:
        self._status = max(self._status, status, key=_WORST_LAST.index)
