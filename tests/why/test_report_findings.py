"""From a run's report to what went wrong: reports of real runs, and what they have in common."""

from dataclasses import replace

import pytest
from support.puppet_reports import parsed_report
from support.steps import worked

from jobevents_cli.why.causes import CauseKind, Finding, Source, group
from jobevents_cli.why.failures import EndedNode, failures_of
from jobevents_cli.why.report import LogLine, Report, ResourceFailure
from jobevents_cli.why.report_findings import findings_of

EXEC = "/Stage[main]/Main/Exec[x]"
FAILED = ResourceFailure("Exec[x]", EXEC, "change from 'notrun' to ['0'] failed: 'x' returned 3 instead of one of [0]")


def _findings(report: Report, *, only_resources: bool = False) -> list[Finding]:
    return worked(findings_of(report, Source.PUPPETDB, only_resources=only_resources))


def _log(*errors: str, source: str = "Puppet", level: str = "err") -> tuple[LogLine, ...]:
    return tuple(LogLine(level, source, error) for error in errors)


def test_a_cycle_heads_its_resources() -> None:
    """It is one cause, with the cycle as Puppet logs it and the resources in it."""
    (finding,) = _findings(parsed_report("cycle", "a"))
    assert (finding.kind, finding.resource) == (CauseKind.RUN, None)
    first, cycle = finding.message.split("\n")
    assert first == "Found 1 dependency cycle:"
    assert cycle == "(Exec[reload app] => Exec[start app] => File[/srv/app-a.conf] => Exec[reload app])"
    assert finding.explained == ("Exec[reload app]", "Exec[start app]", "File[/srv/app-a.conf]")
    assert [line.line for line in finding.log] == [2, 4, 3]


def test_a_cycle_without_its_log() -> None:
    """The log may be too large to be read: then the events say what they can, once."""
    (finding,) = _findings(Report(parsed_report("cycle", "a").failures))
    assert finding.message == "resource is part of a dependency cycle"
    assert len(finding.explained) == 3


def test_several_cycles() -> None:
    """Puppet logs them together; the line breaks between them are two characters."""
    message = "Found 2 dependency cycles:\n(A[a] => A[a])\\n(B[b] => B[b])\\nTry the '--graph' option and so on"
    (finding,) = _findings(
        Report(log=_log(message, "Failed to apply catalog: One or more resource dependency cycles detected in graph"))
    )
    assert finding.message == "Found 2 dependency cycles:\n(A[a] => A[a])\n(B[b] => B[b])"


def test_failed_prefetching_heads_its_resources() -> None:
    """It is one cause, with its reason and the resources of that provider."""
    (finding,) = _findings(parsed_report("prefetch", "a"))
    assert finding.message == (
        "Could not prefetch app_key provider 'file': cannot read /etc/app/keys.json: unexpected token at line 3"
    )
    assert finding.explained == ("App_key[one]", "App_key[three]", "App_key[two]")


def test_a_missing_provider_stands_beside_other_failures() -> None:
    """No resource's event tells of it."""
    resource, provider = _findings(parsed_report("no_provider", "a"))
    assert (resource.resource, [line.message for line in resource.log]) == ("Exec[migrate]", ["schema is locked"])
    assert (provider.kind, provider.message) == (CauseKind.RUN, "Could not find a suitable provider for docker_volume")


def test_real_resources() -> None:
    """Each failed resource has its message, its place and its own log lines. None of Puppet's own errors adds one."""
    service, *others = _findings(parsed_report("service_start", "a"))
    assert (others, service.log) == ([], ())
    assert "FATAL: unknown key lissten" in service.message
    files = _findings(parsed_report("files", "a"))
    assert [finding.resource for finding in files] == [
        "File[/srv/app_app.conf]",
        "File[/srv/app_big.tgz]",
        "File[/srv/app_owner]",
    ]
    assert all(finding.log == () and finding.file for finding in files)
    migrate, check, refresh = _findings(parsed_report("tries", "a"))
    assert [line.message for line in migrate.log] == ["applying step 1", "relation orders does not exist"]
    assert (check.message, check.log) == ("Could not find command '/nonexistent/check'", ())
    assert (refresh.message[:23], [line.message for line in refresh.log]) == (
        "Failed to call refresh:",
        ["E: no Release file"],
    )


@pytest.mark.parametrize(
    "name",
    ["two_causes", "timeout", "locked", "package", "service", "service_start", "missing_directory", "files", "tries"],
)
def test_a_report_whose_events_were_deleted(name: str) -> None:
    """The log alone says the same, an exec's output included, so that both kinds of nodes have the same causes."""
    whole = [parsed_report(name, node) for node in ("a", "b")]
    reports = {"a": whole[0], "b": replace(whole[1], failures=())}
    causes = group(
        failure
        for node, report in reports.items()
        for failure in worked(
            failures_of(EndedNode(node, "failed", {}, job_type="deploy"), report, puppetdb_answers=True)
        )
    )
    assert {cause.nodes for cause in causes} == {("a", "b")}
    assert len(causes) == len(whole[0].failures)


@pytest.mark.parametrize(
    "noise",
    [
        'Facter: error while resolving custom fact "app": undefined method `strip\' for nil:NilClass',
        "Facter: Permission denied @ rb_sysopen - /proc/1/environ",
        "Error while resolving custom fact fact='app', resolution='<anonymous>': no",
        "Could not retrieve fact='app', resolution='<anonymous>': no",
        "Error loading fact /opt/puppetlabs/facter/facts.d/app.rb: no",
        "Could not load fact file /opt/facts/app.rb: no",
    ],
)
def test_errors_of_facts_are_no_causes(noise: str) -> None:
    """They neither head a cause nor split one; all lines of the log are kept for --logs."""
    (finding,) = _findings(Report((FAILED,), _log(noise, "'x' returned 3 instead of one of [0]")))
    assert finding.resource == "Exec[x]"
    assert noise in [line.message for line in finding.report]
    assert _findings(Report(log=_log(noise))) == []


def test_that_no_facts_can_be_had_is_a_cause() -> None:
    """It ends the run."""
    message = "Could not retrieve local facts: no such file"
    assert [finding.message for finding in _findings(Report(log=_log(message)))] == [message]


@pytest.mark.parametrize(
    "repeated",
    [
        "'x' returned 3 instead of one of [0]",
        "'x' returned 3 instead of one of [0]\nWrapped exception:\n'x' returned 3",
        "Failed to apply catalog: 'x' returned 3 instead of one of [0]",
        "Could not evaluate: 'x' returned 3 instead of one of [0]",
    ],
)
def test_what_repeats_a_failure_is_no_cause(repeated: str) -> None:
    """Plain, wrapped, or behind the words of another part of Puppet."""
    assert [finding.resource for finding in _findings(Report((FAILED,), _log(repeated)))] == ["Exec[x]"]


def test_an_error_of_its_own_stands_beside_failures() -> None:
    """What Puppet logs and no resource repeats is a cause, once."""
    own = "Could not run command from postrun_command: /bin/x returned 1"
    resource, other = _findings(Report((FAILED,), _log(own, own, f"{own}\nWrapped exception:\n{own}")))
    assert (resource.kind, other.kind, other.message) == (CauseKind.RESOURCE, CauseKind.RUN, own)
    assert [finding.resource for finding in _findings(Report((FAILED,), _log(own)), only_resources=True)] == ["Exec[x]"]


def test_a_catalog_s_error() -> None:
    """Its last place is its file and line; what only follows from it is not said."""
    place = "(file: /a/manifests/x.pp, line: 12); cannot redeclare (file: /b/manifests/y.pp, line: 30, column: 5)"
    message = (
        f"Could not retrieve catalog from remote server: Error 500 on SERVER: Duplicate declaration: {place} on node a"
    )
    (finding,) = _findings(Report(log=_log("Could not retrieve catalog; skipping run", message)))
    assert (finding.kind, finding.file, finding.line) == (CauseKind.CATALOG, "/b/manifests/y.pp", 30)
    (old,) = _findings(
        Report(log=_log("Could not retrieve catalog from remote server: Syntax error at /a/site.pp:12:3 on node a"))
    )
    assert (old.file, old.line) == ("/a/site.pp", 12)
    (alone,) = _findings(Report(log=_log("Could not retrieve catalog; skipping run")))
    assert (alone.kind, alone.message) == (CauseKind.CATALOG, "Could not retrieve catalog; skipping run")


def test_a_wrapped_exception_that_says_more_is_kept() -> None:
    """It may be the only reason."""
    (finding,) = _findings(Report(log=_log("Could not start\nWrapped exception:\nno permission")))
    assert finding.message == "Could not start\nno permission"


def test_very_many_errors_of_one_run() -> None:
    """The first ones are causes of their own; of the others it is said how many there are."""
    own = _findings(Report(log=_log(*(f"error {number} of its own" for number in range(50)))))
    assert len(own) == 21
    assert own[-1].message == "30 further errors"
    resources = tuple(LogLine("err", f"/Stage[main]/Main/File[/{number}]", "no") for number in range(3000))
    findings = _findings(Report(log=resources))
    assert len(findings) == 2001
    assert findings[-1].message == "1000 further failures of resources"


def test_a_long_log_of_a_resource() -> None:
    """Both of its ends are looked at, and what is left out is said."""
    log = _log(*(f"step {number}" for number in range(50_000)), source=f"{EXEC}/returns", level="notice")
    (finding,) = _findings(Report((FAILED,), log))
    messages = [line.message for line in finding.log]
    assert (messages[0], messages[-1]) == ("step 0", "step 49999")
    assert len(messages) < 20_000
    assert f"… {50_001 - len(messages)} lines left out …" in messages


def test_a_resource_that_is_known_by_its_name_alone() -> None:
    """Reports of apply may name no place in the catalog."""
    failure = ResourceFailure("Exec[x]", "", "failed")
    (finding,) = _findings(Report((failure,), _log("it broke", source=f"{EXEC}/returns", level="notice")))
    assert [line.message for line in finding.log] == ["it broke"]
