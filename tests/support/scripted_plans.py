"""Plan jobs for tests: their events are written as words, as those of jobs are."""

from typing import Any

from jobevents_cli.demo.scripted_jobs import ScriptedJob, ScriptedPlan, written
from support.misbehaving import LONG_AGO

PLAN = 12


def plan(
    *words: str, number: int = PLAN, jobs: tuple[ScriptedJob, ...] = (), state: str = "success", result: Any = None
) -> ScriptedPlan:
    """A plan with one event per word, ids from 1 on: `task:14` starts a job, `say:hello`, `plan:finished`."""
    scripted = ScriptedPlan(number, "app::deploy", LONG_AGO, jobs, final_state=state, result=result)
    for word in words:
        publish_plan(scripted, word)
    return scripted


def publish_plan(scripted: ScriptedPlan, word: str, *, second: int | None = None) -> None:
    """Make one more event visible, now; its timestamp is *second* seconds after the plan's start."""
    what, _, value = word.partition(":")
    number = len(scripted.timeline) + 1
    details: dict[str, Any]
    if what == "task":
        # Both forms occur, even in one response.
        kind, details = "task_start", {"job-id": int(value) if number % 2 else value}
    elif what == "say":
        kind, details = "out_message", {"message": value}
    else:
        kind, details = f"plan_{value}", {"plan-id": str(scripted.number), "result": scripted.result}
    at = LONG_AGO + (number if second is None else second)
    event = {"type": kind, "timestamp": written(at), "details": details, "id": str(number)}
    scripted.timeline.append((at, event))
