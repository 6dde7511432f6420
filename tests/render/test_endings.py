"""How a job ended: its symbol, and the facts that follow the outcome."""

from typing import Any

import pytest

from jobevents_cli.model.event import event_of
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.plan import Plan
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.endings import ending_facts, ending_look

JOB = JobRef.job(352)


def _progress(*kinds: str, nodes: int | None = None) -> Progress:
    progress = Progress()
    progress.take_job(Job({"state": "failed", "node_count": nodes}))
    for number, kind in enumerate(kinds):
        progress.take(event_of({"type": f"node_{kind}", "details": {"node": f"n{number}", "detail": {}}}))
    return progress


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
    look = ending_look(outcome)
    assert (look.text(symbols=True), look.text(symbols=False)) == (text, ascii_text)


@pytest.mark.parametrize(
    ("kinds", "nodes", "counts"),
    [
        ((), None, "no nodes"),
        (("finished",), 1, "1 finished"),
        (("skipped", "errored", "failed", "finished"), 4, "1 finished, 1 failed, 1 errored, 1 skipped"),
        (("finished",), 3, "1 finished, 2 without a result"),
        ((), 2, "2 without a result"),
        (("finished", "finished"), 1, "2 finished"),
    ],
)
def test_nodes_are_counted_by_state(kinds: tuple[str, ...], nodes: int | None, counts: str) -> None:
    """The order of the states is fixed, and nodes of which no result came are counted last."""
    assert ending_facts(JOB, _progress(*kinds, nodes=nodes))[-1] == counts


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ({}, ""),
        ({"1": ["finished"]}, "1 job"),
        ({"1": ["finished"], "2": ["running", "finished"]}, "2 jobs"),
        ({"1": ["failed"], "2": [{"state": "stopped"}], "3": ["finished"]}, "3 jobs, 2 failed"),
    ],
)
def test_a_plan_counts_its_jobs(status: dict[str, Any], counts: str) -> None:
    """Only the last state of each job matters, and a stopped job counts as failed."""
    progress = Progress()
    progress.take_job(Plan({"state": "failure", "status": status}))
    facts = ending_facts(JobRef.plan(12), progress)
    assert (facts[0], facts[-1]) == ("plan 12", counts)
