"""The text of `show`: a job with its nodes, a plan with its jobs, one node."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from support.details import details, node, run_result

from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.plan import Plan
from jobevents_cli.render.styles import width
from jobevents_cli.render.tables import View
from jobevents_cli.show.job_details import JobDetails, NodeChoice, Nodes, Why
from jobevents_cli.show.text import text_lines

PIPE = View()


def _screen(columns: int) -> View:
    console = Console(file=io.StringIO(), width=columns, force_terminal=True, color_system=None, legacy_windows=False)
    return View(console=console)


def _lines(*jobs: JobDetails, view: View = PIPE, with_nodes: bool = False) -> list[str]:
    return list(text_lines(jobs, view, with_nodes=with_nodes))


def _job(name: str = "web01") -> JobDetails:
    start, end = "2026-11-23T02:41:00Z", "2026-11-23T02:41:10Z"
    return details(
        node("ok", start_timestamp=start, finish_timestamp=end, duration=10, result=run_result("changed", changed=2)),
        node(name, "failed", "word " * 30, start_timestamp=end, duration=10),
        type="deploy",
        environment={"name": "production"},
        duration=20,
    )


def test_rows_of_failures_come_first() -> None:
    """Off a terminal a failure's row is first and whole; the bars show when each node ran on one axis of time."""
    lines = _lines(_job())
    assert lines[:3] == [
        "Job 352  failed  deploy in production",
        "took 20s",
        "2 nodes  finished 1 (1 changed), failed 1",
    ]
    assert lines[4].split() == ["NODE", "STATE", "0s", "20s", "TOOK", "WHAT"]
    assert lines[5].split()[:4] == ["web01", "failed", "━" * 15, "10s"]
    assert lines[6].split() == ["ok", "finished", "━" * 15, "10s", "changed", "2", "of", "171"]
    assert lines[5].index("━") == lines[6].index("━") + 15
    assert lines[5].endswith(("word " * 30).strip())


@pytest.mark.parametrize("columns", [20, 40, 59, 60, 80, 200])
def test_every_row_fits_the_terminal(columns: int) -> None:
    """A long name and a failure's reason continue on the next rows: none of the words is lost."""
    lines = _lines(_job("very-long-name." * 8), view=_screen(columns))
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).count("word") == 30


def test_hostile_names_are_escaped() -> None:
    """Nothing that a server sends reaches the terminal as a control character."""
    evil = "\x1b[2J\r\u202e"
    job = details(node(evil, evil, evil), type=evil, owner={"login": evil}, options={"description": evil})
    for columns in (None, 40, 80):
        assert all(line.isprintable() for line in _lines(job, view=_screen(columns) if columns else PIPE))


def test_a_plan_lists_its_jobs() -> None:
    """The plan's own error is above them; a job that could not be read says why; nodes follow if they are wanted."""
    error = {"msg": "the step failed", "details": {}}
    plan = Plan({"state": "failure", "options": {"plan_name": "app::rollout"}, "result": error})
    jobs = (_job(), replace(details(number=353, state="new"), problem="not found"))
    shown = JobDetails(JobRef.plan(12), plan, jobs=jobs)
    lines = _lines(shown)
    assert lines[:2] == ["Plan 12  failure  app::rollout", "the step failed"]
    assert [line.split()[:2] for line in lines[3:]] == [["JOB", "STATE"], ["352", "failed"], ["353", "new"]]
    assert lines[-1].endswith("not found")
    assert _lines(shown, with_nodes=True) == [*lines, "", *_lines(jobs[0])]


def test_a_single_node_is_shown_whole() -> None:
    """When one node was chosen, its result with all its lines and its report take the place of the table."""
    nodes = Nodes(NodeChoice(("a",)))
    nodes.add(node("a", "failed", "first\nsecond", duration=3, result={"report-url": "https://pe/1"}), 0.0)
    shown = replace(details(), nodes=nodes, why=Why({}, ["because"], ()))
    assert _lines(shown) == ["a  failed  3s", "first", "second", "report: https://pe/1", "", "because"]


def test_nodes_that_run_follow_the_failures() -> None:
    """Those that run longest come first; then those that ended, by start, and at the end those that did not start."""
    start = "2026-11-23T02:41:0{}Z"
    job = details(
        node("new", "new"),
        node("late", start_timestamp=start.format(3)),
        node("early", start_timestamp=start.format(0)),
        node("short", "running", start_timestamp=start.format(4)),
        node("long", "running", start_timestamp=start.format(1)),
        node("skipped", "skipped"),
        node("bad", "failed", start_timestamp=start.format(5)),
        state="running",
    )
    names = [line.split()[0] for line in _lines(job)[4:]]
    assert names == ["bad", "skipped", "long", "short", "early", "late", "new"]


@pytest.mark.parametrize("columns", [40, 80])
def test_why_a_job_of_a_plan_could_not_be_read_is_never_cut(columns: int) -> None:
    """Whatever the job's state, the reason continues on the next rows; what a good node printed is cut."""
    job = replace(details(number=353, state="finished"), problem="reason " * 20)
    plan = JobDetails(JobRef.plan(12), Plan({"state": "success"}), jobs=[job])
    assert "".join(_lines(plan, view=_screen(columns))).count("reason") == 20
    good = details(node("a", result={"_output": "words " * 40}), state="finished")
    assert "".join(_lines(good, view=_screen(columns))).count("words") < 20
