"""Tables: which columns fit, how they are cut, how times and counts are written."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.model.job import Job
from jobevents_cli.model.plan import Plan
from jobevents_cli.render.job_details import ordered_counts
from jobevents_cli.render.styles import colored, painted, plain, width
from jobevents_cli.render.tables import Column, View, jobs_table, table
from jobevents_cli.render.times import time_format

TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXT = st.text(max_size=30)


def _view(columns: int | None = None, *, choice: str = "utc", symbols: bool = True) -> View:
    time = time_format(choice, short=columns is not None, today=TODAY)
    return View(columns, time, TODAY.timestamp(), symbols=symbols)


def _job(number: int = 352, **more: Any) -> Job:
    return Job(
        {
            "name": str(number),
            "state": "failed",
            "type": "deploy",
            "environment": {"name": "production"},
            "owner": {"login": "admin"},
            "created_timestamp": "2026-11-23T09:00:00Z",
            "node_states": {"failed": 12, "finished": 288},
            "duration": 42,
            **more,
        }
    )


def test_a_column_is_cut_before_one_is_left_out() -> None:
    """The columns that matter least give way first; those that must stay never do."""
    columns = (Column("ID", keep=9), Column("WORD", least=6, keep=2), Column("EXTRA", keep=1))
    row = [[("1", "")], [("a-long-word", "")], [("xxxxx", "")]]
    assert table(columns, [row], _view(30)) == "ID  WORD         EXTRA\n1   a-long-word  xxxxx\n"
    assert table(columns, [row], _view(20)) == "ID  WORD       EXTRA\n1   a-lo…word  xxxxx\n"
    assert table(columns, [row], _view(16)) == "ID  WORD\n1   a-long-word\n"
    assert table(columns, [row], _view(11)) == "ID  WORD\n1   a-l…ord\n"
    assert table(columns, [row], _view(8)) == "ID\n1\n"


@given(
    rows=st.lists(st.tuples(TEXT, TEXT, TEXT, st.integers(0, 2**63 - 1)), min_size=1, max_size=4),
    columns=st.integers(56, 200),
)
def test_every_table_fits(rows: list[tuple[str, str, str, int]], columns: int) -> None:
    """Whatever the names, no row is wider than the terminal, and none loses its number."""
    jobs = [
        _job(number, type=kind, environment={"name": environment}, owner={"login": owner})
        for kind, environment, owner, number in rows
    ]
    lines = jobs_table(jobs, _view(columns)).splitlines()
    assert all(width(line) <= columns for line in lines)
    assert [line.split()[0] for line in lines[1:]] == [str(row[3]) for row in rows]


def test_everything_fits_80_columns() -> None:
    """An ordinary job loses no column there."""
    header, row = jobs_table([_job()], _view(80)).splitlines()
    assert header.split() == ["ID", "STATE", "TYPE", "ENVIRONMENT", "OWNER", "NODES", "STARTED", "TOOK"]
    assert row == "352  ✘ failed  deploy  production   admin  ✔288 ✘12  09:00:00   42s"


def test_ascii_only() -> None:
    """Where the output has no other characters, symbols and ellipses are ASCII."""
    text = jobs_table([_job(environment={"name": "a-very-long-environment"})], _view(72, symbols=False))
    assert text.isascii()
    assert "a-very-..ronment" in text


@pytest.mark.parametrize(
    ("columns", "timestamp", "text"),
    [
        (80, "2026-11-23T09:00:00Z", "09:00:00"),
        (80, "2026-11-22T09:00:00Z", "11-22 09:00"),
        (None, "2026-11-22T09:00:00Z", "2026-11-22T09:00:00Z"),
        (80, "soon", "soon"),
        (None, "\x1b[2J", "\\x1b[2J"),
        (80, None, "-"),
        (80, 17, "-"),
    ],
)
def test_times(columns: int | None, timestamp: object, text: str) -> None:
    """On a terminal the day is named unless it is today; what is no time is shown escaped."""
    assert _view(columns).short_moment(timestamp) == text


def test_without_times() -> None:
    """`--time none` leaves them out."""
    assert _view(80, choice="none").short_moment("2026-11-22T09:00:00Z") == "-"


def test_counts() -> None:
    """Their order is fixed; zero is left out; off a terminal they are words."""
    counts = {"new": 1, "failed": 2, "zombie\x1b": 3, "finished": 0, "errored": 4, "skipped": 5}
    assert [state for state, _ in ordered_counts(counts)] == ["failed", "errored", "skipped", "new", "zombie\x1b"]
    assert painted(_view().counts(counts, words=False), plain) == "failed 2, errored 4, skipped 5, new 1, zombie\\x1b 3"
    assert painted(_view(80).counts({"failed": 2, "skipped": 5}, words=True), plain) == "✘ 2 failed  ↷ 5 skipped"


def test_colours_do_not_move_columns() -> None:
    """Painted and plain tables differ in escapes alone."""
    view = View(80, None, 0.0, paint=colored)
    text = jobs_table([_job(1), _job(222, state="finished")], view)
    assert "\x1b[1;31m✘ failed\x1b[0m    deploy" in text


def test_plans_have_their_own_form() -> None:
    """`plan/12` can be pasted as JOB; the plan's name and its jobs' states replace type and nodes."""
    plan = Plan(
        {
            "name": "12",
            "state": "success",
            "options": {"plan_name": "deploy::rolling"},
            "status": {"1": ["finished"], "2": [{"state": "failed"}]},
            "duration": 5,
        }
    )
    assert jobs_table([plan], _view()) == (
        "     ID  STATE    PLAN             ENVIRONMENT  OWNER  JOBS                  STARTED  TOOK\n"
        "plan/12  success  deploy::rolling  -            -      finished 1, failed 1  -          5s\n"
    )
