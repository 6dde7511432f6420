"""The events of followed jobs reach standard output in order, as soon as nothing more is at hand."""

import pytest

from jobevents_cli.following.position import Cursor
from jobevents_cli.following.update import Update
from jobevents_cli.model.event import event_of
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.event_printer import EventPrinter
from jobevents_cli.output.printed_job import PrintedJob
from jobevents_cli.output.rendering import LineOptions, Rendered, Renderer
from jobevents_cli.output.screen import Screen

JOB = JobRef.job(352)


@pytest.fixture(name="printer")
def _printer() -> EventPrinter:
    return EventPrinter(Renderer(LineOptions(as_json=True)), Screen())


def _job() -> PrintedJob:
    return PrintedJob(JOB, Progress(), Cursor(-1, (), {}), next_start=1)


def _update(*ids: int) -> Update:
    events = tuple(event_of({"id": number}) for number in ids)
    return Update(JOB, events, (None,) * len(ids), start=ids[0], next_start=ids[-1] + 1, cursor=None)


def test_updates_that_are_at_hand_are_written_together(
    printer: EventPrinter, capfd: pytest.CaptureFixture[str]
) -> None:
    """The position of the first one moves with that of the last one."""
    job = _job()
    printer.take(job, printer.renderer.render(_update(1, 2)), more_is_here=True)
    assert (job.resume_start, capfd.readouterr().out) == (1, "")
    printer.take(job, printer.renderer.render(_update(3)))
    assert (job.resume_start, capfd.readouterr().out) == (4, '{"id":1}\n{"id":2}\n{"id":3}\n')


def test_what_waits_is_written_if_nothing_more_comes(printer: EventPrinter, capfd: pytest.CaptureFixture[str]) -> None:
    """Something else came than events, or nothing did."""
    job = _job()
    printer.take(job, printer.renderer.render(_update(1)), more_is_here=True)
    printer.flush()
    printer.flush()
    assert (job.resume_start, capfd.readouterr().out) == (2, '{"id":1}\n')


def test_only_the_first_events_of_an_update_are_printed(
    printer: EventPrinter, capfd: pytest.CaptureFixture[str]
) -> None:
    """The position is after them: the rest is for a later run."""
    job = _job()
    printer.take(job, printer.renderer.render(_update(1, 2, 3)), 2)
    assert (job.resume_start, capfd.readouterr().out) == (3, '{"id":1}\n{"id":2}\n')


def test_the_last_events_are_known_only_when_the_page_is_whole(
    printer: EventPrinter, capfd: pytest.CaptureFixture[str]
) -> None:
    """An outage amid the page releases what is held, but not if only its last events are printed."""
    for last, shown in ((None, "1 2 3"), (2, "3 4")):
        job = _job()
        job.last = last
        printer.gather([job])
        for update in (_update(1, 2, 3)._replace(is_lost=True), _update(4)._replace(is_page_end=last is not None)):
            printer.take(job, printer.renderer.render(update))
            if last is None:
                break
        assert capfd.readouterr().out == "".join(f'{{"id":{number}}}\n' for number in shown.split())


def test_the_lines_that_are_shown() -> None:
    """Those that a filter left; of joined lines all."""
    update = _update(1, 2, 3)
    assert list(Rendered(update, [b"a\n", None, b"c\n"]).shown(3)) == [0, 2]
    assert list(Rendered(update, [b"a\n", None, b"c\n"]).shown(2)) == [0]
    assert list(Rendered(update, [b"a\n", b"b\n", b"c\n"]).shown(2)) == [0, 1]


def test_a_job_that_can_be_resumed_waits_for_nothing(printer: EventPrinter, capfd: pytest.CaptureFixture[str]) -> None:
    """Each of its updates is written on its own, and its cursor saved: a kill then repeats little."""
    saved: list[Cursor] = []
    job = PrintedJob(JOB, Progress(), Cursor(-1, (), {}), save=saved.append)
    update = _update(1)._replace(cursor=Cursor(-1, (1,), {}))
    printer.take(job, printer.renderer.render(update), more_is_here=True)
    assert (saved, capfd.readouterr().out) == ([Cursor(-1, (1,), {})], '{"id":1}\n')
