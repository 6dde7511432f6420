"""The command that runs the failed nodes, or the plan, again."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from jobevents_cli.model.job import Job
from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.model.node_result import is_noop, names_run
from jobevents_cli.model.plan import Plan
from jobevents_cli.render.escape import safe
from jobevents_cli.why.causes import CauseKind
from jobevents_cli.why.failures import FAILED_STATES, EndedNode

_CERTNAME: Final = re.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Again:
    """What `puppet job run` needs to run the *nodes* again, `puppet task run` with a *task*, or `puppet plan run`."""

    nodes: tuple[str, ...] = ()
    task: str = ""
    plan: str = ""
    environment: str = ""
    noop: bool = False
    has_parameters: bool = False


def again_for(job: Job | None, nodes: Iterable[EndedNode]) -> Again | None:
    """Return how to run those of *nodes* again that failed, errored or were skipped; None if nothing can.

    Without a *job* (saved events) it is a Puppet run if every result with one says so.
    """
    if isinstance(job, Plan):
        has_parameters = bool(as_mapping(as_mapping(job.raw.get("options")).get("parameters")))
        return Again(plan=job.plan_name, has_parameters=has_parameters)
    wanted = [node for node in nodes if node.state in FAILED_STATES or node.state == "skipped"]
    names = tuple(sorted({node.name for node in wanted}))
    if not names:
        return None
    if job is None:
        return _by_results(names, wanted)
    options = as_mapping(job.raw.get("options"))
    if job.type == "deploy":
        return Again(names, environment=job.environment, noop=is_noop(options.get("noop")))
    if job.type == "task" and job.task:
        has_parameters = bool(options.get("params") or options.get("parameters"))
        return Again(names, task=job.task, has_parameters=has_parameters)
    return None


def _by_results(names: tuple[str, ...], nodes: Sequence[EndedNode]) -> Again | None:
    runs = [node.detail for node in nodes if node.kind is CauseKind.RUN and names_run(node.detail)]
    if not runs or any(node.state == "failed" and node.kind is not CauseKind.RUN for node in nodes):
        return None
    environment = next((text for run in runs if (text := as_text(run.get("environment")))), "")
    return Again(names, environment=environment, noop=any(is_noop(run.get("noop")) for run in runs))


def again_command(again: Again) -> str:
    """Return the command, on one line and ready to paste; empty if there is none.

    Names are made by others. Each is quoted for the shell. Left out is what puppet would not take for a name: it
    separates names at commas, and reads a file where one begins with `@`.
    """
    texts = (again.environment, again.task, again.plan)
    if not all(_is_name(text) for text in texts if text):
        return ""
    if again.plan:
        return f"puppet plan run {_quoted(again.plan)}" + (
            " # add the plan's parameters" if again.has_parameters else ""
        )
    names = [name for name in again.nodes if "," not in name and _is_name(name)]
    left_out = len(again.nodes) - len(names)
    if not names:
        return ""
    command = f"puppet task run {_quoted(again.task)}" if again.task else "puppet job run"
    command += f" --nodes {','.join(_quoted(name) for name in names)}"
    if again.environment and not again.task:
        command += f" --environment {_quoted(again.environment)}"
    if again.noop:
        command += " --noop"
    notes = ["add the task's parameters"] if again.has_parameters else []
    notes += (
        [f"without {left_out} {'node' if left_out == 1 else 'nodes'} whose name puppet cannot take"] if left_out else []
    )
    return f"{command} # {'; '.join(notes)}" if notes else command


def _is_name(text: str) -> bool:
    return text != "" and text.isprintable() and safe(text) == text and not text.startswith(("-", "@"))


def _quoted(text: str) -> str:
    return text if _CERTNAME.fullmatch(text) else "'" + text.replace("'", "'\"'\"'") + "'"
