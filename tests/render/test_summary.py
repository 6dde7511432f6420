"""The summary after a tail, and the line of a job's end."""

from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.styles import Span
from jobevents_cli.render.summary import failure_lines, outcome_line

JOB = JobRef.job(352)
REST = "jobevents list 352 --failures"


def _progress(*kinds: str, nodes: int | None = None) -> Progress:
    progress = Progress()
    progress.take_job(Job({"state": "failed", "node_count": nodes, "created_timestamp": "2026-11-23T02:41:00Z"}))
    for number, kind in enumerate(kinds):
        detail = {"status": "changed", "metrics": {"changed": 1}} if kind == "finished" else {}
        details = {"node": f"n{number}", "detail": detail}
        progress.take(
            Event(
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


def test_the_outcome_is_one_line() -> None:
    """Symbol and outcome, job, time, counts; a plan is named as one."""
    progress = _progress("finished", "finished", "failed", "skipped", nodes=4)
    line = _text(outcome_line(JOB, Outcome.FAILED, progress, symbols=True))
    assert line == "✘ failed  job 352  42s  2 finished (2 changed), 1 failed, 1 skipped"
    line = _text(outcome_line(JobRef.plan(12), Outcome.SUCCEEDED, _progress("finished"), symbols=False))
    assert line == "+ finished  plan 12  42s"
    line = _text(outcome_line(JOB, Outcome.STOPPED, _progress("errored", nodes=5), symbols=True))
    assert line == "■ stopped  job 352  42s  1 errored, 4 without a result"
    assert _text(outcome_line(JOB, Outcome.FAILED, Progress(), symbols=True)) == "✘ failed  job 352  no nodes"


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
