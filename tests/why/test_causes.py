"""From results and reports to causes."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.puppet_reports import parsed_report
from support.steps import worked

from jobevents_cli.why.causes import Cause, CauseKind, Failure, Finding, group
from jobevents_cli.why.failures import EndedNode, failures_of
from jobevents_cli.why.report import LogLine, Report, ResourceFailure

FAILED_RUN = {"status": "failed", "hash": "abc", "metrics": {"total": 171, "failed": 2}}


def _run(name: str, **more: Any) -> EndedNode:
    return EndedNode(name, "failed", FAILED_RUN, job_type="deploy", **more)


def _causes(*names: str) -> tuple[Cause, ...]:
    """The causes of a node each with the reports of *names*."""
    nodes = [f"n{number}.example.com" for number in range(len(names))]
    return group(
        failure
        for node, name in zip(nodes, names, strict=True)
        for failure in worked(failures_of(_run(node), parsed_report(name, node), puppetdb_answers=True))
    )


def test_two_causes_on_one_node() -> None:
    """Each failed resource is a cause, with its file and line; what was skipped after it is not."""
    file, command = sorted(_causes("two_causes"), key=lambda cause: cause.finding.line or 0)
    assert (file.finding.kind, file.finding.resource, file.finding.line) == (
        "resource",
        "File[/nonexistent/dir/motd]",
        2,
    )
    assert file.finding.log == ()
    assert (command.finding.resource, command.finding.line) == ("Exec[migrate]", 3)
    assert command.finding.message.endswith("returned 3 instead of one of [0]")
    assert [line.message for line in command.finding.log] == ["schema is locked"]
    assert command.finding.source == "puppetdb"


def test_nodes_with_the_same_cause_are_grouped() -> None:
    """Process ids and temporary names do not tell causes apart; the first node's text is shown."""
    causes = _causes("locked", "two_causes", "locked", "locked")
    assert [len(cause.nodes) for cause in causes] == [3, 1, 1]
    assert causes[0].nodes == ("n0.example.com", "n2.example.com", "n3.example.com")
    assert [line.message for line in causes[0].finding.log] == ["schema is locked by pid 13500"]


@pytest.mark.parametrize(
    ("name", "kind", "resource", "message"),
    [
        ("package", "resource", "Package[no-such-package-1]", "Unable to locate package"),
        ("service", "resource", "Service[no-such-service]", "returned 1: cannot bind to port 80"),
        ("missing_directory", "resource", "File[/nonexistent/dir/app.conf]", "A directory component in"),
        ("timeout", "resource", "Exec[wait for the database]", "Command exceeded timeout"),
        ("provider", "run", "Package[left-pad]", "Provider pkgng is not functional on this host"),
        ("catalog", "catalog", None, "Could not find class ::profile::nowhere"),
    ],
)
def test_real_reports(name: str, kind: str, resource: str | None, message: str) -> None:
    """Each real report of a failed run has exactly one cause."""
    (cause,) = _causes(name)
    assert (cause.finding.kind, cause.finding.resource) == (kind, resource)
    assert cause.finding.message.count(message) == 1


def test_an_error_that_the_log_repeats() -> None:
    """An error of a run without failure events is told once: plain, wrapped and from the resource are the same."""
    text = "No such file - a directory component in /a/b does not exist"
    log = (
        LogLine("err", "Puppet", text),
        LogLine("err", "Puppet", f"{text}\nWrapped exception:\n{text}"),
        LogLine("err", "/Stage[main]/Main/File[/a/b]/ensure", f"change from 'absent' to 'file' failed: {text}"),
        LogLine("err", "Puppet", "Could not send report"),
        LogLine("err", "Puppet", "Could not send report"),
    )
    failures = worked(failures_of(_run("a"), Report((), log), puppetdb_answers=True))
    assert [(failure.finding.resource, failure.finding.message) for failure in failures] == [
        ("File[/a/b]", f"change from 'absent' to 'file' failed: {text}"),
        (None, "Could not send report"),
    ]


def test_a_broken_provider_beside_a_failed_resource() -> None:
    """Another resource's error is a cause of its own; what Puppet itself logs about the failed one is not."""
    failed = ResourceFailure("Exec[x]", "/Stage[main]/Main/Exec[x]", "change from 'notrun' to ['0'] failed: no")
    log = (
        LogLine("err", "Puppet", "no"),
        LogLine("err", "/Stage[main]/Main/Exec[x]/returns", "change from 'notrun' to ['0'] failed: no"),
        LogLine("err", "/Stage[main]/Main/Package[y]", "Provider git is not functional on this host"),
    )
    failures = worked(failures_of(_run("a"), Report((failed,), log), puppetdb_answers=True))
    assert [(failure.finding.kind, failure.finding.resource) for failure in failures] == [
        ("resource", "Exec[x]"),
        ("run", "Package[y]"),
    ]


@pytest.mark.parametrize(
    ("result", "message", "exit_code"),
    [
        ({"_error": {"msg": "no route", "details": {"exit_code": 126}}}, "no route", 126),
        ({"_error": {"msg": "no route", "details": {"exitcode": 1}}}, "no route", 1),
        ({"_error": "plain text"}, "plain text", None),
        ({"_error": {"kind": "x"}}, "x", None),
        ({"_error": {"details": {"exit_code": 23}}, "stderr": "bye\n"}, "bye", 23),
        ({"_error": {"details": {"exit_code": 23}}}, "exit code 23", 23),
        ({"error": "Invalid task name 'package::status'"}, "Invalid task name 'package::status'", None),
        ({"msg": "Running tasks is not supported"}, "Running tasks is not supported", None),
        (None, "failed without an error", None),
        ("text", "failed without an error", None),
    ],
)
def test_a_failed_task(result: Any, message: str, exit_code: int | None) -> None:
    """The error of a task is read in each form that servers send it."""
    node = EndedNode("a", "failed", result, job_type="task")
    (failure,) = worked(failures_of(node, None, puppetdb_answers=False))
    finding = failure.finding
    assert (finding.kind, finding.message, finding.exit_code, finding.complete) == ("task", message, exit_code, True)


def test_what_a_task_printed_belongs_to_its_cause() -> None:
    """Each line of both streams, unless the reason is one of them."""
    result = {"_error": {"msg": "m"}, "stderr": "e1\ne2\n", "_output": "one\n\ntwo\n"}
    (failure,) = worked(failures_of(EndedNode("a", "failed", result, job_type="task"), None, puppetdb_answers=True))
    log = [(line.level, line.source, line.message) for line in failure.finding.log]
    assert log == [
        ("err", "stderr", "e1"),
        ("err", "stderr", "e2"),
        ("notice", "stdout", "one"),
        ("notice", "stdout", "two"),
    ]
    (failure,) = worked(
        failures_of(EndedNode("a", "failed", {"stderr": "e"}, job_type="task"), None, puppetdb_answers=True)
    )
    assert (failure.finding.message, failure.finding.log) == ("e", ())


@pytest.mark.parametrize("result", [{"stderr": "bye", "exit_code": 23}, {"_error": {"details": {"exit_code": 23}}}])
def test_a_finished_node_with_an_error(result: dict[str, Any]) -> None:
    """A finished node whose result has an error or an exit code other than 0 is included and marked."""
    (cause,) = group(
        worked(failures_of(EndedNode("a", "finished", result, job_type="command"), None, puppetdb_answers=True))
    )
    assert (cause.finding.kind, cause.finding.exit_code, cause.has_finished) == ("command", 23, 1)


@pytest.mark.parametrize(
    "result", [{"stdout": "x", "exit_code": 0}, {"status": "changed"}, None, "text", {"error": ""}]
)
def test_a_node_that_finished_well(result: Any) -> None:
    """A finished node without an error has no cause, and a skipped one has none either."""
    assert worked(failures_of(EndedNode("a", "finished", result), None, puppetdb_answers=True)) == []
    assert worked(failures_of(EndedNode("a", "skipped", result), None, puppetdb_answers=True)) == []


def test_an_errored_node() -> None:
    """The orchestrator's message explains a node that errored, with the error in its result if that says more."""
    text = "Error running puppet on a: a is not connected to the PCP broker"
    node = EndedNode("a", "errored", {"_error": {"msg": "a is not connected to the PCP broker"}}, text)
    (failure,) = worked(failures_of(node, None, puppetdb_answers=False))
    assert (failure.finding.kind, failure.finding.message, failure.finding.complete) == ("errored", text, True)


def test_without_puppetdb_the_counts_are_the_cause() -> None:
    """A failed run without a report is explained by its counts, and is incomplete if PuppetDB could not be queried."""
    (failure,) = worked(failures_of(_run("a"), None, puppetdb_answers=False))
    assert (failure.finding.kind, failure.finding.message) == ("run", "2 of 171 resources failed")
    assert not failure.finding.complete
    empty = EndedNode("a", "failed", {"status": "failed", "metrics": {"total": 0}}, job_type="deploy")
    (failure,) = worked(failures_of(empty, None, puppetdb_answers=False))
    assert (failure.finding.kind, failure.finding.message) == ("catalog", "no catalog was applied")


def test_an_error_of_the_agent_leaves_no_report() -> None:
    """PuppetDB need not be asked about a run that the agent never made."""
    result = {"_error": {"msg": "Puppet agent is disabled"}, "error_type": "agent_disabled"}
    node = EndedNode("a", "failed", result, job_type="deploy")
    (failure,) = worked(failures_of(node, None, puppetdb_answers=False))
    assert not node.has_report
    assert (failure.finding.message, failure.finding.complete) == ("Puppet agent is disabled", True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["_error", "msg", "details", "exit_code", "stderr", "stdout", "status", "metrics", "error"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
LINES = st.builds(
    LogLine,
    st.sampled_from(["err", "notice", "warning", "crit", "odd"]),
    st.sampled_from(["Puppet", "/Stage[main]/Main/Exec[x]/returns", "/Stage[main]/Main/File[/a]", "/]", "/", ""]),
    st.sampled_from(["no", "no\nWrapped exception:\nno", "change from 1 to 2 failed: no", "pid 12", "pid 13", ""]),
)
EVENTS = st.builds(
    ResourceFailure,
    st.sampled_from(["Exec[x]", "File[/a]"]),
    st.sampled_from(["/Stage[main]/Main/Exec[x]", ""]),
    st.sampled_from(["no", ""]),
)
REPORTS = st.none() | st.builds(Report, st.lists(EVENTS, max_size=3).map(tuple), st.lists(LINES, max_size=5).map(tuple))
NODES = st.lists(
    st.tuples(
        st.builds(
            EndedNode,
            st.sampled_from("abcdefgh"),
            st.sampled_from(["failed", "errored", "finished", "skipped", "odd"]),
            JSON,
            st.text(max_size=4),
            job_type=st.sampled_from(["deploy", "task", "command", ""]),
        ),
        REPORTS,
    ),
    max_size=8,
)


@given(pairs=NODES, answers=st.booleans(), shuffle=st.randoms(use_true_random=False))
def test_every_failed_node_has_a_cause_in_any_order(
    *,
    pairs: list[tuple[EndedNode, Report | None]],
    answers: bool,
    shuffle: random.Random,
) -> None:
    """Whatever servers send, exactly the failed nodes are in causes, and the order of arrival does not matter."""
    failures = [
        failure for node, report in pairs for failure in worked(failures_of(node, report, puppetdb_answers=answers))
    ]
    causes = group(failures)
    assert {name for cause in causes for name in cause.nodes} == {node.name for node, _ in pairs if node.has_failed}
    shuffle.shuffle(failures)
    assert group(failures) == causes
    assert [len(cause.nodes) for cause in causes] == sorted((len(cause.nodes) for cause in causes), reverse=True)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", "1234", "12345", "x 1"])), max_size=8))
def test_only_blanks_may_differ(pairs: list[tuple[str, str]]) -> None:
    """Failures are in one group exactly if their texts are equal outside the blanks."""
    causes = group(Failure(node, Finding(CauseKind.TASK, text)) for node, text in pairs)
    assert len(causes) == len({"#" if text.isdigit() else text for _, text in pairs})


def test_the_first_node_is_quoted() -> None:
    """Of texts that differ in their blanks, that of the first node by name is shown, in whatever order they come."""
    failures = [Failure("b", Finding(CauseKind.TASK, "pid 12")), Failure("a", Finding(CauseKind.TASK, "pid 13"))]
    for some in (failures, failures[::-1]):
        (cause,) = group(some)
        assert (cause.finding.message, cause.nodes) == ("pid 13", ("a", "b"))


def test_of_one_nodes_findings_always_the_same_is_shown() -> None:
    """In whatever order they come, even if only the sources of their log lines differ."""
    lines = LogLine("err", "", "pid 12"), LogLine("err", "/Stage[main]", "pid 12")
    with_log = [Failure("a", Finding(CauseKind.TASK, "m", log=(line,))) for line in lines]
    with_report = [Failure("a", Finding(CauseKind.TASK, "m", report=(line,))) for line in lines]
    for failures in (with_log, with_report):
        assert len(group(failures)) == 1
        assert group(failures) == group(failures[::-1])


@pytest.mark.parametrize(
    "other",
    [
        Finding(CauseKind.COMMAND, "m"),
        Finding(CauseKind.TASK, "m", resource="Exec[x]"),
        Finding(CauseKind.TASK, "m", file="/a"),
        Finding(CauseKind.TASK, "m", line=12345),
        Finding(CauseKind.TASK, "m", exit_code=1),
        Finding(CauseKind.TASK, "m", log=(LogLine("err", "stderr", "error: no disk"),)),
    ],
)
def test_what_tells_causes_apart_beside_their_texts(other: Finding) -> None:
    """Kind, resource, file, line and exit code must be equal too, and so must the line that tells most."""
    assert len(group([Failure("a", Finding(CauseKind.TASK, "m")), Failure("b", other)])) == 2


def test_other_lines_of_a_resource_s_log_do_not_tell_causes_apart() -> None:
    """Only the one that tells most does."""

    def failure(node: str, *messages: str) -> Failure:
        log = tuple(LogLine("notice", "/Stage[main]/Exec[x]/returns", message) for message in messages)
        return Failure(node, Finding(CauseKind.RESOURCE, "returned 3", resource="Exec[x]", log=log))

    same = [failure("a", "from mirror one", "E: no Release file"), failure("b", "E: no Release file", "to mirror two")]
    assert len(group(same)) == 1
    assert len(group([*same, failure("c", "from mirror one", "E: no space left")])) == 2


@pytest.mark.parametrize("label", ["db", "pe.example.com"])
def test_a_name_that_others_use_does_not_tell_causes_apart(label: str) -> None:
    """A server that fails like its clients, and a node whose name is a common word, are grouped with the others."""
    text = f"cannot reach {label}: refused"
    failures = [Failure(node, Finding(CauseKind.TASK, text)) for node in (label, "web01", "web02.example.com")]
    assert [cause.nodes for cause in group(failures)] == [tuple(sorted((label, "web01", "web02.example.com")))]
    own = [Failure(node, Finding(CauseKind.TASK, f"cannot reach {node}")) for node in ("a1", "a2")]
    other = Failure("b1", Finding(CauseKind.TASK, "cannot reach a1"))
    assert {cause.nodes for cause in group([*own, other])} == {("a1", "a2"), ("b1",)}


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "db.x"]), st.text("ab d.x1\n", max_size=6)), max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_order_of_failures_does_not_matter(pairs: list[tuple[str, str]], shuffle: random.Random) -> None:
    """Whatever names stand in texts."""
    failures = [Failure(node, Finding(CauseKind.TASK, text)) for node, text in pairs]
    causes = group(failures)
    shuffle.shuffle(failures)
    assert group(failures) == causes
    for cause in causes:
        texts = {text for node, text in pairs if node in cause.nodes and text == cause.finding.message}
        assert texts == {cause.finding.message}


def test_an_error_of_no_node_has_no_node() -> None:
    """A plan's own error is a cause without nodes."""
    (cause,) = group([Failure("", Finding(CauseKind.PLAN, "no"))])
    assert cause.nodes == ()


def test_a_failure_without_a_message_is_explained_by_its_log() -> None:
    """The resource's first error line is its message; debug lines say nothing."""
    failure = ResourceFailure("Exec[a]", "/Stage[main]/Exec[a]", "")
    log = (
        LogLine("debug", failure.path, "running"),
        LogLine("err", failure.path, "it broke"),
    )
    node = EndedNode("n", "failed", FAILED_RUN, job_type="deploy")
    assert node.report_hash == "abc"
    (found,) = worked(failures_of(node, Report((failure,), log), puppetdb_answers=True))
    assert found.finding.message == "it broke"
