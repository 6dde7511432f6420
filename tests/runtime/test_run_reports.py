"""The reports of failed runs are asked for only where there can be some, and a PuppetDB that fails is no error."""

from jobevents_cli.clients.puppetdb import PuppetdbClient
from jobevents_cli.errors import UsageProblem
from jobevents_cli.model.node_failures import EndedNode
from jobevents_cli.runtime.run_reports import RunReports

FAILED_RUN = EndedNode("n1", "failed", {"hash": "abc"}, job_id=352, job_type="deploy")
FAILED_TASK = EndedNode("n2", "failed", {"_error": "no"}, job_id=352, job_type="task")


def _read(*nodes: EndedNode) -> RunReports:
    """What a PuppetDB brings that is not configured, so that every query fails."""
    reports = RunReports(nodes)
    puppetdb = PuppetdbClient([], UsageProblem("no address", hint="set one"))
    reports.read(puppetdb, limit=lambda: 1.0, wait=lambda _seconds: False, server_time=None)
    return reports


def test_without_a_failed_run_puppetdb_is_not_asked() -> None:
    """A failed task leaves no report."""
    assert [_read(*nodes).problem for nodes in ((), (FAILED_TASK,))] == ["", ""]


def test_a_puppetdb_that_cannot_be_queried_is_told_with_its_remedy() -> None:
    """The causes are incomplete then, and the run has no report."""
    reports = _read(FAILED_RUN, FAILED_TASK)
    assert reports.problem == (
        "PuppetDB could not be queried, so causes of failed runs are incomplete: no address; set one"
    )
    assert reports.of(FAILED_RUN) is None
