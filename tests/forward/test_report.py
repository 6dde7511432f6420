"""What `forward` says on standard error, and the metrics."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.events import event_of

from jobevents_cli.following.notices import ContactLost
from jobevents_cli.forward.command import Ended
from jobevents_cli.forward.report import Report, ReportOptions
from jobevents_cli.model.job_ref import JobRef

JOB = JobRef.job(352)


def _report(said: list[str], **options: Any) -> Report:
    return Report("send", ReportOptions(**options), said.append, 100.0)


def test_why_a_batch_was_refused() -> None:
    """The receiver's status, the signal that ended it, or that it took too long."""
    said: list[str] = []
    report = _report(said)
    report.refused(Ended(3, "full"), None)
    report.refused(Ended(-9, ""), None)
    report.refused(Ended(-9, ""), 60.0)
    report.recovered(125.0)
    assert said == [
        "jobevents: send exited with 3: full; the batch is sent again until it is taken",
        "jobevents: send was ended by signal 9; the batch is sent again until it is taken",
        "jobevents: send took longer than 1m 00s and was killed; the batch is sent again until it is taken",
        "jobevents: send takes batches again after 2m 05s",
    ]


def test_which_event_is_refused() -> None:
    """By its id and its job, with what the receiver said; one that is given up is printed as JSON in ASCII."""
    said: list[str] = []
    report = _report(said)
    report.blamed(JOB, event_of({"id": "7"}), "no")
    report.blamed(JOB, event_of({}), "")
    report.given_up('{"job":"352","message":"grün"}\n'.encode())
    assert said[:2] == [
        "jobevents: send refuses event 7 of job 352, sent alone: no",
        "jobevents: send refuses an event without id of job 352, sent alone",
    ]
    assert said[3] == '{"job":"352","message":"gr\\u00fcn"}'
    assert json.loads(said[3])["message"] == "grün"


def test_the_status_line() -> None:
    """Every 30 s, and whenever it is wanted."""
    said: list[str] = []
    report = _report(said, stats_every=30.0)
    report.figures(129.9, jobs=2, lag=0.0, wants_status=False)
    assert said == []
    report.delivered = 1
    report.figures(130.0, jobs=2, lag=90.0, wants_status=False)
    report.figures(131.0, jobs=1, lag=0.0, wants_status=True)
    report.figures(159.0, jobs=1, lag=0.0, wants_status=False)
    assert said == [
        "jobevents: 2 jobs followed, 1 event delivered, lag 1m 30s, 0 failed batches",
        "jobevents: 1 job followed, 1 event delivered, lag 0s, 0 failed batches",
    ]


def test_the_metrics_are_what_prometheus_reads(tmp_path: Path) -> None:
    """Names, types and values, by Prometheus's own parser; the file keeps its mode, so that others may read it."""
    parser = pytest.importorskip("prometheus_client.parser")
    path = tmp_path / "jobevents.prom"
    report = _report([], name="siem", metrics=path)
    report.figures(100.0, jobs=0, lag=0.0, wants_status=False)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    report.delivered, report.failed = 12, 1
    report.outages.note(JOB, "", [ContactLost("refused", 60.0, had_contact=True)])
    report.figures(109.0, jobs=2, lag=1.5, wants_status=False)
    report.figures(110.0, jobs=2, lag=1.5, wants_status=False)
    assert path.stat().st_mode & 0o777 == 0o644
    families = list(parser.text_string_to_metric_families(path.read_text()))
    samples = [sample for family in families for sample in family.samples]
    assert {sample.name.removeprefix("jobevents_forward_"): sample.value for sample in samples} == {
        "events_delivered_total": 12,
        "failed_batches_total": 1,
        "jobs_followed": 2,
        "lag_seconds": 1.5,
        "since_accepted_seconds": 10,
        "orchestrator_up": 0,
    }
    assert all(sample.labels == {"name": "siem"} for sample in samples)
    assert [family.type for family in families] == ["counter"] * 2 + ["gauge"] * 4
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
