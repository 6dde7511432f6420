"""What the events of a job add up to."""

from typing import Any

import pytest
from support.events import event_of

from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.progress import MOST_FAILURES, Progress


def _event(kind: str, node: str = "web01", second: float | None = 0, **detail: Any) -> Event:
    raw: dict[str, Any] = {"type": kind, "details": {"node": node, "detail": detail}}
    if second is not None:
        raw["timestamp"] = f"1970-01-01T00:{int(second) // 60:02d}:{int(second) % 60:02d}Z"
    return event_of(raw)


def _taken(*events: Event, **how: Any) -> Progress:
    progress = Progress(**how)
    progress.take_all(events)
    return progress


def test_counts_and_times() -> None:
    """Each documented type is counted, others are not; changed nodes are counted among the finished ones."""
    progress = Progress()
    took = progress.take_all(
        [
            _event("node_running", "a", 1),
            _event("node_running", "b", 2),
            _event("node_finished", "a", 5, status="changed"),
            _event("node_failed", "b", 9),
            _event("of_the_future", "c", 10),
        ]
    )
    assert took == [None, None, 4, 7, None]
    assert (progress.counts["node_finished"], progress.changed, progress.failed_nodes) == (1, 1, 1)
    assert "of_the_future" not in progress.counts
    assert (progress.done, progress.running) == (2, 0)
    assert (progress.started_at, progress.duration) == (1, 9)
    assert [event.node for event in progress.failures] == ["b"]


def test_nodes_that_finished_with_an_error() -> None:
    """They count as finished, and as failures."""
    progress = _taken(
        _event("node_finished", "a", exit_code=3, stderr="no"),
        _event("node_finished", "b", status="changed"),
        _event("node_failed", "c"),
    )
    assert (progress.count("finished"), progress.with_error, progress.changed, progress.failed_nodes) == (2, 1, 1, 2)
    assert [event.node for event in progress.failures] == ["a", "c"]
    assert Progress(progress.counts).with_error == 1


def test_what_is_known_of_the_job_says_what_is_an_error() -> None:
    """An exit code of a task is its own value, that of a script is not."""
    for kind, with_error in (("task", 0), ("script", 1)):
        progress = Progress()
        progress.take_job(Job({"type": kind, "options": {"task": "a::b"} if kind == "task" else {}}))
        progress.take(_event("node_finished", "a", exit_code=3, note="x"))
        assert progress.with_error == with_error


def test_a_node_whose_start_was_not_seen_took_unknown_time() -> None:
    """An end without a start, a start without a time and an end without a time have no duration."""
    progress = Progress(is_whole=False)
    assert progress.take(_event("node_finished", "a", 5)) is None
    progress.take(_event("node_running", "b", None))
    assert progress.take(_event("node_finished", "b", 5)) is None
    progress.take(_event("node_running", "c", 1))
    assert progress.take(_event("node_finished", "c", None)) is None


def test_an_end_that_comes_before_its_start() -> None:
    """The node does not run afterwards."""
    progress = _taken(_event("node_finished", "a", 5), _event("node_running", "a", 1))
    assert (progress.running, progress.done) == (0, 1)


def test_a_clock_that_went_back_makes_no_negative_time() -> None:
    """A node took at least no time; so did the job."""
    progress = Progress()
    progress.take(_event("node_running", "a", 10))
    assert progress.take(_event("node_finished", "a", 5)) == 0
    assert progress.duration == 0


def test_failures_are_kept_up_to_a_number() -> None:
    """The first ones are kept, all are counted: memory is bounded."""
    progress = _taken(*[_event("node_errored", f"n{number}") for number in range(100)])
    assert (len(progress.failures), progress.failed_nodes) == (MOST_FAILURES, 100)
    assert progress.failures[0].node == "n0"


def test_an_earlier_run_is_continued() -> None:
    """Counts go on where a cursor left them."""
    progress = _taken(_event("node_finished", status="changed"), counts={"node_finished": 3}, changed=2, is_whole=False)
    assert (progress.counts["node_finished"], progress.changed) == (4, 3)


def test_the_jobs_own_counts_count_where_they_are_higher() -> None:
    """What the job knows of more nodes is believed, and its times go before those of the events."""
    progress = _taken(_event("node_finished", second=50))
    assert (progress.node_count, progress.count("failed"), progress.is_stopping) == (None, 0, False)
    progress.take_job(
        Job(
            {
                "state": "stopping",
                "node_count": 9,
                "node_states": {"finished": 4, "failed": 2},
                "created_timestamp": "1970-01-01T00:00:10Z",
                "finished_timestamp": "1970-01-01T00:01:10Z",
            }
        )
    )
    assert (progress.node_count, progress.count("finished"), progress.count("failed"), progress.done) == (9, 4, 2, 6)
    assert (progress.started_at, progress.duration, progress.is_stopping) == (10, 60, True)


def test_without_any_time_the_duration_is_unknown() -> None:
    """No event, no job, no duration; a stop that an event reports is a stop."""
    assert Progress().duration is None
    assert _taken(_event("job_stopping", second=None)).is_stopping


@pytest.mark.parametrize(
    ("kinds", "job", "agrees"),
    [
        (["node_running", "node_finished"], {"state": "finished", "node_states": {"finished": 1}}, True),
        (["node_running", "node_finished"], {"state": "running", "node_states": {"finished": 1}}, False),
        (["node_running", "node_finished"], {"state": "finished", "node_states": {"finished": 2}}, False),
        (["node_running", "node_finished"], {"state": "finished", "node_states": {"failed": 1}}, False),
        (["node_running", "node_finished"], {"state": "finished", "node_count": 1}, True),
        (["node_running", "node_finished"], {"state": "finished", "node_count": 2}, False),
        ([], {"state": "finished"}, True),
        (["node_running"], {"state": "finished"}, False),
        (["node_finished"], {"state": "finished", "node_count": 1}, False),
        (["node_errored"], {"state": "failed", "node_count": 1}, True),
    ],
)
def test_whether_an_event_can_be_missing(kinds: list[str], job: dict[str, Any], *, agrees: bool) -> None:
    """None is missing once every node that the job counts has its end, and its start if it must have one."""
    assert _taken(*map(_event, kinds)).agrees_with(Job(job)) is agrees


def test_a_part_of_the_events_agrees_with_nothing() -> None:
    """Who began in the middle cannot know that all events came."""
    assert not Progress(is_whole=False).agrees_with(Job({"state": "finished"}))


@pytest.mark.parametrize("seconds", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_who_runs_longest(seconds: tuple[int, int, int]) -> None:
    """The earliest starts come first, in whatever order they were seen."""
    progress = _taken(*[_event("node_running", f"n{second}", second) for second in seconds])
    assert progress.longest_running(10, 2) == [("n1", 9), ("n2", 8)]


def test_a_start_without_a_time_comes_last() -> None:
    """A node that started at an unknown moment is shown without seconds."""
    progress = _taken(_event("node_running", "b", 5), _event("node_running", "x", None), _event("node_running", "a", 1))
    assert progress.longest_running(10, 3) == [("a", 9), ("b", 5), ("x", None)]


def test_a_start_that_is_late_in_an_empty_job_begins_a_new_order() -> None:
    """Once nobody runs, the order of the next starts counts."""
    progress = _taken(
        _event("node_running", "a", 9),
        _event("node_running", "b", 5),
        _event("node_finished", "a", 10),
        _event("node_finished", "b", 10),
        _event("node_running", "c", 1),
    )
    assert progress.longest_running(11, 5) == [("c", 10)]


def test_who_runs_longest_is_known_while_nodes_start_and_end() -> None:
    """Those that ended are left out, however many they are, and those that started since are counted in."""
    progress = _taken(_event("node_running", "first", 0))
    for number in range(1, 100):
        progress.take(_event("node_running", f"n{number}", number))
        assert progress.longest_running(100, 2) == [("first", 100), (f"n{number}", 100 - number)]
        progress.take(_event("node_finished", f"n{number}", number))
    progress.take(_event("node_finished", "first", 99))
    progress.take(_event("node_running", "last", 99))
    assert progress.longest_running(100, 2) == [("last", 1)]
