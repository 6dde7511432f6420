"""A plan job as the orchestrator describes it, read tolerantly."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from jobevents_cli.model.job import TERMINAL_STATES, Job
from jobevents_cli.model.json_values import as_id, as_mapping, as_text

PENDING: Final = "pending"
"""The state of a plan job that has not started yet (since PE 2023.0)."""


class Plan(Job):
    """A plan job as `GET /plan_jobs/:job-id` describes it."""

    __slots__ = ()
    final_states: ClassVar[tuple[str, ...]] = ("success", "failure", "stopped")

    @property
    def plan_name(self) -> str:
        """The name of the plan, `deploy::rolling`."""
        return as_text(as_mapping(self.raw.get("options")).get("plan_name"))

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
        """What the plan returned, or the error it failed with: any JSON value. None if it is missing."""
        return self.raw.get("result")


def _latest(states: object) -> str:
    """The last of a job's *states*: each is a name, or an object that holds it."""
    last: object = states
    if isinstance(states, list):
        last = states[-1] if states else ""
    if isinstance(last, Mapping):
        last = last.get("state")
    return as_text(last)


def failed_targets(error: Mapping[str, Any]) -> list[str]:
    """The targets in a Bolt *error*, the result of a plan that failed, that did not succeed; each once."""
    return list(dict.fromkeys(_targets(as_mapping(error.get("details")))))


def _targets(details: Mapping[str, Any]) -> Iterator[str]:
    results = details.get("result_set")
    for result in results if isinstance(results, list) else ():
        if as_mapping(result).get("status") != "success" and (target := as_text(as_mapping(result).get("target"))):
            yield target
    # A block of parallel steps fails with the errors of each.
    errors = details.get("results")
    for error in errors if isinstance(errors, list) else ():
        nested = as_mapping(as_mapping(error).get("details"))
        if "result_set" in nested:
            yield from _targets({"result_set": nested["result_set"]})
