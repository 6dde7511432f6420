"""Causes added to what `show` knows about a job."""

from support.details import details, node

from jobevents_cli.model.causes import Cause, CauseKind, Finding
from jobevents_cli.model.explanation import Again, Counts, Explanation
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.plan import Plan
from jobevents_cli.render.causes import CauseText
from jobevents_cli.render.job_causes import with_causes
from jobevents_cli.render.job_details import PlanDetails
from jobevents_cli.render.styles import plain

PIPE = CauseText(columns=None, node_columns=100, paint=plain)


def _explanation(*causes: Cause, again: Again | None = None) -> Explanation:
    failed = sum(len(cause.nodes) for cause in causes)
    return Explanation(JobRef.job(352), "failed", "deploy", Counts(3, failed), causes, again=again)


def _cause(message: str, *nodes: str) -> Cause:
    return Cause(Finding(CauseKind.RESOURCE, message, resource="Exec[migrate]"), nodes)


def test_each_failed_node_gets_its_own_cause() -> None:
    """A node is explained by the causes that name it, and by no other."""
    job = details(node("a", "failed"), node("b", "failed"), node("c"))
    explained = with_causes(job, _explanation(_cause("locked", "a"), _cause("no disk", "b")), PIPE)
    assert set(explained.why) == {"a", "b"}
    assert explained.why["a"] == "1 node  Exec[migrate]\n        locked\n        a"
    assert "no disk" in explained.why["b"]
    assert explained.nodes == job.nodes


def test_a_node_with_two_causes_has_both() -> None:
    """An empty line separates them, in the order in which they were found."""
    explained = with_causes(details(node("a", "failed")), _explanation(_cause("one", "a"), _cause("two", "a")), PIPE)
    first, second = explained.why["a"].split("\n\n")
    assert "one" in first
    assert "two" in second


def test_the_lines_do_not_name_the_job_again() -> None:
    """The causes begin at once, and the command that runs the nodes again is below all, not part of a node's cause."""
    again = Again(("a",), environment="production")
    explained = with_causes(details(node("a", "failed")), _explanation(_cause("locked", "a"), again=again), PIPE)
    assert explained.why_lines[0] == "1 node  Exec[migrate]"
    assert any("puppet job run" in line for line in explained.why_lines)
    assert "puppet job run" not in explained.why["a"]
    assert [(cause["message"], cause["nodes"]) for cause in explained.causes or ()] == [("locked", ["a"])]


def test_without_problems_one_line_says_so() -> None:
    """Then JSON has an empty list of causes, not none."""
    nothing = Explanation(JobRef.job(352), "finished", "deploy", Counts(3), ())
    explained = with_causes(details(node("a"), state="finished"), nothing, PIPE)
    assert list(explained.why_lines) == ["Job 352: nothing went wrong"]
    assert explained.why == {}
    assert explained.causes == ()


def test_the_jobs_of_a_plan_know_the_causes_too() -> None:
    """A plan's nodes are those of its jobs, so each of these is given the causes by node."""
    plan = PlanDetails(JobRef.plan(12), Plan({"state": "failure"}), jobs=(details(node("a", "failed")), details()))
    explained = with_causes(plan, _explanation(_cause("locked", "a")), PIPE)
    assert isinstance(explained, PlanDetails)
    assert [set(job.why) for job in explained.jobs] == [{"a"}, {"a"}]
