"""One event as a line: off a terminal one line, on a terminal columns that do not move."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.colors import colored
from support.events import event_of
from support.json_shapes import DETAIL, JSON

from jobevents_cli.model.event import Event
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.render.event_line import TextLines
from jobevents_cli.render.rows import Rows
from jobevents_cli.render.styles import width
from jobevents_cli.render.times import TimeFormat

Golden = Callable[[str, str], None]
TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
JOB = JobRef.job(352)
PLAN = JobRef.plan(12)
REPORT = "https://pe.example.com/#/run/jobs/352/nodes/{}/report"
CODES = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;;[^\x1b]*\x1b\\")


def _event(time: str, kind: str, node: str = "", detail: Any = None, message: str = "") -> Event:
    details = {"node": node, "detail": detail} if node else {}
    return event_of({"type": kind, "timestamp": f"2026-11-{time}Z", "details": details, "message": message})


def _run(status: str, node: str = "", **metrics: int) -> dict[str, Any]:
    link = {"report-url": REPORT.format(node)} if node else {}
    return {"noop": False, "status": status, "metrics": {"total": 171, **metrics}, **link}


CACHE = "cache01.example.com"
SKIPPED = f"Skipped queue02.example.com: its dependency {CACHE} failed"
LONG = "ip-10-20-30-40.eu-west-1.compute.internal"
EVENTS: list[tuple[Event, float | None]] = [
    (_event("23T02:41:17", "node_running", "web01.example.com", {"noop": False}, "Started puppet run"), None),
    (_event("23T02:41:19", "node_finished", "db01.example.com", _run("changed", "db01.example.com", changed=1)), 2),
    (_event("23T02:41:20", "node_failed", CACHE, _run("failed", CACHE, failed=2)), 3),
    (
        _event("23T02:41:22", "node_skipped", "queue02.example.com", {}, SKIPPED),
        None,
    ),
    (_event("23T02:42:22", "node_finished", "web02.example.com", _run("unchanged")), 62),
    (_event("23T02:42:23", "node_finished", LONG, _run("changed", changed=12)), 754),
    (_event("23T02:42:24", "node_finished", "cmd01.example.com", {"stderr": "bye", "_error": {"msg": "x"}}), 1),
    (_event("23T02:42:25", "job_stopping", message="Stop requested by jane"), None),
    (_event("24T00:00:01", "job_finished", message="Job 352 finished"), None),
]
"""Events as in a deployment, with the seconds that the node took."""


def _lines(columns: int | None, *, tagged: bool = False, **options: Any) -> TextLines:
    rows = None
    if columns is not None:
        highlight = [re.compile(pattern) for pattern in options.pop("highlight", ())]
        rows = Rows(columns, paint=options.get("paint") or (lambda text, _: text), highlight=highlight)
    time = TimeFormat(UTC, short=columns is not None, today=TODAY)
    return TextLines(time=time, rows=rows, tagged=tagged, **options)


def _know(lines: TextLines, refs: Iterable[JobRef] = (), nodes: Iterable[str] = ()) -> None:
    if lines.rows:
        lines.rows.know_tags(map(str, refs))
        lines.rows.know_nodes(nodes)


def _text(lines: TextLines, events: Iterable[tuple[Event, float | None]], ref: JobRef = JOB) -> str:
    return "".join(lines.line(event, ref, took).decode() for event, took in events)


@pytest.mark.parametrize("columns", [80, 40, 60])
def test_a_deployment_on_a_terminal(golden: Golden, columns: int) -> None:
    """At 80 columns an ordinary event is one row, and the columns do not move; at 40 nothing is lost."""
    lines = _lines(columns)
    _know(lines, nodes=[CACHE, "db01.example.com"])
    text = _text(lines, EVENTS)
    golden(f"screen-events-{columns}.txt", text)
    rows = [row for row in text.splitlines() if "https://" not in row]
    assert max(width(row) for row in rows if LONG not in row or columns > 41) <= columns


def test_off_a_terminal_columns_are_separated_by_two_spaces() -> None:
    """Time, status, node, how long it took, what happened, link: blank if not known, and never padded."""
    shown = [line.split("  ") for line in _text(_lines(None), EVENTS).splitlines()]
    assert shown[0] == ["2026-11-23T02:41:17Z", "▶ running", "web01.example.com"]
    assert shown[1] == ["2026-11-23T02:41:19Z", "✔ finished", "db01.example.com", "2s", "changed 1 of 171"]
    assert shown[2][1:] == ["✘ failed", CACHE, "3s", "failed 2 of 171", REPORT.format(CACHE)]
    assert shown[3][1:] == ["↷ skipped", "queue02.example.com", "", SKIPPED]
    assert shown[7][1:] == ["■ stopping", "job 352", "", "Stop requested by jane"]


def test_several_jobs_have_a_column_for_the_job() -> None:
    """The job is behind the status; an event of the job itself does not repeat it."""
    shown = [line.split("  ") for line in _text(_lines(None, tagged=True), EVENTS).splitlines()]
    assert shown[0][1:] == ["▶ running", "352", "web01.example.com"]
    assert shown[7][1:] == ["■ stopping", "352", "", "", "Stop requested by jane"]
    on_terminal = _lines(80, tagged=True)
    _know(on_terminal, refs=[JobRef.job(7), JobRef.job(1234)])
    _know(on_terminal, nodes=[CACHE])
    rows = _text(on_terminal, EVENTS[:2]).splitlines()
    assert rows[1] == "02:41:19  ✔ finished  352   db01.example.com       2s  changed 1 of 171"


def test_columns_are_fixed_with_the_first_line() -> None:
    """Names that become known later do not move the columns."""
    lines = _lines(80)
    _know(lines, nodes=["db01.example.com"])
    before = _text(lines, EVENTS[1:2])
    _know(lines, nodes=["a-much-longer-name.example.com"])
    assert _text(lines, EVENTS[1:2]) == before


def test_nodes_of_jobs_that_start_later_find_room() -> None:
    """The first line of a plan names no node: the events of its jobs fit on a row of 80 columns all the same."""
    plan = JobRef.plan(12)
    lines = TextLines(time=TimeFormat(UTC, short=True, today=TODAY), rows=Rows(80), tagged=True)
    _know(lines, refs=[plan])
    lines.line(_event("23T02:41:16", "out_message"), plan)
    finished = _event("23T02:41:17", "node_finished", "db01.example.com", {"_output": "12 tables migrated\n"})
    row = lines.line(finished, JobRef.job(2), 1).decode()
    assert row == "02:41:17  ✔ finished  2        db01.example.com       1s  12 tables migrated\n"


def test_a_long_certname_leaves_an_event_readable(golden: Golden) -> None:
    """At 80 columns an ordinary event is one row; where fewer than 30 are left for a text, it goes below."""
    nodes = [f"prod-eu-west-1-appserver-{at}.corp.lan" for at in range(1, 4)]
    assert len(nodes[0]) == 35
    lost = f"Error running puppet on {nodes[1]}: {nodes[1]} is not connected to the PCP broker"
    see = "see https://support.example.com/hc/en-us/articles/360046813574-timeouts-of-the-agent for more"
    events: list[tuple[Event, float | None]] = [
        (_event("23T02:41:17", "node_running", nodes[0]), None),
        (_event("23T02:41:19", "node_finished", nodes[0], _run("unchanged")), 62),
        (_event("23T02:41:20", "node_errored", nodes[1], {}, lost), 3),
        (_event("23T02:41:21", "node_skipped", nodes[2], {}, see), None),
        (
            _event("23T02:41:22", "node_finished", "a-node-that-nobody-knew.department.example.com", _run("unchanged")),
            2,
        ),
        (_event("23T02:41:23", "node_finished", nodes[0], _run("changed", changed=4)), 72),
        (_event("23T02:41:23", "node_finished", nodes[0], _run("changed", changed=120, corrective_change=3)), 754),
    ]
    text = ""
    for columns in (80, 40, 120):
        lines = _lines(columns)
        _know(lines, nodes=nodes)
        text += f"{columns} columns\n{_text(lines, events)}\n"
    golden("screen-long-names.txt", text)


@pytest.mark.parametrize("columns", [45, 60])
def test_nodes_stay_in_their_column_on_a_narrow_screen(columns: int) -> None:
    """Where a line has no room for columns, the nodes are still below each other."""
    lines = TextLines(time=TimeFormat(UTC, short=True, today=TODAY), rows=Rows(columns))
    _know(lines, nodes=[event.node for event, _ in EVENTS[:2]])
    rows = [lines.line(event, JOB, took).decode() for event, took in EVENTS[:2]]
    assert [row.index(event.node) for row, (event, _) in zip(rows, EVENTS, strict=False)] == [22, 22]


def test_a_row_says_where_the_day_changes() -> None:
    """Before the first event, if it is not today's; off a terminal the time contains it."""
    text = _text(_lines(80, paint=colored), EVENTS[-2:])
    assert [row for row in text.splitlines() if "2026" in row] == ["\x1b[2m2026-11-24 UTC\x1b[0m"]
    old = [(_event("22T02:41:17", "node_running", "n1"), None), *EVENTS[:1]]
    assert [row[:14] for row in _text(_lines(80), old).splitlines()] == [
        "2026-11-22 UTC",
        "02:41:17  ▶ ru",
        "2026-11-23 UTC",
        "02:41:17  ▶ ru",
    ]
    assert len(_text(_lines(None), old).splitlines()) == 2


def test_only_failures_show_their_report() -> None:
    """Failed, errored, skipped nodes, and those that finished with an error."""
    for kind, detail in (("failed", {}), ("errored", {}), ("skipped", {}), ("finished", {"_error": {"msg": "no"}})):
        event = _event("23T02:41:19", f"node_{kind}", "n1", {**detail, "report-url": "https://x/y"}, "m")
        assert _text(_lines(None), [(event, None)]).endswith("  https://x/y\n")
    good = _event("23T02:41:19", "node_finished", "n1", {"status": "changed", "report-url": "https://x/y"})
    assert "https://" not in _text(_lines(None), [(good, None)])


@pytest.mark.parametrize(
    ("link", "is_hyperlink"),
    [
        ("https://pe.example.com/#/x", True),
        ("http://pe.example.com/#/x", True),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("https://x/\x1b]8;;evil", False),
        ("HTTPS://x/\u202e", False),
    ],
)
def test_only_web_addresses_become_hyperlinks(link: str, *, is_hyperlink: bool) -> None:
    """Other schemes can start programs; an address with an escape in it is not the server's."""
    lines = TextLines(rows=Rows(80, paint=colored, links=True, has_time=False), paint=colored)
    event = _event("23T02:41:19", "node_failed", "n1", {"report-url": link}, "m")
    shown = lines.line(event, JOB).decode()
    assert ("\x1b]8;;" in shown) is is_hyperlink
    if is_hyperlink:
        assert f"\x1b]8;;{link}\x1b\\" in shown
        assert CODES.sub("", shown).splitlines()[-1].strip() == link


def test_a_report_that_does_not_fit_begins_at_the_edge() -> None:
    """It is never shortened or broken: the terminal's own wrapping keeps it whole for copying."""
    rows = _text(_lines(50), EVENTS[2:3]).splitlines()
    assert rows[-1] == REPORT.format(CACHE)
    assert _text(_lines(81), EVENTS[2:3]).splitlines()[-1] == " " * 10 + REPORT.format(CACHE)


def test_what_grep_looked_for_stands_out() -> None:
    """Where it matched only in the message, the message is shown too."""
    event = _event("23T02:41:19", "node_finished", "n1", _run("changed", changed=4), "Finished on n1 - Success!")
    shown = _text(_lines(80, paint=colored, highlight=["chang", "n1"]), [(event, 2)])
    assert "\x1b[1;7mn1\x1b[0m" in shown
    assert "\x1b[1;7mchang\x1b[0med 4 of 171" in shown
    assert "Success" not in shown
    shown = _text(_lines(80, paint=colored, highlight=["Succ"]), [(event, 2)])
    assert "\x1b[1;7mSucc\x1b[0mess!" in shown
    assert "reverse" not in _text(_lines(80, highlight=["x*"]), [(event, 2)])


def test_changed_differs_from_unchanged_without_colours() -> None:
    """And a node that finished with an error does not look like a good one."""
    lines = _text(_lines(None), [EVENTS[1], EVENTS[4], EVENTS[6]]).splitlines()
    assert ["  changed 1 of 171" in line for line in lines] == [True, False, False]
    assert ["  unchanged" in line for line in lines] == [False, True, False]
    assert "✘ finished" in lines[2]
    assert "with an error: x" in lines[2]


def test_nothing_says_finished_about_a_failed_job() -> None:
    """The type job_finished says that the job ended; the summary says how."""
    end = EVENTS[-1]
    assert _text(_lines(None), [end]) == "2026-11-24T00:00:01Z  ■ ended  job 352\n"
    assert _text(_lines(80), [end]).splitlines()[-1] == "00:00:01  ■ ended     job 352"
    assert _text(_lines(None, tagged=True), [end]) == "2026-11-24T00:00:01Z  ■ ended  352\n"


PLAN_EVENTS = [
    {"type": "task_start", "details": {"job-id": 69}},
    {"type": "out_message", "details": {"message": "Rolling out to all web servers, one by one\nThis takes a while"}},
    {"type": "plan_start", "details": {"plan": "profile::restart"}},
    {"type": "script_start", "details": {"job-id": "70"}},
    {"type": "plan_end", "details": {"plan": "profile::restart", "duration": 3.2}},
    {
        "type": "plan_failed",
        "details": {
            "result": {
                "msg": "Plan aborted: run_task 'x' failed on 2 targets",
                "details": {"result_set": [{"target": "db01.example.com"}, {"target": "db02.example.com"}]},
            }
        },
    },
]


@pytest.mark.parametrize("columns", [80, 40, None])
def test_a_plans_own_lines(golden: Golden, columns: int | None) -> None:
    """They differ from those of its jobs; messages keep their line breaks, sub-plans are indented."""
    lines = _lines(columns, tagged=True)
    _know(lines, refs=[PLAN, JobRef.job(69)])
    _know(lines, nodes=["web01.example.com"])
    time = {"timestamp": "2026-11-23T02:41:17Z"}
    events = [(event_of({**event, **time}), None) for event in PLAN_EVENTS]
    text = _text(lines, events[:1], PLAN) + _text(lines, EVENTS[:1], JobRef.job(69)) + _text(lines, events[1:], PLAN)
    golden(f"plan-lines-{columns or 'pipe'}.txt", text)


def test_a_message_cannot_forge_a_line() -> None:
    """Off a terminal its line breaks are escapes: an event is one line."""
    forged = event_of({"type": "out_message", "details": {"message": "a\n2026-11-23T02:41:17Z  ✔ finished  db01"}})
    assert _text(_lines(None), [(forged, None)], PLAN).count("\n") == 1


def test_an_encoding_without_the_symbols_gets_escapes() -> None:
    """Nothing that an output cannot encode is a crash."""
    event = _event("23T02:41:19", "node_skipped", "nöde", {}, "déjà")
    line = _lines(None, encoding="ascii", symbols=False).line(event, JOB)
    assert line == b"2026-11-23T02:41:19Z  ~ skipped  n\\xf6de    d\\xe9j\\xe0\n"


@given(JSON, DETAIL, st.sampled_from(["node_finished", "node_failed", "job_finished", "plan_failed", "", "odd\x1b"]))
def test_no_event_is_a_crash_or_a_second_line(raw: Any, detail: Any, kind: str) -> None:
    """Whatever JSON a server sends: one line off a terminal, rows that fit on one, and no control character."""
    details = {"node": str(raw), "detail": detail}
    for value in (raw, detail, {"type": kind, "details": details, "message": str(raw), "timestamp": str(raw)}):
        event = event_of(value)
        for ref in (JOB, PLAN):
            assert isinstance(_lines(None, tagged=True).line(event, ref, 3.0), bytes)
        line = _lines(None).line(event, JOB, 3.0).decode()
        assert line.endswith("\n")
        assert line[:-1].isprintable() or not [c for c in line[:-1] if ord(c) < 32 or 126 < ord(c) < 160]
        for columns in (80, 24):
            rows = _lines(columns).line(event, JOB, 3.0).decode().splitlines()
            assert not [row for row in rows[1:] if width(row) > columns and len(row.split(" ")) > 1]
