"""Several jobs are followed at once: their lines, and the one exit status of the run."""

import threading

import pytest

from jobevents_cli.errors import Interrupted, TimedOut, UnknownJob
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.following2.page import Page
from jobevents_cli.model.event import Event, event_of
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.output.command_lines import GivenOptions
from jobevents_cli.output.event_printer import EventPrinter
from jobevents_cli.output.rendering import LineOptions, Renderer
from jobevents_cli.output.reporter import Reporter, ReportOptions
from jobevents_cli.runtime.coordinator import Coordinator, CoordinatorOptions
from jobevents_cli.runtime.followed_job import FollowOptions

GOOD, BAD, UNKNOWN = (JobRef.job(number) for number in (1, 2, 3))
HOW = FollowOptions(interval=0.01)


class _Scripted:
    """An orchestrator with a job that succeeded and one that failed."""

    def events(self, ref: JobRef, start: int | None) -> Page:
        if ref == UNKNOWN:
            raise UnknownJob("there is no job 3")
        kind = "node_finished" if ref == GOOD else "node_failed"
        event = event_of({"id": ref.number * 10, "type": kind, "details": {"node": "n1"}})
        return Page([event] if start is None else [])

    def job(self, ref: JobRef) -> Job:
        return Job({"name": str(ref.number), "state": "finished" if ref == GOOD else "failed"})

    def plan_event(self, number: int, event_id: int) -> Event:
        raise AssertionError((number, event_id))


def _run(*refs: JobRef, fail_fast: bool = False) -> ExitStatus:
    reporter = Reporter(ReportOptions(), lambda: 0.0)
    printer = EventPrinter(Renderer(LineOptions(as_json=True)), reporter.screen)
    coordinator = Coordinator(_Scripted(), printer, reporter, CoordinatorOptions(fail_fast=fail_fast))
    coordinator.add(HOW.follow(ref) for ref in refs)
    return coordinator.run()


def test_the_worst_end_decides_the_exit_status(capfd: pytest.CaptureFixture[str]) -> None:
    """The events of all jobs are printed."""
    assert [_run(GOOD), _run(GOOD, BAD)] == [ExitStatus.DONE, ExitStatus.NODES_FAILED]
    assert capfd.readouterr().out.count('"id":') == 3


def test_a_job_that_cannot_be_followed_holds_up_no_other(capfd: pytest.CaptureFixture[str]) -> None:
    """The error is printed; of a single job it is raised."""
    assert _run(GOOD, UNKNOWN) is ExitStatus.REFUSED
    out, err = capfd.readouterr()
    assert ('"id":10' in out, "there is no job 3" in err) == (True, True)
    with pytest.raises(UnknownJob):
        _run(UNKNOWN)


def test_the_first_failed_node_can_end_the_run(capfd: pytest.CaptureFixture[str]) -> None:
    """Its event is printed, and why nothing follows."""
    assert _run(BAD, fail_fast=True) is ExitStatus.NODES_FAILED
    out, err = capfd.readouterr()
    assert '"id":20' in out
    assert "n1 failed, so following ends here (--fail-fast)" in err


def test_the_time_before_following_counts_as_well() -> None:
    """A search for the newest job takes of the time of `--timeout`: nothing is left for a job that runs."""
    now = 100.0
    reporter = Reporter(ReportOptions(), lambda: 0.0)
    printer = EventPrinter(Renderer(LineOptions(as_json=True)), reporter.screen)
    coordinator = Coordinator(_Scripted(), printer, reporter, CoordinatorOptions(timeout=50), clock=lambda: now)
    coordinator.add([HOW.follow(GOOD)])
    now += 51
    with pytest.raises(TimedOut, match=r"job 1 had not ended after 50s \(--timeout\)"):
        coordinator.run()


def test_a_signal_that_comes_while_a_lock_is_taken_says_how_to_resume() -> None:
    """Python then raises another error on the way out, because that lock cannot be released."""

    def seen(_jobs: list[Job]) -> None:
        try:
            raise Interrupted("by SIGHUP", ExitStatus.HUNG_UP)
        finally:
            threading.Lock().release()

    reporter = Reporter(ReportOptions(), lambda: 0.0)
    printer = EventPrinter(Renderer(LineOptions(as_json=True)), reporter.screen)
    coordinator = Coordinator(_Scripted(), printer, reporter, CoordinatorOptions(GivenOptions()), seen=seen)
    coordinator.add([HOW.follow(GOOD)])
    with pytest.raises(Interrupted) as raised:
        coordinator.run()
    assert raised.value.resume_hint
    assert raised.value.resume_hint.endswith("Resume with: jobevents tail 1 --start 11")
