"""Saves where `tail plan/ID --resume` continues: the plan and its jobs, in one file, at once."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from jobevents_cli.following.position import Cursor
from jobevents_cli.model.json_values import as_id
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.state.cursor_file import CursorFile, cursor_of, document_of


class PlanCursor(NamedTuple):
    """Where following a plan and its jobs continues."""

    plan: Cursor
    jobs: Mapping[int, Cursor]
    """The jobs whose events are not all printed yet, by number."""
    ended: Mapping[int, Outcome | None]
    """The jobs that are printed completely, and how they ended, if that is known."""


class PlanCursorFile:
    """The cursor of one plan and its jobs."""

    def __init__(self, file: CursorFile) -> None:
        """Save it in *file*."""
        self._file = file

    def close(self) -> None:
        """Let other processes have the cursor."""
        self._file.close()

    def load(self) -> PlanCursor | None:
        """What was saved last; None if nothing was. UsageProblem if the file is damaged or cannot be read."""
        return self._file.load(_plan_cursor)

    def save(self, cursor: PlanCursor) -> str | None:
        """Replace the file. A warning, once, if that fails: the file is then unchanged."""
        jobs = {str(number): document_of(job) for number, job in cursor.jobs.items()}
        ended = {str(number): None if outcome is None else outcome.value for number, outcome in cursor.ended.items()}
        return self._file.save(cursor.plan, {"jobs": jobs, "ended": ended})


def _plan_cursor(document: Any) -> PlanCursor:
    jobs = {_number(name): cursor_of(job) for name, job in document.get("jobs", {}).items()}
    ended = {
        _number(name): None if outcome is None else Outcome(outcome)
        for name, outcome in document.get("ended", {}).items()
    }
    return PlanCursor(cursor_of(document), jobs, ended)


def _number(name: str) -> int:
    number = as_id(name)
    if number is None:
        raise ValueError(name)
    return number
