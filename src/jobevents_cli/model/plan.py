"""A plan job as the orchestrator describes it, read tolerantly."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, NamedTuple

from jobevents_cli.model.job import TERMINAL_STATES, Job
from jobevents_cli.model.json_text import members_of, parsed
from jobevents_cli.model.json_values import as_id, as_mapping, as_text

PENDING: Final = "pending"
"""The state of a plan job that has not started yet (since PE 2023.0)."""

PLAN_STATES: Final = (PENDING, "running", "success", "failure", "stopped")
"""The states that a plan job can have."""

_DEEPEST: Final = 10
"""How deep errors may contain others."""


class Plan(Job):
    """A plan job as `GET /plan_jobs/:job-id` describes it."""

    __slots__ = ()
    final_states: ClassVar[tuple[str, ...]] = ("success", "failure", "stopped")

    @property
    def plan_name(self) -> str:
        """The name of the plan, `deploy::rolling`."""
        return as_text(as_mapping(self.raw.get("options")).get("plan_name"))

    @property
    def target(self) -> str:
        """What it runs: the plan's name."""
        return self.plan_name

    @property
    def environment(self) -> str:
        """The Puppet environment, which the plan's options name."""
        return super().environment or as_text(as_mapping(self.raw.get("options")).get("environment"))

    @property
    def type(self) -> str:
        """What kind of job it is."""
        return "plan"

    @property
    def child_states(self) -> dict[int, str]:
        """The jobs that the plan started so far, by number, each with its latest state (empty if unknown)."""
        numbers = {as_id(name): _latest(states) for name, states in as_mapping(self.raw.get("status")).items()}
        return {number: state for number, state in numbers.items() if number is not None}

    @property
    def has_running_jobs(self) -> bool:
        """Whether one of the plan's jobs has not ended, judging by `status`."""
        return any(state not in TERMINAL_STATES for state in self.child_states.values())

    @property
    def result(self) -> Any:
        """What the plan returned, or the error it failed with: any JSON value. None if it is missing.

        A large one is not in `raw`: it is parsed when it is asked for.
        """
        if "result" in self.raw:
            return self.raw["result"]
        result = members_of(self.text).get("result")
        return None if result is None else parsed(result)


def _latest(states: object) -> str:
    """The last of a job's *states*: each is a name, or an object that holds it."""
    last: object = states
    if isinstance(states, list):
        last = states[-1] if states else ""
    if isinstance(last, Mapping):
        last = last.get("state")
    return as_text(last)


class TargetResult(NamedTuple):
    """What an action of a plan (`task`, `apply`) did on one target. *value* is what a node's result is."""

    target: str
    action: str
    value: Any
    has_failed: bool


def failed_targets(error: object) -> list[str]:
    """The targets in a Bolt *error*, the result of a plan that failed, that did not succeed; each once."""
    return list(dict.fromkeys(result.target for result in target_results(error) if result.has_failed))


def target_results(error: object) -> Iterator[TargetResult]:
    """Yield each target in the result sets of a Bolt *error*, in nested ones too.

    Shapes: Bolt's `result.rb` and `error.rb`; before Bolt 2 the keys were `node` and `result`. A block of parallel
    steps fails with the error, or the value, of each step under `results`.
    """
    for each in step_errors(error):
        results = as_mapping(each.get("details")).get("result_set")
        for result in map(as_mapping, results if isinstance(results, list) else ()):
            if target := as_text(result.get("target")) or as_text(result.get("node")):
                value = result["value"] if "value" in result else result.get("result")
                yield TargetResult(target, as_text(result.get("action")), value, result.get("status") != "success")


def step_errors(error: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield a Bolt *error*, or those of the parallel steps and inner plans that it consists of."""
    details = as_mapping(as_mapping(error).get("details"))
    inner = details.get("results")
    errors = [each for each in inner if _is_error(as_mapping(each))] if isinstance(inner, list) else []
    if not errors or depth > _DEEPEST:
        yield as_mapping(error)
        return
    for each in errors:
        yield from step_errors(each, depth + 1)


def _is_error(value: Mapping[str, Any]) -> bool:
    """Whether *value* is an error, and not what a step returned."""
    return ("msg" in value and "kind" in value) or not {"result_set", "results"}.isdisjoint(
        as_mapping(value.get("details"))
    )
