"""Follows jobs in other threads, and has what they bring printed.

The threads do the waiting: a look-up, a connection or a slow answer never keeps the main thread from hearing a
signal, the end of `--timeout` or that the reader of standard output has gone; and one job never holds up another.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from jobevents_cli.errors import JobEventsError, TimedOut
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.following.update import Wait
from jobevents_cli.model.durations import format_duration
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.output.notices import tell_error
from jobevents_cli.output.printer import Printer, Rendered
from jobevents_cli.runtime.followed_job import FollowedJob
from jobevents_cli.runtime.loop import Orchestrator, tail
from jobevents_cli.runtime.workers import TICK, Ended, Workers

_FINDER: Final = "the search for new jobs"


_WORST_LAST: Final = (
    ExitStatus.DONE,
    ExitStatus.NODES_FAILED,
    ExitStatus.STOPPED,
    ExitStatus.USAGE,
    ExitStatus.REFUSED,
    ExitStatus.DENIED,
    ExitStatus.NO_ANSWER,
)


_GO_ON: Final = frozenset(
    {
        ExitStatus.DENIED,
        ExitStatus.NO_ANSWER,
        ExitStatus.TIMED_OUT,
        ExitStatus.HUNG_UP,
        ExitStatus.INTERRUPTED,
        ExitStatus.TERMINATED,
    }
)
"""The ends after which following can go on later."""


class Coordinator:
    """The jobs that are followed now, and how those that ended did."""

    def __init__(
        self,
        orchestrator: Orchestrator,
        printer: Printer,
        *,
        fail_fast: bool = False,
        tells_how_to_go_on: bool = True,
        seen: Callable[[list[Job]], None] | None = None,
    ) -> None:
        """Follow jobs of *orchestrator*; with *fail_fast*, until the first node fails. *seen* is told of each job.

        *tells_how_to_go_on*: an end before that of the jobs comes with the command that goes on.
        """
        self._tells_how_to_go_on = tells_how_to_go_on
        self._seen = seen
        self._orchestrator = orchestrator
        self._printer = printer
        self._fail_fast = fail_fast
        self._workers = Workers[Rendered | FollowedJob | Ended]()
        self._is_finding = False
        self._following: dict[JobRef, FollowedJob] = {}
        self._told_of: set[JobRef] = set()
        self._one = False
        self.all_over = True
        self._status = ExitStatus.DONE

    def add(self, follow: FollowedJob) -> None:
        """Begin to follow a job."""
        ref = follow.ref
        if ref in self._following:
            return
        self._following[ref] = follow
        follower = follow.follower
        self._printer.add(ref, follower.progress, follower.cursor, follow.save, last=follow.last)
        self._workers.start(ref, self._updates(follow))

    def _updates(self, follow: FollowedJob) -> Iterator[Rendered | Wait]:
        """What following brings, rendered; runs in other threads."""
        steps = tail(
            self._orchestrator,
            follow.follower,
            clock=time.monotonic,
            with_cursor=follow.save is not None,
        )
        for step in steps:
            yield step if isinstance(step, Wait) else self._printer.render(step)

    def find(self, jobs: Iterable[FollowedJob | Ended]) -> None:
        """Follow the *jobs* that another thread finds, as well; one that cannot be followed has Ended already."""
        self._is_finding = True
        self._workers.start(_FINDER, iter(jobs))

    def run(self, *, timeout: float | None = None) -> ExitStatus:
        """Print what comes until every job has ended; the worst of their statuses.

        Raises TimedOut after *timeout* seconds, and what ended the following of the only job. Whatever leaves jobs
        unfinished tells how to go on.
        """
        self._one = len(self._following) == 1 and not self._is_finding
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while self._following or self._is_finding:
                left = TICK if deadline is None else min(TICK, deadline - time.monotonic())
                if self._take(self._workers.next(left)):
                    return ExitStatus.NODES_FAILED
                if deadline is not None and timeout is not None and time.monotonic() >= deadline:
                    raise TimedOut(f"{self._unfinished} not ended after {format_duration(timeout)} (--timeout)")
        except JobEventsError as error:
            if error.status in _GO_ON and self._tells_how_to_go_on:
                error.go_on = self._how_to_go_on()
            if error.status is ExitStatus.NO_ANSWER:
                for place in self._printer.places.values():
                    self._printer.release(place)
            raise
        finally:
            self._printer.screen.clear()
        return self._status

    @property
    def _unfinished(self) -> str:
        if self._one:
            return f"{min(self._following).label} had"
        return f"{len(self._following)} {'job' if len(self._following) == 1 else 'jobs'} had"

    def _how_to_go_on(self) -> str | None:
        places = self._printer.places.values()
        if not self._is_finding:
            return "\n".join(place.how_to_go_on for place in places) or None
        command = "jobevents tail --all" + (" --resume" if any(place.save for place in places) else "")
        who = "1 job that was followed goes on" if len(places) == 1 else f"{len(places)} jobs that were followed go on"
        return f"{who}. To go on following: {command}"

    def _take(self, arrived: Rendered | FollowedJob | Ended | None) -> bool:
        """Deal with what *arrived*; True where that ends the watch."""
        if arrived is None:
            self._printer.tick()
        elif isinstance(arrived, FollowedJob):
            self.add(arrived)
        elif isinstance(arrived, Ended):
            self._end(arrived)
        elif arrived.update.ref in self._following:
            return self._print(arrived)
        return False

    def _print(self, rendered: Rendered) -> bool:
        failed = None
        if self._fail_fast:
            rendered, failed = self._printer.cut_at_failure(rendered)
        self._printer.take(rendered)
        update = rendered.update
        if self._seen and update.job and update.ref not in self._told_of:
            self._told_of.add(update.ref)
            self._seen([update.job])
        if failed:
            place = self._printer.places[update.ref]
            self._printer.release(place)
            self._printer.say(f"jobevents: {failed.node} {failed.type.removeprefix('node_')}, so following ends here")
            self._printer.say(place.how_to_go_on)
            return True
        if update.ending:
            outcome = update.ending.outcome
            self.all_over = self.all_over and outcome is not None
            if outcome is not None:
                self._note(outcome.status)
            self._printer.close_job(update.ref, outcome)
        return False

    def _end(self, ended: Ended) -> None:
        if ended.name == _FINDER:
            self._is_finding = False
        ref = ended.name if isinstance(ended.name, JobRef) else None
        follow = self._following.pop(ref, None) if ref else None
        warning = follow.ended(follow.ref) if follow and follow.ended and not ended.error else None
        if warning:
            self._printer.say(f"Warning: {warning}")
        if follow and follow.close:
            follow.close()
        if ended.error is None:
            return
        if not isinstance(ended.error, JobEventsError) or self._one or ref is None:
            raise ended.error
        # One of several jobs: it is given up, the others go on.
        self._printer.screen.clear()
        place = self._printer.places.get(ref)
        if place and ended.error.status in _GO_ON:
            ended.error.go_on = place.how_to_go_on
        tell_error(ended.error)
        if place:
            self._printer.remove(ref)
        self._note(ended.error.status)

    def _note(self, status: ExitStatus) -> None:
        self._status = max(self._status, status, key=_WORST_LAST.index)
