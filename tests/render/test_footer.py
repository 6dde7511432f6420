"""The footer: at most three rows, at any width."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import event_of

from jobevents_cli.model.event import Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.progress import Progress
from jobevents_cli.render.footer import footer
from jobevents_cli.render.styles import width


def _event(kind: str, node: str, at: int) -> Event:
    return event_of({"type": kind, "timestamp": f"2026-11-23T02:41:{at:02d}Z", "details": {"node": node}})


def _progress(*, nodes: int = 14, created: str = "2026-11-23T02:41:10Z") -> Progress:
    progress = Progress()
    progress.take_job(Job({"state": "running", "node_count": nodes, "created_timestamp": created}))
    for number in range(8):
        progress.take(_event("node_running", f"web{number}.example.com", 11 + number))
    progress.take(_event("node_finished", "web0.example.com", 20))
    progress.take(_event("node_failed", "web1.example.com", 21))
    progress.take(_event("node_skipped", "db1.example.com", 22))
    return progress


NOW = datetime(2026, 11, 23, 2, 41, 34, tzinfo=UTC).timestamp()


def _rows(*jobs: Progress, columns: int = 80, symbols: bool = True, waits: bool = False) -> list[str]:
    text = footer(jobs, now=NOW, columns=columns, symbols=symbols, waits_for_jobs=waits)
    return text.plain.split("\n") if text else []


def test_bar_running_and_failed() -> None:
    """Done of all with the counts, who has been running longest, who failed; skipped nodes did not fail."""
    assert _rows(_progress()) == [
        "━━━━━━────────────────────────  3/14  ✔ 1  ✘ 1  ↷ 1  ▶ 6   24s",
        "running: web2.example.com 21s, web3.example.com 20s … and 4 more",
        "failed: web1.example.com",
    ]


def test_ascii() -> None:
    """An output without the symbols gets others."""
    assert _rows(_progress(), symbols=False, columns=60) == [
        "######......................  3/14  + 1  x 1  ~ 1  > 6   24s",
        "running: web2.example.com 21s ... and 5 more",
        "failed: web1.example.com",
    ]
    assert all(row.isascii() for row in _rows(_progress(), symbols=False))


def test_before_anything_is_known() -> None:
    """No total, no bar; no nodes, no further rows."""
    assert _rows(Progress()) == ["0 done"]
    assert _rows() == []
    assert _rows(waits=True) == ["0 jobs  0 done"]


def test_the_longest_running_come_first_in_whatever_order_they_started() -> None:
    """Starts may come out of order, twice, or without a time; nodes that ended are not named."""
    progress = Progress()
    for node, at in (("web2", 20), ("web1", 15), ("web3", 30), ("web1", 15), ("db1", 10), ("web4", 12)):
        progress.take(_event("node_running", node, at))
    progress.take(event_of({"type": "node_running", "details": {"node": "app1"}}))
    progress.take(_event("node_finished", "db1", 31))
    assert _rows(progress)[1] == "running: web4 22s, web1 19s, web2 14s, web3 4s, app1"
    progress.take(_event("node_finished", "web4", 32))
    assert _rows(progress)[1] == "running: web1 19s, web2 14s, web3 4s, app1"


def test_the_longest_running_of_many_jobs_are_named() -> None:
    """Of 50 jobs the nodes that run longest are named, although they are all in one."""
    jobs = [Progress() for _ in range(50)]
    for number, job in enumerate(jobs):
        job.take(_event("node_running", f"new{number}", 33))
    for number in range(5):
        jobs[40].take(_event("node_running", f"old{number}", 10 + number))
    assert _rows(*jobs)[1].startswith("running: old0 24s, old1 23s, old2 22s, old3 21s, old4 20s, new")


def test_several_jobs_are_one_footer() -> None:
    """Their counts are added up; the longest running of all come first."""
    other = _progress(created="2026-11-23T02:41:00Z")
    rows = _rows(_progress(), other)
    assert "2 jobs  6/28  ✔ 2  ✘ 2  ↷ 2  ▶ 12   34s" in rows[0]
    assert rows[1].startswith("running: web2.example.com 21s, web2.example.com 21s … and 10 more")
    lost = _progress()
    lost.is_lost = True
    lost.take(_event("job_stopping", "", 23))
    assert "3/14  contact lost  stopping  ✔ 1" in _rows(lost)[0]


def test_many_failed_nodes_are_a_row() -> None:
    """Those that fit are named, the rest is the mark; the counts are in the first row."""
    progress = _progress(nodes=5000)
    for number in range(3000):
        progress.take(_event("node_errored", f"db{number}.example.com", 30))
    rows = _rows(progress)
    assert len(rows) == 3
    assert rows[2].startswith("failed: web1.example.com, db0.example.com, ")
    named = rows[2].count(",") + 1
    assert rows[2].endswith(f" … and {3001 - named} more")
    assert "‼ 3000" in rows[0]


@pytest.mark.parametrize("symbols", [True, False])
@given(columns=st.integers(1, 200), names=st.lists(st.text(min_size=1, max_size=60), max_size=6))
def test_any_width_is_kept(*, columns: int, names: list[str], symbols: bool) -> None:
    """Every row fits, whatever the names contain."""
    progress = Progress()
    for number, name in enumerate(names):
        progress.take(_event("node_running", name, number))
        progress.take(_event("node_failed", name[::-1], number))
    rows = _rows(progress, columns=columns, symbols=symbols)
    assert len(rows) <= 3
    assert all(width(row) <= columns for row in rows)
