"""JUnit XML: valid against Jenkins's schema and read back, whatever the texts contain."""

import re
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from hypothesis import example, given
from hypothesis import strategies as st
from junitparser import JUnitXml
from support.details import details, node, run_result

from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.plan import Plan
from jobevents_cli.show.job_details import JobDetails, Nodes, Why
from jobevents_cli.show.junit import junit_pieces

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent.parent / "data" / "junit.xsd")
WEIRD = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\x00\x1b\x7f\x85\u2028\u202e\ufffe\uffff<>&'\"]\r\n\t"),
    max_size=20,
)
LINK = "https://pe.example.com/#/run/jobs/352/nodes/db01/report?a=1&b=<2>"


def _xml(*jobs: JobDetails) -> bytes:
    data = b"".join(junit_pieces(jobs))
    SCHEMA.validate(data.decode())
    return data


def _cases(*jobs: JobDetails) -> list[tuple[Any, ...]]:
    suites = JUnitXml.fromstring(_xml(*jobs))
    return [
        (suite.name, case.classname, case.name, [(type(entry).__name__, entry.message) for entry in case.result])
        for suite in suites
        for case in suite
    ]


def test_a_suite_for_each_job_and_a_case_for_each_node() -> None:
    """A failed node gives a failure, an errored one an error, a skipped one skipped, a finished one none of these."""
    job = details(
        node("ok"),
        node("bad", "failed", "Failed! ", result=run_result("failed", failed=2)),
        node("gone", "errored", "not connected"),
        node("late", "skipped", "its dependency failed"),
        type="deploy",
        environment={"name": "production"},
    )
    task = details(node("n1"), number=353, state="finished", type="task", options={"task": "package"})
    assert _cases(job, task) == [
        ("job 352", "deploy.production", "bad", [("Failure", "failed 2 of 171")]),
        ("job 352", "deploy.production", "gone", [("Error", "not connected")]),
        ("job 352", "deploy.production", "late", [("Skipped", "its dependency failed")]),
        ("job 352", "deploy.production", "ok", []),
        ("job 353", "task.package", "n1", []),
    ]
    suite = next(iter(JUnitXml.fromstring(_xml(job))))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (4, 1, 1, 1)


def test_a_node_that_finished_with_an_error_is_a_failure() -> None:
    """A command that exits with 23 leaves its node finished; the report says failure, with its output."""
    job = details(node("n", result={"stderr": "bye\nnow", "exit_code": 23, "_error": {"details": {"exit_code": 23}}}))
    ((_, _, _, results),) = _cases(job)
    assert results == [("Failure", "with an error: exit 23: bye (+1 line)")]
    assert b"stderr:\n  bye\n  now</failure>" in _xml(job)


def test_nodes_that_have_not_ended() -> None:
    """They are errors: `still running`, in a job that is over `not started` where nothing happened on them."""
    nodes = node("n1", "running"), node("n2", "new")
    assert [case[3] for case in _cases(details(*nodes, state="running"))] == [[("Error", "still running")]] * 2
    ended = details(*nodes, state="stopped")
    assert [case[3] for case in _cases(ended)] == [[("Error", "still running")], [("Error", "not started")]]
    assert _xml(ended).count(b">no result: the job ended before this node did</error>") == 1


@pytest.mark.parametrize(("state", "message"), [("stopped", "the job was stopped"), ("failed", "the job failed")])
def test_a_job_that_ended_badly_is_never_green(state: str, message: str) -> None:
    """Where no node says so, none at all or only good ones, a testcase for the job does."""
    for nodes in ((), (node("n1"),)):
        own, *others = _cases(details(*nodes, state=state))
        assert own[2:] == ("Job 352", [("Failure", message)])
        assert [case[3] for case in others] == [[] for _ in nodes]
    assert len(_cases(details(node("n1", "failed"), state=state))) == 1


def test_times_and_links() -> None:
    """Times are seconds; the report's address is the case's system-out."""
    one = node("n", duration=1234.5678, start_timestamp="2026-11-23T09:00:00Z", details={"report-url": LINK})
    data = _xml(details(one, state="finished", duration=42, created_timestamp="2026-11-23T10:00:00+01:00"))
    suite = next(iter(JUnitXml.fromstring(data)))
    case = next(iter(suite))
    assert (suite.time, suite.timestamp, case.time, case.system_out) == (42, "2026-11-23T09:00:00", 1234.568, LINK)


def test_causes_are_the_text_of_failures() -> None:
    """With `--why` the cause replaces the node's own result."""
    job = details(node("n", "failed", "Failed!", result=run_result("failed", failed=1)))
    explained = replace(job, why=Why({"n": "Exec[migrate]  db.pp:3\nlocked"}, (), ()))
    assert b'message="failed 1 of 171" type="failure">Exec[migrate]  db.pp:3\nlocked</failure>' in _xml(explained)


def test_saved_events_without_a_number() -> None:
    """They are the suite `job`."""
    assert _cases(details(node("n"), number=None, state="finished")) == [("job", "job", "n", [])]


def test_a_plan_gives_a_suite_for_each_job() -> None:
    """A plan that failed has one more for itself; a job that could not be read is an error."""
    jobs = (
        details(node("a"), number=1, state="finished"),
        JobDetails(JobRef.job(2), details().job, problem="not readable: 404"),
    )
    result = {"msg": "boom", "details": {"result_set": [{"target": "a", "status": "failure"}]}}

    def cases(state: str, outcome: Outcome) -> list[tuple[Any, ...]]:
        plan = Plan({"name": "12", "state": state, "result": result, "options": {"plan_name": "app::rollout"}})
        return _cases(JobDetails(JobRef.plan(12), plan, outcome=outcome, jobs=jobs))

    good = cases("success", Outcome.SUCCEEDED)
    assert [case[0] for case in good] == ["job 1", "job 2"]
    assert good[-1][2:] == ("Job 2", [("Error", "not readable: 404")])
    own, *others = cases("failure", Outcome.FAILED)
    assert own == ("plan 12", "plan.app::rollout", "Plan 12", [("Failure", "boom: a")])
    assert others == good


def test_a_job_is_written_once() -> None:
    """A job that a saved plan names and that is in the file too has one suite."""
    job = details(node("a"), number=1)
    plan = JobDetails(JobRef.plan(12), Plan({"state": "success"}), jobs=(job,))
    assert len(list(JUnitXml.fromstring(_xml(plan, job)))) == 1


@given(
    name=WEIRD,
    message=WEIRD,
    output=WEIRD,
    state=st.sampled_from(["failed", "errored", "skipped", "finished", "x\x00"]),
)
@example(name="\ufffe\uffff\x00", message="]]>", output="\r\n\x0b", state="failed")
def test_every_text_makes_valid_xml(name: str, message: str, output: str, state: str) -> None:
    """Whatever a server sends, the file is valid XML 1.0 and Jenkins's schema accepts it."""
    result = {"_output": output, "_error": {"msg": message, "kind": name}, output: message}
    link = {"message": message, "report-url": output}
    data = _xml(details(node(name, state, result=result, details=link), node(name, "failed", message)))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", data.decode())
    cases = [case for suite in JUnitXml.fromstring(data) for case in suite]
    assert len(cases) == 2  # one failed, so that no case for the job is needed


@pytest.mark.parametrize("seconds", [-1, 1e300, float("nan"), "12.5", None, True, [1]])
def test_absurd_durations(seconds: Any) -> None:
    """A duration that is none is left out."""
    _xml(details(node("n", duration=seconds), duration=seconds, created_timestamp="0001-01-01T00:00:00+23:00"))


def test_a_node_takes_little_memory() -> None:
    """The XML comes in pieces, and of a node only what is shown is kept: 50,000 nodes fit into 100 MB."""
    nodes = Nodes()
    tracemalloc.start()
    for number in range(2000):
        result = {**run_result("failed", failed=2, changed=1, skipped=0, restarted=0), "hash": f"{number:040}"}
        link = {"message": f"Finished puppet run on n{number}", "report-url": f"{LINK}/{number}"}
        nodes.add(node(f"n{number}.example.com", "failed", duration=1.0, result=result, details=link), 0.0)
    size = sum(len(piece) for piece in junit_pieces([JobDetails(None, details().job, nodes)]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 2000 * 400
    assert peak < 2000 * 2000
