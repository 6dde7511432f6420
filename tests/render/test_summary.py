"""The summary after a tail, and the line of a job's end."""

from typing import Any

import pytest
from support.events import event_of

from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.plan import Plan
from jobevents_cli.model.progress import Progress
from jobevents_cli.model.timestamps import seconds_of
from jobevents_cli.render.styles import Span
from jobevents_cli.render.summary import failure_lines, life_sign, outcome_lines, running_lines

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
    assert line == "■ stopped  job 352  42s  1 errored, 4 not started"
    assert _outcome(JOB, Outcome.FAILED, Progress()) == "✘ failed  job 352  no nodes"


@pytest.mark.parametrize(
    ("outcome", "text", "ascii_text"),
    [
        (Outcome.SUCCEEDED, "✔ finished", "+ finished"),
        (Outcome.FAILED, "✘ failed", "x failed"),
        (Outcome.STOPPED, "■ stopped", "# stopped"),
    ],
)
def test_each_end_has_its_own_word_and_symbol(outcome: Outcome, text: str, ascii_text: str) -> None:
    """A job that was stopped does not look like one that failed, even where only ASCII can be shown."""
    assert _outcome(JOB, outcome, Progress()).startswith(f"{text}  ")
    assert _outcome(JOB, outcome, Progress(), symbols=False).startswith(f"{ascii_text}  ")


@pytest.mark.parametrize(
    ("kinds", "nodes", "counts"),
    [
        ((), None, "no nodes"),
        (("finished",), 1, "1 finished (1 changed)"),
        (("skipped", "errored", "failed"), 3, "1 failed, 1 errored, 1 skipped"),
        (("skipped",), 3, "1 skipped, 2 without a result"),
        ((), 2, "2 without a result"),
        (("failed", "failed"), 1, "2 failed"),
    ],
)
def test_nodes_are_counted_by_state(kinds: tuple[str, ...], nodes: int | None, counts: str) -> None:
    """The order of the states is fixed, and nodes of which no result came are counted last."""
    line = _outcome(JOB, Outcome.FAILED, _progress(*kinds, nodes=nodes))
    assert line.rpartition("  ")[2] == counts


def test_a_stopped_job_says_which_nodes_never_started() -> None:
    """Those that ran when it was stopped, and of which no result came, are others."""
    progress = _progress("finished", "running", nodes=7)
    assert _outcome(JOB, Outcome.STOPPED, progress).endswith(
        "1 finished (1 changed), 1 without a result, 5 not started"
    )


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ({}, ""),
        ({"1": ["finished"]}, "  1 job"),
        ({"1": ["finished"], "2": ["running", "finished"]}, "  2 jobs"),
        ({"1": ["failed"], "2": [{"state": "stopped"}], "3": ["finished"]}, "  3 jobs, 2 failed"),
    ],
)
def test_a_plan_counts_its_jobs(status: dict[str, Any], counts: str) -> None:
    """Only the last state of each job matters, and a stopped job counts as failed."""
    progress = Progress()
    progress.take_job(Plan({"state": "failure", "status": status}))
    assert _outcome(JobRef.plan(12), Outcome.FAILED, progress) == f"✘ failed  plan 12{counts}"


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (80, "one two three four five six seven eight\n"),
        (63, f"one two three four five six\n{' ' * 33}seven eight\n"),
        (40, "\n          one two three four five six\n          seven eight\n"),
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
    gap = "" if columns == 40 else " " * 18
    assert shown.replace(f"n0{' ' * 18}\n", "n0\n") == (
        f"  ✘ failed   n0{gap}{text}  ✘ failed   node12.example.com  no\n"
    )


def test_how_far_a_job_is() -> None:
    """When following ends before the job, and in a log each minute in which nothing else is printed."""
    progress = _progress("finished", "failed", "skipped", "running", nodes=300)
    now = seconds_of("2026-11-23T02:53:00Z") or 0.0
    (line,) = running_lines("job 352", [progress], now, symbols=True)
    assert _text(line) == "▶ running  job 352  12m  3 of 300 done, 1 failed"
    assert life_sign(JOB, [progress], now) == "job 352: 3 of 300 nodes done, 1 failed, 12m"
    assert (
        life_sign(None, [progress, _progress("finished", nodes=1)], now) == "2 jobs: 4 of 301 nodes done, 1 failed, 12m"
    )
    assert life_sign(JOB, [Progress()], now) == "job 352: 0 nodes done"
    assert life_sign(None, [], now) == "no job is running"
    assert life_sign(JobRef.plan(12), [], now) == "plan 12: nothing yet"


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
