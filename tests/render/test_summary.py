"""The summary after a tail, and the line of a job's end."""

import pytest

from jobevents_cli.model.event import event_of
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.styles import Span
from jobevents_cli.render.summary import failure_lines, outcome_lines

JOB = JobRef.job(352)
REST = "jobevents list 352 --failures"


def _progress(*kinds: str, nodes: int | None = None) -> Progress:
    progress = Progress()
    progress.take_job(Job({"state": "failed", "node_count": nodes, "created_timestamp": "2026-11-23T02:41:00Z"}))
    for number, kind in enumerate(kinds):
        detail = {"status": "changed", "metrics": {"changed": 1}} if kind == "finished" else {}
        details = {"node": f"n{number}", "detail": detail}
        progress.take(
            event_of(
                {
                    "type": f"node_{kind}",
                    "timestamp": "2026-11-23T02:41:42Z",
                    "details": details,
                    "message": f"why {number}",
                }
            )
        )
    return progress


def _text(spans: list[Span]) -> str:
    return "".join(text for text, _ in spans)


def _outcome(ref: JobRef, outcome: Outcome, progress: Progress, *, symbols: bool = True) -> str:
    (line,) = outcome_lines(ref, outcome, progress, symbols=symbols)
    return _text(line)


def test_the_outcome_is_one_line() -> None:
    """Symbol and outcome, job, time, counts; a plan is named as one."""
    progress = _progress("finished", "finished", "failed", "skipped", nodes=4)
    whole = "✘ failed  job 352  42s  2 finished (2 changed), 1 failed, 1 skipped"
    assert _outcome(JOB, Outcome.FAILED, progress) == whole
    line = _outcome(JobRef.plan(12), Outcome.SUCCEEDED, _progress("finished"), symbols=False)
    assert line == "+ finished  plan 12  42s"
    line = _outcome(JOB, Outcome.STOPPED, _progress("errored", nodes=5))
    assert line == "■ stopped  job 352  42s  1 errored, 4 without a result"
    assert _outcome(JOB, Outcome.FAILED, Progress()) == "✘ failed  job 352  no nodes"


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (80, "one two three four five six seven eight\n"),
        (60, f"one two three four five six\n{' ' * 33}seven eight\n"),
        (40, "one two\n    three four five six seven eight\n"),
    ],
)
def test_on_a_screen_what_does_not_fit_continues_below(columns: int, text: str) -> None:
    """Broken between words, below the text, or further left where little room is beside the node."""
    progress = Progress()
    nodes = {"n0": "one two three four five six seven eight", "node12.example.com": "no"}
    for node, message in nodes.items():
        progress.take(event_of({"type": "node_failed", "details": {"node": node}, "message": message}))
    lines = failure_lines(progress, symbols=True, rest=REST, columns=columns)
    shown = "".join(f"{_text(line)}\n" for line in lines)
    assert shown == f"  ✘ failed   n0{' ' * 18}{text}  ✘ failed   node12.example.com  no\n"


def test_each_failed_node_is_one_line() -> None:
    """Status, node and reason, in columns; the first word of the line is the node's status."""
    lines = [_text(line) for line in failure_lines(_progress("failed", "finished", "skipped"), symbols=True, rest=REST)]
    assert lines == ["  ✘ failed   n0  why 0", "  ↷ skipped  n2  why 2"]
    assert failure_lines(_progress("finished"), symbols=True, rest=REST) == []


def test_at_most_20_nodes_are_listed() -> None:
    """Then the command follows that lists them all."""
    lines = [_text(line) for line in failure_lines(_progress(*["failed"] * 25), symbols=True, rest=REST)]
    assert len(lines) == 21
    assert lines[-1] == "  and 5 more: jobevents list 352 --failures"


def test_nodes_that_an_earlier_run_printed() -> None:
    """After --resume only their number may be known: the command follows that names them."""
    progress = Progress()
    progress.counts["node_failed"] = 3
    lines = [_text(line) for line in failure_lines(progress, symbols=True, rest=REST)]
    assert lines == ["  which nodes: jobevents list 352 --failures"]


def test_failed_nodes_that_only_the_job_knows_of() -> None:
    """With `--start`, events of nodes that failed before it do not come: a command lists them."""
    progress = Progress(is_whole=False)
    progress.take_job(Job({"state": "failed", "node_count": 2, "node_states": {"failed": 1, "finished": 1}}))
    assert [_text(line) for line in failure_lines(progress, symbols=True, rest=REST)] == [f"  which nodes: {REST}"]
