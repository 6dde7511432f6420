"""Follows jobs in worker threads; the main thread prints what they bring.

The workers do the waiting: a slow look-up, connection or response never keeps the main thread from noticing a signal,
the end of `--timeout` or that the reader of standard output has gone; and one job never holds up another.
Longer than other modules because everything that concerns more than one job meets here.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from jobevents_cli.errors import JobEventsError, OutputFailed, TimedOut, interruption_behind
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.following.update import Update, Wait
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.outcome import Ending, Outcome
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.event_printer import EventPrinter
from jobevents_cli.output.rendering import MessageSource, Rendered
from jobevents_cli.output.reporter import Reporter
from jobevents_cli.runtime.explanations import Explained, Explanations
from jobevents_cli.runtime.followed_job import FollowedJob
from jobevents_cli.runtime.loop import Orchestrator, tail
from jobevents_cli.runtime.new_jobs import FoundJobs
from jobevents_cli.runtime.resume_hints import RESUMABLE, can_be_resumed, resume_hints
from jobevents_cli.runtime.workers import TICK, Ended, Workers

if TYPE_CHECKING:
    from jobevents_cli.output.command_lines import GivenOptions
    from jobevents_cli.runtime.plan_jobs import PlanJobs

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

_MOST_DOCUMENTS: Final = 50
"""Documents that are kept at most until they are passed on: some name thousands of nodes."""

_FAIL_FAST: Final = ("node_failed", "node_errored")


class CoordinatorOptions(NamedTuple):
    """The options of `tail` that concern all jobs together."""

    given: "GivenOptions | None" = None
    """The options that a proposed command repeats; None if resuming is not proposed."""
    timeout: float | None = None
    """Seconds after which following stops."""
    fail_fast: bool = False
    """Stop when the first node failed or errored."""


class TailSource(Orchestrator, MessageSource, Protocol):
    """What following jobs and plans needs of a client."""


class JobStarter(Protocol):
    """Makes the record of a job that a plan started."""

    def follow_child(self, plan_jobs: "PlanJobs", ref: JobRef, *, is_new: bool) -> FollowedJob:
        """The record of *ref*, one of *plan_jobs*. *is_new*: it started while someone followed."""


class Coordinator:
    """The jobs that are followed now, and how the others ended.

    It is larger than other classes because everything that concerns more than one job meets here: what arrives, the
    order of ends, the exit status, the ways in which a run can end early.
    """

    def __init__(
        self,
        orchestrator: TailSource,
        printer: EventPrinter,
        reporter: Reporter,
        options: CoordinatorOptions,
        *,
        starter: JobStarter | None = None,
        explain: Callable[[JobRef], list[str]] | None = None,
        seen: Callable[[list[Job]], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Follow jobs of *orchestrator*. The time of `--timeout` begins now: searching for a job counts, too.

        *starter* makes the records of a plan's jobs. *explain* finds the causes of a failed job, as lines to print.
        *seen* is called with the jobs' own documents, when their states have changed. *clock* gives seconds that never
        go back.
        """
        self._clock = clock
        self._starter = starter
        self._orchestrator = orchestrator
        self._printer = printer
        self._reporter = reporter
        self._options = options
        self._seen = seen
        self._documents: list[Job] = []
        """The jobs' own documents with which `seen` is still to be called."""
        self._workers = Workers[Rendered | FoundJobs | Explained]()
        self._explanations = Explanations(explain, self._workers)
        self._following: dict[JobRef, FollowedJob] = {}
        self._ended: dict[JobRef, Outcome | None] = {}
        """How jobs ended: a plan may name one that the user named, too."""
        self._postponed: list[tuple[FollowedJob, Ending | JobEventsError | None]] = []
        """The ends of jobs whose first page is still held, and of plans whose jobs have not ended."""
        self._is_running = False
        self._to_begin: list[list[FollowedJob]] = []
        """What was added before the run."""
        self._search_is_on = False
        self._only: JobRef | None = None
        """The only job or plan that the user named: its error ends the run."""
        self._failed_jobs: list[tuple[JobRef, Outcome, Progress | None]] = []
        """The jobs that ended badly: a plan's summary names those that are its own."""
        self._deadline = None if options.timeout is None else self._clock() + options.timeout
        self._status = ExitStatus.DONE

    def add(self, jobs: Iterable[FollowedJob]) -> None:
        """Follow *jobs*, and those that a resumed plan has started already."""
        new = []
        for job in jobs:
            if job.ref not in self._following:
                self._following[job.ref] = job
                new.append(job)
                if job.children:
                    resumed = [JobRef.job(number) for number in sorted(job.children.open)]
                    new += self._children(job.children, resumed, is_new=False)
        self._begin(new)

    def _join(self, plan: FollowedJob, update: Update) -> None:
        """Follow the jobs that *update* of *plan* names for the first time."""
        if plan.children:
            is_new = plan.printed.held is None
            refs = list(plan.children.joining(update))
            self._begin(self._children(plan.children, refs, is_new=is_new), is_new=is_new)

    def _children(self, plan_jobs: "PlanJobs", refs: Iterable[JobRef], *, is_new: bool) -> list[FollowedJob]:
        """The records of those jobs of a plan that are not followed yet. The others are the plan's jobs, too."""
        new = []
        for ref in refs:
            if ref in self._ended:
                plan_jobs.ended[ref.number] = self._ended[ref]
                plan_jobs.leave(ref.number, is_done=True)
            elif ref not in self._following:
                new.append(ref)
        jobs = [self._starter.follow_child(plan_jobs, ref, is_new=is_new) for ref in new] if self._starter else []
        self._following.update((job.ref, job) for job in jobs)
        return jobs

    def _begin(self, jobs: list[FollowedJob], *, is_new: bool = False) -> None:
        """Begin to follow *jobs*, or once `run` does: from then on, whatever ends the run says how to resume.

        *is_new*: they are a plan's, and started while someone followed.
        """
        if not self._is_running:
            self._to_begin.append(jobs)
            return
        self._printer.renderer.know_jobs(job.ref for job in jobs)
        if not is_new:
            self._printer.gather(job.printed for job in jobs if job.siblings)
        for job in jobs:
            if job.printed.last is not None and not job.siblings:
                self._printer.hold(job.printed)
            if not job.children:
                self._reporter.add(job.ref, job.follower.progress)
            self._workers.start(job.ref, self._updates(job))

    def find(self, searches: Iterable[FoundJobs | Wait]) -> None:
        """Follow what *searches* find, too."""
        self._search_is_on = True
        self._workers.start(_SEARCH, iter(searches))

    def _updates(self, job: FollowedJob) -> Iterator[Rendered | Wait]:
        """The updates of *job*, rendered; runs in worker threads."""
        steps = tail(
            self._orchestrator,
            job.follower,
            clock=self._clock,
            with_cursor=job.printed.save is not None,
        )
        for step in steps:
            if isinstance(step, Wait):
                yield step
            else:
                # No variable keeps the rendered update, so its events are freed before the next step.
                yield self._rendered(step)
            job.note_running_jobs(self._clock())

    def _rendered(self, update: Update) -> Rendered:
        """The *update* with its lines."""
        renderer = self._printer.renderer
        return renderer.render(renderer.with_whole_messages(update, self._orchestrator))

    def run(self) -> ExitStatus:
        """Print what comes until every job has ended; return the worst of their statuses.

        Raises TimedOut when `--timeout` expires, and the error of the only job. If jobs are unfinished, the error says
        how to resume.
        """
        try:
            self._begin_all()
            while self._following or self._search_is_on or self._explanations.are_awaited:
                left = TICK if self._deadline is None or self._is_late else self._deadline - self._clock()
                arrived = self._workers.next(min(TICK, max(0.0, left)))
                if not isinstance(arrived, Rendered):
                    self._reporter.warn(self._printer.flush())
                if self._handle(arrived):
                    return ExitStatus.NODES_FAILED
                # Several together: each call rewrites the cache file, and all jobs wait for that.
                if len(self._documents) >= _MOST_DOCUMENTS or not self._workers.has_next:
                    self._pass_on_documents()
                self._print_due_ends()
                self._reporter.say_all(self._explanations.overdue(self._clock()))
                # A job whose end was seen is only looked at once more for late events: its outcome is known soon.
                if self._is_late and (self._unfinished or self._search_is_on):
                    self._check_timeout()
        except Exception as raised:
            error = interruption_behind(raised) or raised
            if not isinstance(error, JobEventsError):
                raise
            self._prepare_exit(error)
            raise error from None
        finally:
            self._printer.screen.clear()
            self._pass_on_documents()
        return self._status

    def _begin_all(self) -> None:
        """Begin with what was added before the run."""
        named = [ref for ref, job in self._following.items() if not job.parent]
        self._only = named[0] if len(named) == 1 and not self._search_is_on else None
        if self._deadline is not None:
            self._printer.screen.output.while_blocked = self._check_timeout
        if self._only is None:
            self._reporter.header_of(named)
        self._is_running = True
        for jobs in self._to_begin:
            self._begin(jobs)

    def _check_timeout(self) -> None:
        """Raise TimedOut once `--timeout` is over."""
        if self._is_late:
            from jobevents_cli.model.durations import MINUTE, format_duration

            timeout = self._options.timeout or 0.0
            after = f"after {f'{timeout:g}s' if timeout < MINUTE else format_duration(timeout)} (--timeout)"
            count = self._unfinished
            if not count and not self._search_is_on:
                raise TimedOut(f"not all was printed {after}")
            if not count:
                raise TimedOut(f"no job was running {after}")
            is_only_one = self._only in self._following and not self._following[self._only].is_over
            jobs = self._only.label if self._only and is_only_one else f"{count} job{'s' * (count != 1)}"
            raise TimedOut(f"{jobs} had not ended {after}")

    @property
    def _is_late(self) -> bool:
        """Whether `--timeout` is over."""
        return self._deadline is not None and self._clock() >= self._deadline

    @property
    def _unfinished(self) -> int:
        """How many of the jobs that are followed have not ended, as far as is known."""
        return sum(not job.is_over for job in self._following.values())

    def _prepare_exit(self, error: JobEventsError) -> None:
        """Make the positions of all jobs final, because *error* ends the run, and add to it how to resume."""
        if error.status in (ExitStatus.NO_ANSWER, ExitStatus.DENIED) and not isinstance(error, OutputFailed):
            with suppress(JobEventsError):
                self._printer.release_all(job.printed for job in self._following.values())
        self._printer.stop()
        if can_be_resumed(error, self._following.values()):
            error.resume_hint = "\n".join(self._hints) or None
        if isinstance(error, TimedOut):
            self._explain_so_far()

    def _explain_so_far(self) -> None:
        """With `--why`, print what went wrong until now in the jobs that are not finished."""
        failed = [job for job in self._following.values() if job.follower.progress.failed_nodes]
        for ref in dict.fromkeys(job.parent.plan if job.parent else job.ref for job in failed):
            self._explanations.start(ref, self._clock())
        while self._explanations.are_awaited:
            arrived = self._workers.next()
            if isinstance(arrived, Explained):
                self._reporter.say_all(self._explanations.take(arrived))
            elif isinstance(arrived, Ended):
                self._reporter.say_all(self._explanations.failed(arrived))
            self._reporter.say_all(self._explanations.overdue(self._clock()))

    @property
    def _hints(self) -> list[str]:
        """How to resume what is not finished, a line for each command."""
        return resume_hints(self._options.given, [job for job in self._following.values() if not job.parent])

    def _handle(self, arrived: Rendered | FoundJobs | Explained | Ended | None) -> bool:
        """Handle what *arrived*; True if that ends the run."""
        match arrived:
            case None:
                self._printer.tick()
            case FoundJobs():
                self._reporter.note(_SEARCH, "", arrived.notices)
                self._reporter.warn(filter(None, [arrived.save and arrived.save()]))
                self.add(arrived.jobs)
                for refused in arrived.refused:
                    self._work_ended(refused)
            case Explained():
                self._reporter.say_all(self._explanations.take(arrived))
            case Ended():
                self._work_ended(arrived)
            case Rendered():
                if arrived.update.ref in self._following:
                    return self._print(arrived)
        return False

    def _print(self, rendered: Rendered) -> bool:
        """Print *rendered*; True if `--fail-fast` ends the run with it."""
        update = rendered.update
        job = self._following[update.ref]
        if update.job:
            self._note_document(job, update.job)
        self._join(job, update)
        failed = self._first_failure(update) if self._options.fail_fast else None
        count = None if failed is None else failed + 1
        more_is_here = self._workers.has_next and not update.notices and failed is None
        self._reporter.warn(self._printer.take(job.printed, rendered, count, more_is_here=more_is_here))
        self._reporter.note(update.ref, update.ref.label, update.notices)
        if failed is not None:
            event = update.events[failed]
            self._printer.release_all(job.printed for job in self._following.values())
            self._printer.stop()
            what = event.type.removeprefix("node_")
            self._reporter.say(f"jobevents: {event.node} {what}, so following ends here (--fail-fast)")
            self._explain_so_far()
            for hint in self._hints:
                self._reporter.say(hint)
            return True
        if update.ending:
            self._postponed.append((job, update.ending))
        return False

    def _print_due_ends(self) -> None:
        """Conclude the jobs of which everything is printed. A plan ends after its jobs."""
        waiting = []
        for job, end in self._postponed:
            has_open_jobs = job.children and job.children.open
            if job.printed.held is not None or has_open_jobs:
                waiting.append((job, end))
            elif isinstance(end, Ending):
                self._print_job_end(job, end)
            else:
                self._remove_job(job, end)
        self._postponed = waiting

    def _note_document(self, job: FollowedJob, document: Job) -> None:
        """Note that the *document* of *job* was read, with another state than before."""
        self._documents.append(document)
        is_first, job.was_seen = not job.was_seen, True
        if is_first and job.ref == self._only and not job.printed.has_begun:
            self._reporter.header_for(document, job.ref)

    def _pass_on_documents(self) -> None:
        """Call `seen` with the documents that came since the last call."""
        documents, self._documents = self._documents, []
        if self._seen and documents:
            self._seen(documents)

    def _first_failure(self, update: Update) -> int | None:
        return next((index for index, event in enumerate(update.events) if event.type in _FAIL_FAST), None)

    def _print_job_end(self, job: FollowedJob, ending: Ending) -> None:
        """Report how *job* ended, after all its lines."""
        self._reporter.warn(self._printer.flush())
        outcome, progress = ending.outcome, job.follower.progress
        for plan_jobs in self._plans_of(job):
            plan_jobs.ended[job.ref.number] = outcome
        if not self._search_is_on:  # else they would take memory without end
            self._ended[job.ref] = outcome
            if outcome is not None and outcome.is_bad and job.ref.kind is Kind.JOB:
                self._failed_jobs.append((job.ref, outcome, progress))
        if job.parent:
            return
        self._reporter.remove(job.ref)
        if outcome is None:
            return
        self._note(outcome.status)
        self._reporter.summarize(job.ref, outcome, progress, children=self._failed_of(job))
        self._explanations.start(job.ref, self._clock())

    def _failed_of(self, job: FollowedJob) -> list[tuple[JobRef, Outcome, Progress | None]]:
        """The jobs of a plan that ended badly, in this run or an earlier one."""
        if not job.children:
            return []
        failed = {ref.number: (ref, outcome, progress) for ref, outcome, progress in self._failed_jobs}
        return [
            failed.get(number, (JobRef.job(number), outcome, None))
            for number, outcome in sorted(job.children.ended.items())
            if outcome is not None and outcome.is_bad
        ]

    def _work_ended(self, ended: Ended) -> None:
        """Stop following what has *ended*."""
        if ended.name == _SEARCH:
            self._search_is_on = False
            if ended.error:
                raise ended.error
            return
        if not isinstance(ended.name, JobRef):
            self._reporter.say_all(self._explanations.failed(ended))
            return
        error = ended.error if isinstance(ended.error, JobEventsError) else None
        if ended.error and (error is None or self._only == ended.name):
            raise ended.error
        if job := self._following.get(ended.name):
            self._printer.forget(job.printed)
            self._postponed.append((job, error))
        elif error:
            self._report_job_error(ended.name, None, error)

    def _remove_job(self, job: FollowedJob, error: JobEventsError | None) -> None:
        """Stop following *job*: it has ended, or *error* makes following it impossible."""
        del self._following[job.ref]
        # A job given up for a while, as in an outage, is still open for the next run.
        is_done = not (error and error.status in RESUMABLE)
        for plan_jobs in self._plans_of(job):
            plan_jobs.leave(job.ref.number, is_done=is_done)
        if error:
            self._report_job_error(job.ref, job, error)
        if job.siblings:
            self._reporter.warn(filter(None, [job.siblings.commit()]))
        if job.has_ended and is_done:
            self._reporter.warn(filter(None, [job.has_ended(job.ref)]))
        if job.close:
            job.close()

    def _plans_of(self, job: FollowedJob) -> "list[PlanJobs]":
        """The jobs of each plan that waits for *job*: it may be one that the user named, too."""
        if job.ref.kind is not Kind.JOB:
            return []
        plans = [other.children for other in self._following.values() if other.children]
        return [plan_jobs for plan_jobs in plans if job.ref.number in plan_jobs.open]

    def _report_job_error(self, ref: JobRef, job: FollowedJob | None, error: JobEventsError) -> None:
        """Report that *ref* is no longer followed because of *error*; the other jobs are."""
        from jobevents_cli.output.command_lines import resume_hint
        from jobevents_cli.output.notices import print_error

        given = self._options.given
        is_child = job is not None and job.parent is not None
        if job and given and not is_child and can_be_resumed(error, [job]):
            error.resume_hint = resume_hint(job.when_last_checked, given.resume_job(job.printed))
        self._printer.screen.clear()
        print_error(error)
        self._reporter.remove(ref)
        if not is_child:  # only the plan decides the exit status
            self._note(error.status)

    def _note(self, status: ExitStatus) -> None:
        self._status = max(self._status, status, key=_WORST_LAST.index)
