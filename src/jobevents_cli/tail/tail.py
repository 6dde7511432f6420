"""Follow jobs, print what comes, and say how they ended.

Everything here runs in the main thread: the loop brings a result, what is new in it is printed, and only then the next
request of that job is made.
"""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.errors import Interrupted, JobEventsError, OutputFailed, TimedOut
from jobevents_cli.exit_status import ExitStatus, worst
from jobevents_cli.following.follower import Follower
from jobevents_cli.model.durations import MINUTE, format_duration
from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.lines import EventLines
from jobevents_cli.runtime.followed_job import Key, News
from jobevents_cli.runtime.loop import Loop, Result
from jobevents_cli.tail.all_jobs import AllJobs
from jobevents_cli.tail.causes import Causes, Explain
from jobevents_cli.tail.hints import GivenOptions, can_be_resumed, resume_hint, resume_hints
from jobevents_cli.tail.page_printer import FailedFast, PagePrinter
from jobevents_cli.tail.plan import Entry, FirstPages, PlanJobs, last_of, runs
from jobevents_cli.tail.report import Report
from jobevents_cli.tail.resume import Resume
from jobevents_cli.tail.tailed_job import TailedJob
from jobevents_cli.tail.whole_messages import is_cut, whole_messages

_TICK_EVERY: Final = 0.25
"""Seconds between two looks at the reader of standard output and at the footer."""

_FIRST_PAGES_FOR: Final = 10.0
"""Seconds for which the first pages of a plan and its jobs are waited for, to print them by time."""

_TICK: Final = Key("tick")

_LIFE_SIGN_EVERY: Final = 60.0
"""Seconds without a line after which, in a log, a line says that following goes on."""

_LIFE_SIGN: Final = Key("life sign")
_MOST_SUMMARIES: Final = 10
"""Of so many jobs, at most, it is said how far they are when following ends early."""


class TailOptions(NamedTuple):
    """How jobs are followed and printed. Times are seconds."""

    given: GivenOptions | None = None
    """The options that a proposed command repeats; None if resuming is not proposed."""
    start: int | None = None
    last: int | None = None
    """How many of the existing events are printed; None: all."""
    interval: float = 1.0
    retry_for: float = 300.0
    wait_for: float = 0.0
    timeout: float | None = None
    """What `--timeout` said: the loop has the deadline."""
    once: bool = False
    """Print the events that exist, and end: `list`."""
    with_jobs: bool = False
    """Follow the jobs of a plan, too."""
    job_first: bool = False
    """Request a job itself before its events."""
    fail_fast: bool = False
    """Stop when the first node failed or errored."""
    counts: bool = True
    """Count events, so that it is known how long each node took."""


class Tail:
    """The jobs that are followed now, and how the others ended."""

    def __init__(
        self,
        loop: Loop,
        client: Orchestrator,
        lines: EventLines,
        report: Report,
        options: TailOptions,
        *,
        resume: Resume | None = None,
        explain: Explain | None = None,
        seen: Callable[[list[Job]], None] | None = None,
        search: AllJobs | None = None,
    ) -> None:
        """Print what *lines* makes of the events, and *report* on standard error.

        *resume* keeps positions for `--resume`. *explain* finds causes for `--why`. *seen* is called with the jobs'
        own documents. *search* finds more jobs to follow.
        """
        self._loop = loop
        self._client = client
        self._lines = lines
        self._screen = report.screen
        self._report = report
        self._options = options
        self._resume = resume
        self._causes = Causes(loop, report, explain)
        self._printer = PagePrinter(
            loop,
            lines,
            report,
            resume=resume,
            fail_fast=options.fail_fast,
            keeps_positions=not options.once,  # `list` never continues
        )
        self._seen = seen
        self._documents: list[Job] = []
        self._following: dict[JobRef, TailedJob] = {}
        self._ended: dict[JobRef, tuple[Outcome | None, Progress]] = {}
        """How jobs ended: a plan may name one that the user named, too, and its summary names those that failed."""
        self._first_pages: FirstPages | None = None
        self._search = search
        self._only: JobRef | None = None
        """The only job or plan that the user named: its error ends the run."""
        self._status = ExitStatus.DONE

    def run(self, refs: Sequence[JobRef]) -> ExitStatus:
        """Follow *refs*, and what the search finds, to their ends. Returns the worst of their exit statuses.

        Raises the error of the only job, TimedOut and Interrupted; if jobs are unfinished, the error says how to
        resume.
        """
        self._only = refs[0] if len(refs) == 1 and not self._search else None
        if self._only is None:
            self._report.header_of(refs)
        self._lines.know(refs)
        self._loop.timer(_TICK, self._loop.clock())
        self._loop.timer(_LIFE_SIGN, self._loop.clock() + _LIFE_SIGN_EVERY)
        try:
            self._follow(refs)
            if self._search:
                self._follow(self._search.unfinished)
                self._search.start(self._loop)
            while self._following or self._causes.are_awaited or self._search:
                self._handle(self._next())
        except FailedFast as failed:
            self._stop_at_failure(failed.event)
            return ExitStatus.NODES_FAILED
        except JobEventsError as error:
            self._prepare_exit(error)
            raise
        finally:
            self._screen.clear()
            self._pass_on_documents()
        if self._lines.hidden:
            self._report.say(self._lines.hidden)
        return self._status

    # What the loop brings.

    def _next(self) -> Result:
        """The next result. A job whose end was seen is only looked at once more: then `--timeout` does not count."""
        try:
            return next(self._loop)
        except TimedOut:
            if self._search or any(not job.follower.has_ended for job in self._following.values()):
                raise
            self._loop.deadline = math.inf
            return next(self._loop)

    def _handle(self, result: Result) -> None:
        key: Key = result.key
        ref = key.ref
        match key.task:
            case "tick":
                self._tick()
            case "life sign":
                self._loop.timer(_LIFE_SIGN, self._loop.clock() + _LIFE_SIGN_EVERY)
                self._report.give_life_sign(self._only)
            case "follow":
                self._handle_response(self._following[ref], result)
            case "whole":
                job = self._following[ref]
                news, job.pending = job.pending or News(), None
                self._take_page(job, news if result.error else news._replace(events=result.value))
            case "look" if self._search:
                self._search.start(self._loop)
            case "search" if self._search:
                self._take_found(self._search, result)
            case _:
                self._causes.handle(result)

    def _tick(self) -> None:
        """Refresh the footer, notice a reader that has gone, stop waiting for first pages that are late."""
        now = self._loop.clock()
        self._loop.timer(_TICK, now + _TICK_EVERY)
        self._screen.refresh()
        self._report.stdout.check_reader()
        self._pass_on_documents()
        if self._first_pages and now >= self._first_pages.until:
            self._print_first_pages()

    def _handle_response(self, job: TailedJob, result: Result) -> None:
        """Take in the response to the request of *job*."""
        try:
            news = job.receive(result, self._loop.clock())
        except JobEventsError as error:
            self._give_up(job, error)
            return
        self._report.note(job.ref, job.ref.label, job.follower.take_notices())
        if news.document:
            self._take_document(job, news.document)
        if job.children:
            self._follow(job.children.named(news.events, news.document), parent=job)
        if news.document or result.error:
            self._go_on(job)
        elif job.ref.kind is Kind.PLAN and self._lines.text and any(map(is_cut, news.events)):
            job.pending = news
            self._loop.start(Key("whole", job.ref), whole_messages(self._client, job.ref, news.events))
        else:
            self._take_page(job, news)

    def _take_document(self, job: TailedJob, document: Job) -> None:
        """Take in the *document* of *job*."""
        is_first = job.state is None
        if document.state != job.state:
            job.state = document.state
            self._documents.append(document)
            self._lines.know(nodes=document.node_names)
        if is_first and job.ref == self._only and not job.has_begun:
            self._report.header_for(document, job.ref)

    def _pass_on_documents(self) -> None:
        """Call `seen` with the documents that came since the last call, together: each call writes a file."""
        documents, self._documents = self._documents, []
        if self._seen and documents:
            self._seen(documents)

    # Jobs come and go.

    def _follow(self, refs: Iterable[JobRef], *, parent: TailedJob | None = None) -> None:
        """Follow *refs*, the jobs of the plan *parent*, or those that the user or the search chose."""
        for ref in list(refs):
            if ref in self._following:
                continue
            if parent and parent.children and ref in self._ended:
                parent.children.end(ref, self._ended[ref][0])
                continue
            try:
                job = self._new_job(ref, parent)
            except JobEventsError as error:
                # Another process has this job's position: the other jobs are followed all the same.
                if ref == self._only:
                    raise
                self._report.error(error)
                self._note(error.status)
                continue
            self._following[ref] = job
            if not job.children:
                self._report.add(ref, job.follower.progress)
            if self._first_pages and (parent is None or not parent.has_begun):
                self._first_pages.expect(ref)
            if parent:  # a plan that was killed must not forget its jobs
                self._printer.save(job)
            job.ask(self._loop, self._client)
            if job.children:  # an earlier run followed them
                self._follow([JobRef.job(number) for number in sorted(job.children.open)], parent=job)

    def _take_found(self, search: AllJobs, result: Result) -> None:
        """Follow the jobs that *search* found."""
        found = search.handle(result, self._loop, self._report)
        if search.begins_anew:
            for job in list(self._following.values()):
                self._loop.drop(job.key)
                self._remove(job, None)
        self._report.warn(search.save(found))
        self._follow(found)

    def _new_job(self, ref: JobRef, parent: TailedJob | None) -> TailedJob:
        """The record of *ref*. UsageProblem if its position cannot be used."""
        options = self._options
        is_plan = ref.kind is Kind.PLAN and options.with_jobs
        kept = self._resume.load(ref, parent.ref if parent else None) if self._resume else None
        follower = Follower(
            ref,
            sample=random.random,
            start=options.start,
            saved=kept,
            interval=options.interval,
            retry_for=options.retry_for,
            wait_for=options.wait_for if parent is None else 0.0,
            # A plan's own document names the jobs that it started already.
            job_first=is_plan or (options.job_first and parent is None),
            once=options.once,
            wants_progress=options.counts,
        )
        children = None
        if is_plan:
            children = self._resume.jobs_of(ref) if self._resume else PlanJobs()
        if is_plan and not self._first_pages:
            self._first_pages = FirstPages(self._loop.clock() + _FIRST_PAGES_FOR)
        # What an earlier run began is printed as a whole, and so is what starts while someone follows.
        is_new = (parent is not None and parent.has_begun) or (self._search is not None and self._search.finds_new)
        last = None if kept or is_new else options.last
        return TailedJob(follower, is_named=parent is None, last=last, children=children)

    def _go_on(self, job: TailedJob) -> None:
        """Make the next request of *job*, or note that it has ended."""
        if not job.ask(self._loop, self._client):
            self._forget_first_page(job.ref)
            self._conclude(job)

    def _conclude(self, job: TailedJob) -> None:
        """Note that following *job* has ended. A plan ends after its jobs."""
        if job.children and job.children.open:
            return
        ending = job.follower.ending
        outcome = ending.outcome if ending else None
        self._remove(job, outcome)
        if job.is_named and outcome is not None:
            self._note(outcome.status)
            failed_children = self._failed_of(job)
            self._report.summarize(job.ref, outcome, job.follower.progress, children=failed_children)
            if outcome.is_bad or failed_children:
                self._causes.find(job.ref)

    def _failed_of(self, job: TailedJob) -> list[tuple[JobRef, Outcome, Progress | None]]:
        """The jobs of a plan that ended badly, in this run or an earlier one, with what is known of each."""
        failed = job.children.failed if job.children else {}
        refs = [(JobRef.job(number), outcome) for number, outcome in failed.items()]
        return [(ref, outcome, self._ended[ref][1] if ref in self._ended else None) for ref, outcome in refs]

    def _remove(self, job: TailedJob, outcome: Outcome | None) -> None:
        """Stop following *job*, which ended with *outcome*, if that is known."""
        del self._following[job.ref]
        self._report.remove(job.ref)
        if self._resume:
            self._report.warn(self._resume.end(job))
        if not self._search:  # with a search this would take memory without end
            self._ended[job.ref] = outcome, job.follower.progress
        for plan in list(self._following.values()):
            if plan.children and job.ref.kind is Kind.JOB and job.ref.number in plan.children.open:
                plan.children.end(job.ref, outcome)
                is_due = plan.follower.jobs_running(self._loop.clock(), are_running=bool(plan.children.open))
                if is_due and plan.is_asked:  # otherwise its page is still to be printed
                    self._loop.drop(plan.key)
                    self._go_on(plan)
                elif plan.follower.ending:
                    self._conclude(plan)

    def _give_up(self, job: TailedJob, error: JobEventsError) -> None:
        """Stop following *job*, which *error* makes impossible. Of the only job it ends the run."""
        self._report.note(job.ref, job.ref.label, job.follower.take_notices())
        self._forget_first_page(job.ref)
        if job.ref == self._only:
            raise error
        given = self._options.given
        if job.is_named and given and can_be_resumed(error, [job]):
            error.resume_hint = resume_hint(job, given)
        self._report.error(error)
        if job.is_named:  # only the plan decides the exit status
            self._note(error.status)
        self._remove(job, None)

    def _note(self, status: ExitStatus) -> None:
        self._status = worst(self._status, status)

    # Pages are printed.

    def _take_page(self, job: TailedJob, news: News) -> None:
        """Print what a page of *job* brought, and go on."""
        is_first, job.has_begun = not job.has_begun, True
        pages = self._first_pages
        if pages and is_first and job.ref in pages:
            pages.take(job.ref, news.events, news.took)
            if pages.are_complete:
                self._print_first_pages()
            return
        events, took = news.events, news.took
        if is_first and job.last is not None:
            entries = [Entry(job.ref, *each) for each in zip(events, took, strict=True)]
            begin = last_of(entries, map(self._lines.shows, events), job.last)
            job.follower.printed.add(events[:begin])
            events, took = events[begin:], took[begin:]
        self._printer.print(job, events, took)
        self._go_on(job)

    def _print_first_pages(self) -> None:
        """Print the first pages of a plan and its jobs by time, as far as they are here."""
        pages, self._first_pages = self._first_pages, None
        if pages is None:
            return
        entries = pages.in_order()
        plans = [job for job in self._following.values() if job.children]
        last = min((job.last for job in plans if job.last is not None), default=None)
        if last is not None:
            begin = last_of(entries, [self._lines.shows(entry.event) for entry in entries], last)
            for ref, events, _ in runs(entries[:begin]):
                self._following[ref].follower.printed.add(events)
            entries = entries[begin:]
        for ref, events, took in runs(entries):
            self._printer.print(self._following[ref], events, took)
        for ref in pages.held:
            self._go_on(self._following[ref])

    def _forget_first_page(self, ref: JobRef) -> None:
        """Do not wait for the first page of *ref*, which will not come."""
        if self._first_pages:
            self._first_pages.forget(ref)
            if self._first_pages.are_complete:
                self._print_first_pages()

    # The run ends early.

    def _stop_at_failure(self, event: Event) -> None:
        """Say that the run ends because the node of *event* failed (`--fail-fast`), and how to continue."""
        if self._report.is_quiet:
            return
        what = event.type.removeprefix("node_")
        self._report.say(f"jobevents: {event.node} {what}, so following ends here (--fail-fast)")
        self._summarize_so_far()
        self._explain_so_far()
        if self._options.given:
            for hint in resume_hints(self._options.given, self._named):
                self._report.say(hint)

    def _prepare_exit(self, error: JobEventsError) -> None:
        """Print what is still held, because *error* ends the run, and add to it how to resume."""
        if error.status in (ExitStatus.NO_ANSWER, ExitStatus.DENIED) and not isinstance(error, OutputFailed):
            with suppress(JobEventsError):
                self._print_first_pages()
        if isinstance(error, TimedOut):
            error.message = self._timed_out()
        if isinstance(error, TimedOut | Interrupted):
            self._summarize_so_far()
        if isinstance(error, TimedOut):
            self._explain_so_far()
        given = self._options.given
        if given and can_be_resumed(error, self._following.values()):
            error.resume_hint = "\n".join(resume_hints(given, self._named)) or None

    def _summarize_so_far(self) -> None:
        """Print how far each job is that is followed no longer, if these are not too many."""
        running = [job for job in self._named if job.follower.had_contact and not job.follower.has_ended]
        for job in running[:_MOST_SUMMARIES]:
            jobs = [job.follower.progress]
            if job.children:
                refs = [JobRef.job(number) for number in (*job.children.ended, *job.children.open)]
                jobs = [self._ended[ref][1] for ref in refs if ref in self._ended]
                jobs += [self._following[ref].follower.progress for ref in refs if ref in self._following]
            self._report.summarize_so_far(job.ref, jobs)

    def _timed_out(self) -> str:
        """What had not ended when `--timeout` expired."""
        timeout = self._options.timeout or 0.0
        after = f"after {f'{timeout:g}s' if timeout < MINUTE else format_duration(timeout)} (--timeout)"
        unfinished = [job.ref for job in self._following.values() if not job.follower.has_ended]
        if not unfinished:
            return f"no job was running {after}" if self._search else f"not all was printed {after}"
        only = self._only if self._only in unfinished else None
        count = len(unfinished)
        jobs = only.label if only else "1 job" if count == 1 else f"{count} jobs"
        return f"{jobs} had not ended {after}"

    @property
    def _named(self) -> list[TailedJob]:
        """The jobs that are followed because the user or the search chose them."""
        return [job for job in self._following.values() if job.is_named]

    def _explain_so_far(self) -> None:
        """With `--why`, print what went wrong until now in the jobs that are not finished. Nothing else goes on."""
        jobs = list(self._following.values())
        for job in jobs:
            self._loop.drop(job.key)
        self._loop.deadline = math.inf
        for job in jobs:
            if job.follower.progress.failed_nodes:
                plans = [plan.ref for plan in jobs if plan.children and job.ref.number in plan.children.open]
                self._causes.find(job.ref if job.is_named or not plans else plans[0])
        while self._causes.are_awaited:
            self._handle(next(self._loop))
