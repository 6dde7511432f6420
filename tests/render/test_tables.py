"""Tables: which columns fit, how they are cut, how times and counts are written."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from support.colors import colored

from jobevents_cli.model.job import Job
from jobevents_cli.model.plan import Plan
from jobevents_cli.render.styles import painted, plain, width
from jobevents_cli.render.tables import Column, View, cell, ordered_counts, table
from jobevents_cli.render.times import TimeFormat
from jobevents_cli.show.tables import jobs_table

TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXT = st.text(max_size=30)


def _view(columns: int | None = None, *, choice: str = "utc", symbols: bool = True) -> View:
    time = None if choice == "none" else TimeFormat(UTC, short=columns is not None, today=TODAY)
    console = None
    if columns:
        console = Console(file=io.StringIO(), width=columns, force_terminal=True, color_system=None)
    return View(time, console, symbols=symbols)


def _table(view: View, *jobs: Job) -> str:
    return "".join(f"{line}\n" for line in jobs_table(jobs, TODAY.timestamp(), view))


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
    columns = (Column("ID"), Column("WORD", least=6, keep=2), Column("EXTRA", keep=1))
    row = [cell("1"), cell("a-long-word"), cell("xxxxx")]

    def lines(width: int) -> list[str]:
        return list(table(columns, [row], _view(width)))

    assert lines(30) == ["ID  WORD         EXTRA", "1   a-long-word  xxxxx"]
    assert lines(20) == ["ID  WORD       EXTRA", "1   a-long-w…  xxxxx"]
    assert lines(16) == ["ID  WORD", "1   a-long-word"]
    assert lines(11) == ["ID  WORD", "1   a-long…"]
    assert lines(9) == ["ID  EXTRA", "1   xxxxx"]
    assert lines(8) == ["ID", "1"]


@given(
    rows=st.lists(st.tuples(TEXT, TEXT, TEXT, st.integers(0, 2**63 - 1)), min_size=1, max_size=4),
    columns=st.integers(58, 200),
)
def test_every_table_fits(rows: list[tuple[str, str, str, int]], columns: int) -> None:
    """Whatever the names, no row is wider than the terminal, and none loses its number."""
    jobs = [
        _job(number, type=kind, environment={"name": environment}, owner={"login": owner})
        for kind, environment, owner, number in rows
    ]
    lines = _table(_view(columns), *jobs).splitlines()
    assert all(width(line) <= columns for line in lines)
    assert [line.split()[0] for line in lines[1:]] == [str(row[3]) for row in rows]


def test_everything_fits_80_columns() -> None:
    """An ordinary job loses no column there."""
    header, row = _table(_view(80), _job()).splitlines()
    assert header.split() == ["ID", "STATE", "TYPE", "TARGET", "OWNER", "NODES", "STARTED", "TOOK"]
    assert row == "352  ✘ failed  deploy  production  admin  ✔288 ✘12  09:00:00   42s"


def test_ascii_only() -> None:
    """Where the output has no other characters, symbols and ellipses are ASCII."""
    text = _table(_view(72, symbols=False), _job(environment={"name": "a-very-long-environment"}))
    assert text.isascii()
    assert "a-very-long-envi" in text


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
    text = _table(View(paint=colored), _job(1), _job(222, state="finished"))
    assert "\x1b[1;31mfailed\x1b[0m    deploy" in text


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
    assert _table(_view(), plan) == (
        "     ID  STATE    PLAN             ENVIRONMENT  OWNER  JOBS                  STARTED  TOOK\n"
        "plan/12  success  deploy::rolling  -            -      finished 1, failed 1  -          5s\n"
    )
